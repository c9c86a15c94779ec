"""The data plane over HTTPS: one GET for each probe. It runs on asyncio, because aiohttp does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from botocore.exceptions import ProxyConnectionError
from yarl import URL

from batchgw.control_plane.aws.connections import proxy_for, send_once
from batchgw.control_plane.aws.credentials.settings import configured_ca_bundle, open_session
from batchgw.control_plane.aws.tls import tls_context
from batchgw.control_plane.aws.transport import cause_in_words, tls_failure
from batchgw.control_plane.data_plane import addresses
from batchgw.control_plane.data_plane.probe import LONGEST_BODY, ProbeAnswer, ProbeRequest
from batchgw.errors import ProbeFailed
from batchgw.version import VERSION

USER_AGENT: Final = f"batchgw/{VERSION} (probe)"
"""How the access log of a stage shows a probe."""

TIMEOUT: Final = 10.0
"""Seconds of a whole probe. A gateway response, which needs no backend, takes a tenth of one."""

MOST_CONNECTIONS: Final = 64
"""Probes at once. Each has a connection of its own, since nearly each has a host of its own."""

_NO_ANSWER = (aiohttp.ClientError, OSError, aiohttp.http.HttpProcessingError, ProxyConnectionError)


@asynccontextmanager
async def open_data_plane(
    *,
    url: str | None = None,
    profile: str | None = None,
    ca_bundle: str | None = None,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - of each probe, not of this
) -> AsyncIterator[HttpsDataPlane]:
    """Open the data plane of AWS, or of what a template leads to.

    Args:
        url: a template of addresses, see `addresses.FIELDS`; None for AWS.
        profile: the AWS profile, which may name a CA bundle.
        ca_bundle: a file of PEM certificates, trusted in place of the usual authorities. Without one that of
            AWS_CA_BUNDLE or of the profile counts, as for the control plane.
        timeout: seconds of a whole probe.

    Raises UsageError for a template or a file that cannot be used.
    """
    template = addresses.AWS if url is None else addresses.checked(url)
    tls = tls_context(ca_bundle or configured_ca_bundle(open_session(profile)))
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS, ssl=tls, force_close=True),
        timeout=aiohttp.ClientTimeout(total=timeout),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        auto_decompress=False,
        middlewares=(send_once,),
    ) as session:
        yield HttpsDataPlane(session, template, timeout)


class HttpsDataPlane:
    """Answers probes by asking a deployed API. Made by `open_data_plane`."""

    def __init__(self, session: aiohttp.ClientSession, template: str, timeout: float) -> None:
        self._session = session
        self._template = template
        self._timeout = timeout

    async def get(self, request: ProbeRequest) -> ProbeAnswer:
        """Make one GET, whose redirection is not followed. Raises ProbeFailed where no answer came."""
        url = URL(addresses.url_of(self._template, request), encoded=True)
        try:
            asked = self._session.get(url, proxy=proxy_for(url), allow_redirects=False)
            async with asked as response:
                body = await _beginning(response.content)
        except (
            aiohttp.ClientError,
            OSError,
            aiohttp.http.HttpProcessingError,
            ProxyConnectionError,
        ) as error:
            raise _failure(error, url, self._timeout) from error
        headers: dict[str, str] = {}
        for name, value in response.headers.items():
            before = headers.get(name.lower())
            headers[name.lower()] = value if before is None else f"{before}, {value}"
        return ProbeAnswer(status=response.status, headers=headers, body=body.decode(errors="replace"))


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """Read a body up to `LONGEST_BODY`. The rest is left, and its connection is closed."""
    parts: list[bytes] = []
    room = LONGEST_BODY
    while room and (part := await content.read(room)):
        parts.append(part)
        room -= len(part)
    return b"".join(parts)


def _failure(error: Exception, url: URL, seconds: float) -> ProbeFailed:  # noqa: PLR0911 - one a cause
    """Make the error of a probe without an answer. The order goes from the special to the general."""
    where = f"{url.scheme}://{url.host}" + ("" if url.is_default_port() else f":{url.port}")
    match error:
        case ProxyConnectionError():
            return ProbeFailed(str(error.kwargs.get("error")), code="ProxyUnusable")
        case aiohttp.ClientSSLError():
            why = (
                f"{tls_failure(error)}. If a proxy stands there, name its authority with --ca-bundle or "
                "AWS_CA_BUNDLE; otherwise somebody else answers under this name."
            )
            return _not_connected(where, why, "TlsRefused")
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            why = f"the proxy refuses: {cause_in_words(error)}. Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
            return _not_connected(where, why, "ProxyUnusable")
        case aiohttp.ClientConnectorDNSError():
            why = (
                f"its name cannot be resolved ({cause_in_words(error)}). Check DNS and the network, and "
                "whether the API still exists. For an emulator give --data-plane-url."
            )
            return _not_connected(where, why, "NameUnresolved")
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            why = f"connection refused. Check that a server listens there, and {addresses.SOURCE}."
            return _not_connected(where, why, "ConnectionRefused")
        case aiohttp.ClientConnectorError() | aiohttp.InvalidURL():
            why = f"{cause_in_words(error)}. Check the network, the proxy, and {addresses.SOURCE}."
            return _not_connected(where, why, "NotConnected")
        case TimeoutError():
            why = f"no answer from {where} within {seconds:g} s. Check the network and the proxy."
            return ProbeFailed(why, code="TimedOut")
        case _:
            why = f"the connection to {where} broke before the answer was whole ({cause_in_words(error)})."
            return ProbeFailed(why, code="ConnectionCut")


def _not_connected(where: str, why: str, code: str) -> ProbeFailed:
    return ProbeFailed(f"cannot connect to {where}: {why}", code=code)
