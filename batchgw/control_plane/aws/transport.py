"""What it means when there is no answer: botocore's exceptions to ours. Pure."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.exceptions import ConnectionError as HTTPConnectionError

from batchgw.control_plane.aws.addresses import leads_to_aws
from batchgw.errors import (
    BadRequest,
    CallError,
    ConnectionCut,
    ConnectionFailed,
    ScopeError,
    UsageError,
)


def is_transport(error: BotoCoreError) -> bool:
    """Tell whether the error is about the way to a server, not about configuration."""
    return isinstance(error, HTTPClientError | HTTPConnectionError)


def transport_error(error: BotoCoreError) -> CallError:
    """Make the error for a call that got no answer, or was never sent."""
    code = type(error).__name__
    match error:
        case ProxyConnectionError() if isinstance(cause := error.kwargs.get("error"), UsageError):
            return ScopeError(str(cause), code="ProxyUnusable")
        case ProxyConnectionError() | SSLError() | ConnectTimeoutError() | EndpointConnectionError():
            endpoint = _address(str(error.kwargs.get("proxy_url") or "")) or _endpoint(error)
            return ConnectionFailed(_not_connected(error), code=code, endpoint=endpoint)
        case ReadTimeoutError() if "seconds" in error.kwargs:
            return ConnectionCut(
                f"the answer from {_endpoint(error)} was not whole after {error.kwargs['seconds']:g} s. "
                "AWS's takes less than one. Whether the call was made is unknown. Check --endpoint-url / "
                "AWS_ENDPOINT_URL, and the proxy.",
                code=code,
            )
        case ReadTimeoutError():
            return ConnectionCut(
                f"no answer from {_endpoint(error)} within the read timeout: whether the call was made is "
                "unknown.",
                code=code,
            )
        case HTTPClientError():
            return ConnectionCut(
                f"the connection to {_endpoint(error)} broke before its answer was whole ({_cause(error)}). "
                "Whether the call was made is unknown.",
                code=code,
            )
        case _:
            return BadRequest(f"the request cannot be sent: {error}", code=code)


def unresolved_host(error: BotoCoreError) -> str | None:
    """Give the host if the error is that its name does not resolve."""
    cause = error.kwargs.get("error")
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return cause.host
    return None


def _endpoint(error: BotoCoreError) -> str:
    return _address(str(error.kwargs.get("endpoint_url", ""))) or "://"


def _address(url: str) -> str:
    """Give scheme, host and port: a path would show ids, a query perhaps a token. Of no URL, nothing."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if url else ""


def _cause(error: BotoCoreError) -> str:
    return cause_in_words(error.kwargs.get("error"))


def cause_in_words(cause: object) -> str:
    """Tell in a few words why there is no answer; aiohttp's own sentences repeat host and class."""
    match cause:
        case aiohttp.ClientConnectorError():
            return _plain(cause.os_error)
        case aiohttp.ConnectionTimeoutError():
            return "it did not answer in time"
        case aiohttp.ServerDisconnectedError():
            return "the server closed it"
        case aiohttp.ClientHttpProxyError():
            return f"it answered {cause.status} {cause.message}"
        case BaseException():
            return _plain(cause.__cause__ or cause)
        case _:
            return "unknown cause"


def _plain(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        # asyncio's own text repeats the address: "Connect call failed ('127.0.0.1', 80)"
        return str(error.strerror) if isinstance(error, socket.gaierror) else _errno_text(error)
    return str(error) or type(error).__name__


def _errno_text(error: OSError) -> str:
    known: dict[type[OSError], str] = {
        ConnectionRefusedError: "connection refused",
        ConnectionResetError: "connection reset",
        BrokenPipeError: "broken pipe",
    }
    return known.get(type(error), str(error.strerror))


def _not_connected(error: BotoCoreError) -> str:
    where = _endpoint(error)
    match error:
        case ProxyConnectionError():
            return (
                f"cannot connect through the proxy {error.kwargs['proxy_url']}: {_cause(error)}. "
                "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
            )
        case SSLError():
            return _tls_refused(error)
        case _:
            return f"cannot connect to {where}: {_cause(error)}. {_where_to_look(where)}"


def _tls_refused(error: SSLError) -> str:
    why = tls_failure(error.kwargs.get("error"))
    return (
        f"cannot connect to {_endpoint(error)}: {why}. If a proxy or a private endpoint stands there, name "
        "its authority with AWS_CA_BUNDLE; otherwise somebody else answers under this name."
    )


def tls_failure(cause: object) -> str:
    """Tell in a few words why TLS failed."""
    verification = getattr(cause, "certificate_error", None)
    if isinstance(verification, ssl.SSLCertVerificationError):
        return f"its TLS certificate is refused ({verification.verify_message})"
    return f"TLS failed ({cause_in_words(cause)})"


def _where_to_look(endpoint: str) -> str:
    if "-fips." in endpoint:
        return (
            "Not every region has FIPS endpoints, and STS has them in few: name one first that has them, "
            "or unset AWS_USE_FIPS_ENDPOINT (use_fips_endpoint of the profile). Else check network and proxy."
        )
    if leads_to_aws(endpoint):
        return "Check the network, the proxy settings, and the region's name."
    return "Check --endpoint-url / AWS_ENDPOINT_URL, and that a server listens there."
