"""AWS Signature Version 4, byte for byte as botocore makes it, in a tenth of its time. Pure: told the time.

What saves the time: the signing key, four of the five HMACs, depends on the day and not on the request, so it
is kept, with the credentials it is of; and the canonical request is put together once, from plain strings.
"""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from urllib.parse import SplitResult, quote

from botocore.utils import normalize_url_path

from batchgw.control_plane.aws.keys import Keys

KEPT_KEYS = 256
"""Signing keys kept with one set of credentials, 200 bytes each: one per region, service and day."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


def timestamp(now: float) -> str:
    """Write seconds since the epoch as the signature wants them: 20261102T101500Z."""
    return _second(math.floor(now))


@lru_cache(maxsize=8)  # many calls are signed in the same second
def _second(now: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))


def authorization(
    keys: Keys,
    *,
    method: str,
    path: str,
    query: str,
    headers: Sequence[tuple[str, str]],
    body: bytes | None,
    at: str,
    region: str,
    service: str,
) -> str:
    """Give the Authorization header of a request.

    Args:
        keys: who signs.
        method: in capitals.
        path: canonical (`canonical_path`).
        query: canonical (`canonical_query`).
        headers: those to sign: names in small letters and sorted, values trimmed (`trimmed`).
        body: what is sent, if anything is.
        at: the `timestamp`, which X-Amz-Date tells too.
        region: where the request goes.
        service: the service's signing name.
    """
    names = ";".join([name for name, _ in headers])
    lines = "".join([f"{name}:{value}\n" for name, value in headers])
    request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{sha256(body or b'').hexdigest()}"
    scope = f"{at[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = keys.signing_keys.get(scope) or signing_key(keys, scope)
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return (
        f"AWS4-HMAC-SHA256 Credential={keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )


def signing_key(keys: Keys, scope: str) -> bytes:
    """Derive the key that signs the requests of a scope: DAY/REGION/SERVICE/aws4_request. It is kept."""
    if len(keys.signing_keys) >= KEPT_KEYS:  # most of them are of past days
        keys.signing_keys.clear()
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    keys.signing_keys[scope] = key
    return key


def canonical_path(path: str) -> str:
    """Quote a path once more and take dot segments and double slashes out, as every service but S3 does."""
    return quote(normalize_url_path(path), safe="/~")


def canonical_query(query: str) -> str:
    """Sort the parameters of an encoded query by name, then by value."""
    if not query:
        return ""
    pairs = sorted((name, value) for name, _, value in (pair.partition("=") for pair in query.split("&")))
    return "&".join([f"{name}={value}" for name, value in pairs])


def trimmed(value: str) -> str:
    """Take needless space out of a header's value."""
    return " ".join(value.split())


def host_of(url: SplitResult) -> str:
    """Give the Host header of a URL: without a user, and without the default port."""
    host = url.hostname or ""
    if ":" in host:  # IPv6
        host = f"[{host}]"
    if url.port is None or url.port == _DEFAULT_PORTS.get(url.scheme):
        return host
    return f"{host}:{url.port}"
