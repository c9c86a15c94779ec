"""Authenticates callers: the access key decides the account, and the signature is recomputed.

The check uses botocore's own signer on the headers that the client signed, so every AWS client passes it.
This module has no clock, and it does not know how errors are written on the wire.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from functools import lru_cache

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from batchgw.simulator.operations.service import SERVICES
from batchgw.simulator.over_http.call import HttpCall
from batchgw.simulator.services import GLOBAL_REGION
from batchgw.simulator.world.keys import Key, KeyRing

CLOCK_SKEW = 300.0
"""Seconds a signature's date may be off the server's (IAM user guide, signing requests: five minutes)."""

_GLOBAL_SERVICES = frozenset(service.signed_as for service in SERVICES if service.has_global_endpoint)
_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_ALGORITHM = "AWS4-HMAC-SHA256"
_ACCOUNT = re.compile(r"\d{12}")
_UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"


class AuthFailure(Enum):
    """Why authentication fails. Each wire protocol has its own error code for each reason."""

    NOT_SIGNED = auto()
    INCOMPLETE = auto()
    UNKNOWN_KEY = auto()
    EXPIRED = auto()
    WRONG_SIGNATURE = auto()


class NotAuthenticated(Exception):
    """Authentication failed. `message` is the service's."""

    def __init__(self, failure: AuthFailure, message: str) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """An Authorization header, taken apart. `day` is the credential scope's date, YYYYMMDD."""

    key_id: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @classmethod
    def parse(cls, header: str) -> Authorization:
        """Read the header. Raises NotAuthenticated when a part of it is missing."""
        algorithm, _, rest = header.strip().partition(" ")
        if algorithm != _ALGORITHM:
            raise NotAuthenticated(AuthFailure.INCOMPLETE, f"Unsupported signature algorithm '{algorithm}'.")
        parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        scope = parts.get("Credential", "").rsplit("/", 4)
        missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
        if missing or len(scope) != 5 or scope[4] != "aws4_request":  # noqa: PLR2004 - key/day/region/service/end
            wanted = f"Authorization header requires {missing or 'a whole credential scope'}."
            raise NotAuthenticated(AuthFailure.INCOMPLETE, f"{wanted} Authorization={algorithm} ...")
        return cls(
            key_id=scope[0],
            day=scope[1],
            region=scope[2],
            service=scope[3],
            signed_headers=tuple(parts["SignedHeaders"].split(";")),
            signature=parts["Signature"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated caller, and the region of the call."""

    key: Key
    region: str

    @property
    def account(self) -> str:
        """Whose credentials signed."""
        return self.key.account


class Authenticator:
    """Tells who is calling, or why that cannot be said."""

    def __init__(
        self, keys: KeyRing, accounts: Sequence[str], regions: Sequence[str], *, check: bool
    ) -> None:
        """Without `check` any key passes: 12 digits name the account, any other key means the first."""
        self._keys = keys
        self._accounts = tuple(accounts)
        self._regions = tuple(regions)
        self._check = check

    def admit(self, call: HttpCall, authorization: Authorization | None, now: float) -> Caller:
        """Tell who is calling. Raises NotAuthenticated. `now` is seconds since the epoch."""
        if authorization is None:
            return self._admit_unsigned()
        key = self._verified(call, authorization, now) if self._check else self._named(authorization.key_id)
        self._require_region(authorization)
        return Caller(key=key, region=authorization.region)

    def _admit_unsigned(self) -> Caller:
        if self._check:
            raise NotAuthenticated(AuthFailure.NOT_SIGNED, "Missing Authentication Token")
        return Caller(key=self._keys.long_term(self._accounts[0]), region=self._regions[0])

    def _require_region(self, authorization: Authorization) -> None:
        region, service = authorization.region, authorization.service
        if region in self._regions or (service in _GLOBAL_SERVICES and region == GLOBAL_REGION):
            return
        raise _unknown_token()  # what a region that is not enabled for the account answers

    def _named(self, key_id: str) -> Key:
        """Give the key that is meant when signatures are not checked."""
        issued = self._keys.find(key_id)
        if issued is not None:
            return issued
        if not _ACCOUNT.fullmatch(key_id):
            return self._keys.long_term(self._accounts[0])
        if key_id not in self._accounts:
            raise _unknown_token()
        return self._keys.long_term(key_id)

    def _verified(self, call: HttpCall, authorization: Authorization, now: float) -> Key:
        key = self._keys.find(authorization.key_id)
        if key is None or key.session_token != call.headers.get("X-Amz-Security-Token"):
            raise _unknown_token()
        if key.expires is not None and key.expires <= now:
            raise NotAuthenticated(
                AuthFailure.EXPIRED, "The security token included in the request is expired"
            )
        timestamp = _timestamp(call.headers)
        _require_fresh(timestamp, authorization.day, now)
        if not _is_signed(call, authorization, key.secret_access_key, timestamp):
            raise _wrong_signature()
        return key


def _is_signed(call: HttpCall, authorization: Authorization, secret: str, timestamp: str) -> bool:
    """Compare signatures. None is right for a request that no client can have signed (a bad host)."""
    try:
        expected = sign(call, authorization, secret, timestamp).encode()
        return hmac.compare_digest(expected, authorization.signature.encode())
    except (ValueError, AttributeError):  # the latter from botocore, for a header that is not text
        return False


def sign(call: HttpCall, authorization: Authorization, secret: str, timestamp: str) -> str:
    """Compute the signature a holder of `secret` would give this call, over the headers the client signed."""
    url = f"{'https' if call.secure else 'http'}://{call.headers.get('Host', '')}{call.target}"
    headers = {name: call.headers[name] for name in authorization.signed_headers if name in call.headers}
    digest = call.headers.get("X-Amz-Content-SHA256")
    if digest is not None:
        headers["X-Amz-Content-SHA256"] = _trusted_digest(digest, call)
    request = AWSRequest(method=call.method, url=url, headers=headers, data=call.body)
    request.context["timestamp"] = timestamp
    signer = SigV4Auth(Credentials(authorization.key_id, secret), authorization.service, authorization.region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    key = _signing_key(secret, timestamp[:8], authorization.region, authorization.service)
    return hmac.digest(key, text.encode(), "sha256").hex()


@lru_cache(maxsize=4096)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """Derive the key of a day in a region (IAM user guide, signing requests); it is the same all day."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _trusted_digest(digest: str, call: HttpCall) -> str:
    """Return the body's digest as the client stated it, once the body is known to match."""
    if digest == _UNSIGNED_PAYLOAD and call.secure:
        return digest
    if digest != hashlib.sha256(call.body).hexdigest():
        raise _wrong_signature()
    return digest


def _timestamp(headers: Mapping[str, str]) -> str:
    stated = headers.get("X-Amz-Date")
    if stated is None:
        wanted = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        raise NotAuthenticated(AuthFailure.INCOMPLETE, wanted)
    return stated


def _require_fresh(timestamp: str, day: str, now: float) -> None:
    try:
        signed = _epoch(timestamp)
    except ValueError:
        shape = f"Date must be in ISO-8601 'basic format'. Got '{timestamp}'."
        raise NotAuthenticated(AuthFailure.INCOMPLETE, shape) from None
    if timestamp[:8] != day:
        mismatch = f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: '{day}'"
        raise NotAuthenticated(AuthFailure.WRONG_SIGNATURE, f"{mismatch} != '{timestamp[:8]}'.")
    if abs(now - signed) <= CLOCK_SKEW:
        return
    server = datetime.fromtimestamp(now, UTC).strftime(_TIMESTAMP)
    verdict = "expired" if signed < now else "not yet current"
    raise NotAuthenticated(
        AuthFailure.WRONG_SIGNATURE,
        f"Signature {verdict}: {timestamp} is more than {CLOCK_SKEW / 60:.0f} min. from {server}",
    )


@lru_cache(maxsize=1024)
def _epoch(timestamp: str) -> float:
    """Read a signature's date. Calls of one second share it. Raises ValueError."""
    return datetime.strptime(timestamp, _TIMESTAMP).replace(tzinfo=UTC).timestamp()


def _unknown_token() -> NotAuthenticated:
    return NotAuthenticated(AuthFailure.UNKNOWN_KEY, "The security token included in the request is invalid.")


def _wrong_signature() -> NotAuthenticated:
    return NotAuthenticated(
        AuthFailure.WRONG_SIGNATURE,
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    )
