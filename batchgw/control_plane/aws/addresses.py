"""Addresses that users give, of endpoints and of proxies: what can be used, and what is never shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from batchgw.errors import UsageError
from batchgw.redaction import bare_url

_OF_AWS = (
    ".amazonaws.com",
    ".api.aws",
    ".amazonaws.com.cn",
    ".api.amazonwebservices.com.cn",
    ".amazonaws.eu",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".api.aws.ic.gov",
    ".sc2s.sgov.gov",
    ".api.aws.scloud",
    ".cloud.adc-e.uk",
    ".api.cloud-aws.adc-e.uk",
    ".csp.hci.ic.gov",
    ".api.aws.hci.ic.gov",
)
"""Hosts that lead to AWS itself: regional, FIPS, dual-stack, or a VPC endpoint. Two for each partition."""


def leads_to_aws(url: str) -> bool:
    """Tell whether a URL is one of AWS's own."""
    return (urlsplit(url).hostname or "").rstrip(".").endswith(_OF_AWS)


def check_endpoint_url(url: str, source: str) -> None:
    """Raise UsageError for what is no address of a server, and for one that carries a secret.

    `source` says where it is written. What may be a secret is not shown.
    """
    if _server(url) is None:
        hidden = "@" in url or "?" in url
        shown = "it is not shown, for there may be a password in it" if hidden else repr(url)
        raise UsageError(
            f"not an endpoint URL in {source}: {shown}. Give scheme and host, as in http://127.0.0.1:4566"
        )
    bare = bare_url(url)
    if bare == url:
        return
    if "@" in urlsplit(url).netloc:
        why = "a user or a password. They cannot be sent: a call to AWS carries its signature in that place"
    else:
        why = "a query or a fragment (after ? or #). No call to AWS is sent with it"
    raise UsageError(f"the endpoint URL {bare} was given with {why}. Leave that out of {source}.")


def check_proxy(address: str, variable: str) -> None:
    """Raise UsageError for an address that is no HTTP proxy's. `variable` is where it comes from."""
    url = address if "://" in address else f"http://{address}"
    scheme = url.partition("://")[0]
    if scheme.startswith("socks"):
        raise UsageError(
            f"{variable} names a SOCKS proxy ({scheme}://), which batchgw cannot use: give the address of an "
            "HTTP proxy (http://HOST:PORT)."
        )
    parts = _server(url)
    if parts is None or parts.netloc.endswith(":") or re.search(r"\s", address):
        shown = "it is not shown, for there may be a password in it" if "@" in address else repr(address)
        raise UsageError(
            f"{variable} is not the address of a proxy: {shown}. Write http://HOST:PORT, or unset it; "
            "NO_PROXY names hosts that are reached without one."
        )


def proxy_variable(scheme: str, environment: Mapping[str, str]) -> str:
    """Name the variable that a scheme's proxy comes from: small letters win, as everywhere."""
    small = f"{scheme}_proxy"
    return small if environment.get(small) else small.upper()


def _server(url: str) -> SplitResult | None:
    """Take apart the URL of a server; None if it is none."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, half of an IPv6 address
        return None
    return parts if fits and not re.search(r"\s", url) else None
