"""`signing` as a signature version of botocore's, by its public table of signers."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import AUTH_TYPE_MAPS, BaseSigner, SigV4Auth
from botocore.exceptions import NoCredentialsError

from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.signing import (
    authorization,
    canonical_path,
    canonical_query,
    host_of,
    timestamp,
    trimmed,
)

SIGNATURE_VERSION = "batchgw-v4"
"""What a client's configuration says to be signed by this class."""

_UNSIGNED = frozenset({"expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"})
"""Headers that are left out of signatures, as by botocore: what carries them may change them."""

_ANOTHER_WAY = frozenset(
    {"authorization", "date", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"}
)
"""Headers that change how a request is signed, or are of an earlier attempt. Nothing of ours has them."""


class LeanSigV4Auth(BaseSigner):  # type: ignore[misc, unused-ignore] # untyped where no stubs are installed
    """Signs plain requests by `signing`, and leaves whatever is not plain to botocore's own signer."""

    REQUIRES_REGION = True

    clock = staticmethod(time.time)
    """Seconds since the epoch."""

    def __init__(self, credentials: Any, service_name: str, region_name: str) -> None:
        """Take what botocore gives: frozen credentials, the signing name and the region."""
        self.credentials = credentials
        self._service = service_name
        self._region = region_name

    def add_auth(self, request: Any) -> None:
        """Sign a request, now."""
        if self.credentials is None:
            raise NoCredentialsError
        headers = [(name.lower(), value) for name, value in request.headers.items()]
        if _is_plain(request, headers):
            self._sign(request, headers)
        else:
            SigV4Auth(self.credentials, self._service, self._region).add_auth(request)

    def _sign(self, request: Any, headers: list[tuple[str, str]]) -> None:
        at, url, token = timestamp(self.clock()), urlsplit(request.url), self.credentials.token
        signed = {name: trimmed(value) for name, value in headers if name not in _UNSIGNED}
        signed.setdefault("host", host_of(url))
        signed["x-amz-date"] = at
        if token:
            signed["x-amz-security-token"] = trimmed(token)
        request.headers["X-Amz-Date"] = at
        if token:
            request.headers["X-Amz-Security-Token"] = token
        request.headers["Authorization"] = authorization(
            _keys(self.credentials),
            method=request.method.upper(),
            path=canonical_path(url.path),
            query=canonical_query(url.query),
            headers=sorted(signed.items()),
            body=request.data,
            at=at,
            region=self._region,
            service=self._service,
        )


def _keys(credentials: Any) -> Keys:
    """Give credentials in the form that keeps its signing keys. Of foreign ones only the last are kept."""
    if isinstance(credentials, Keys):
        return credentials
    return _last_of_others(credentials.access_key, credentials.secret_key, credentials.token)


@lru_cache(maxsize=1)
def _last_of_others(access_key: str, secret_key: str, token: str | None) -> Keys:
    return Keys(access_key=access_key, secret_key=secret_key, token=token)


def _is_plain(request: Any, headers: list[tuple[str, str]]) -> bool:
    """Tell whether a request is as ours are: bytes or nothing as body, everything else in URL and headers."""
    names = {name for name, _ in headers}
    return (
        isinstance(request.data, bytes)
        and not request.params
        and len(names) == len(headers)
        and names.isdisjoint(_ANOTHER_WAY)
        and all(isinstance(value, str) for _, value in headers)
        and request.context.get("payload_signing_enabled", True)
        and not request.context.get("checksum")
    )


AUTH_TYPE_MAPS.setdefault(SIGNATURE_VERSION, LeanSigV4Auth)
