"""How requests leave: one pool of connections for every client, with TLS host names checked.

botocore asks its client configuration for a class and makes one HTTP session of it per client. The class
given here hands all requests to one aiohttp session, so connections, TLS context and memory are shared.
What goes wrong on the way is told apart by one question, because journal and retries hang on it:
**may the service have seen the request?**
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiobotocore.awsrequest import AioAWSResponse
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import mask_proxy_url
from botocore.utils import get_environ_proxies
from yarl import URL

from batchgw.control_plane.aws.addresses import check_proxy, proxy_variable
from batchgw.control_plane.aws.client import FIRST_ERROR_STATUS
from batchgw.errors import AnswerTooLarge, UsageError

CALL_TIMEOUT = 60.0
"""Seconds of a whole call, because an answer may come byte by byte for ever. AWS's takes less than one."""

KEEP_ALIVE = 12.0
"""Seconds an idle connection is kept: aiobotocore's value, well below what the service keeps."""


LARGEST_ANSWER = 16 * 2**20
"""Bytes of an answer. The largest that AWS can give is about 7 MB: 21 gateway responses with a template of
300 KB each (quotas), and a page of 500 REST APIs has 1 MB."""

_TYPE = "Content-Type"

_Answer: Any = AioAWSResponse  # awaitable content, which type stubs for botocore do not know


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, read to its end."""

    status_code: int
    raw_headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        """All of them, with their names in small letters."""
        return _headers(self.raw_headers)

    def header(self, name: bytes) -> str | None:
        """One of them, by its name in small letters."""
        for each, value in self.raw_headers:
            if each.lower() == name:
                return value.decode("latin-1")
        return None

    async def read(self) -> bytes:
        """Give the body, where botocore reads it from a stream."""
        return self.body


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> Mapping[str, str]:
    return {name.decode().lower(): value.decode("latin-1") for name, value in raw}


class _Bounded:
    """The content of a streamed answer, with an end. It has what aiobotocore's StreamingBody asks for."""

    def __init__(self, content: aiohttp.StreamReader, where: str) -> None:
        self._content = content
        self._where = where
        self._room = LARGEST_ANSWER

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or to the end. Raises AnswerTooLarge."""
        if size >= 0:
            return self._counted(await self._content.read(size))
        parts = []
        while part := await self._content.readany():
            parts.append(self._counted(part))
        return b"".join(parts)

    def _counted(self, part: bytes) -> bytes:
        self._room -= len(part)
        if self._room < 0:
            raise _too_large(self._where)
        return part


def _too_large(where: str) -> AnswerTooLarge:
    url = URL(where, encoded=True)
    return AnswerTooLarge(
        f"the answer of {url.scheme}://{url.host} is longer than {LARGEST_ANSWER // 2**20} MiB, as none "
        "of AWS's is: it was not read to its end. Check --endpoint-url / AWS_ENDPOINT_URL, and the proxy."
    )


class _CutOff(aiohttp.ClientError):
    """The connection broke after the request had been sent. `__cause__` tells how."""


async def send_once(
    request: aiohttp.ClientRequest,
    handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request by itself.

    It resends a PUT or DELETE when a kept connection breaks, past the limiter and without saying so. It does
    so on two errors only, so they are given another type.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise  # nothing was sent, and aiohttp does not repeat these
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _CutOff(str(error)) from error


class _Connector(aiohttp.TCPConnector):
    """Keeps connections, but drops one on which an answer has come that nobody asked for.

    It would pass for that of the next request, and each answer from then on for that of the one after it.
    """

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the form of the one it stands for
    ) -> aiohttp.connector.Connection:
        """Give a connection that is quiet. More than were kept need not be tried."""
        for _ in range(self.limit):
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()
        return await super().connect(req, traces, timeout)


class ConnectionPool:
    """One aiohttp session, opened and closed as a context."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext,
        max_connections: int,
        connect_timeout: float,
        read_timeout: float,
        call_timeout: float = CALL_TIMEOUT,
    ) -> None:
        self._call_timeout = call_timeout
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=max_connections, ssl=tls, keepalive_timeout=KEEP_ALIVE),
            timeout=aiohttp.ClientTimeout(
                total=call_timeout, sock_connect=connect_timeout, sock_read=read_timeout
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            middlewares=(send_once,),
        )
        self._proxies: dict[tuple[str, str], str | None] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send(self, request: Any) -> Any:
        """Send a prepared botocore request, and answer in botocore's form. Raises as `exchange` does.

        Where botocore gives the body to the caller as a stream (an export), a success is not read here, and
        keeps its connection until the caller has read or closed it, as with aiobotocore's own session.
        """
        headers = {name: _text(value) for name, value in request.headers.items()}
        url = URL(request.url, encoded=True)
        if request.stream_output:
            return await self._streamed(request.method, url, headers, request.body)
        reply = await self.exchange(request.method, url, headers, request.body)
        return _Answer(request.url, reply.status_code, reply.headers, reply)

    async def _streamed(self, method: str, url: URL, headers: dict[str, str], body: bytes | None) -> Any:
        proxy = self._proxy(url)
        content: Any
        try:
            content = response = await self._requested(method, url, headers, body, proxy)
            if response.status >= FIRST_ERROR_STATUS:
                content = await _whole(response)
        except (aiohttp.ClientError, OSError, aiohttp.http.HttpProcessingError) as error:
            raise self._named(error, str(url), proxy) from error
        if content is response:
            stream: Any = _Bounded(response.content, str(url))
            response.content = stream
        return _Answer(str(url), response.status, _headers(response.raw_headers), content)

    async def exchange(self, method: str, url: URL, headers: dict[str, str], body: bytes | None) -> Reply:
        """Send a request as it stands and read the answer to its end. Raises botocore's errors.

        EndpointConnectionError, ConnectTimeoutError, SSLError, ProxyConnectionError: nothing was sent.
        ReadTimeoutError, ConnectionClosedError: the request was sent, in part at least. AnswerTooLarge is
        our own.
        """
        proxy = self._proxy(url)
        try:
            return await _whole(await self._requested(method, url, headers, body, proxy))
        except (aiohttp.ClientError, OSError, aiohttp.http.HttpProcessingError) as error:
            raise self._named(error, str(url), proxy) from error

    def _requested(
        self, method: str, url: URL, headers: dict[str, str], body: bytes | None, proxy: str | None
    ) -> Awaitable[aiohttp.ClientResponse]:
        headers["Accept-Encoding"] = "identity"
        return self._session.request(
            method,
            url,
            headers=headers,
            data=body,
            proxy=proxy,
            skip_auto_headers=None if _TYPE in headers else (_TYPE,),  # aiohttp's own would not be signed
            allow_redirects=False,  # a redirected write would be a second one
        )

    def _named(self, error: Exception, url: str, proxy: str | None) -> BotoCoreError:
        """Name an aiohttp error as botocore names it; the end of a whole call's time, too."""
        if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ServerTimeoutError):
            return ReadTimeoutError(endpoint_url=url, error=error, seconds=self._call_timeout)
        return _named(error, url, proxy)

    def _proxy(self, url: URL) -> str | None:
        """Find the proxy for a host in the environment (HTTPS_PROXY, NO_PROXY), once per host."""
        origin = (url.scheme, url.raw_authority)
        if origin not in self._proxies:
            self._proxies[origin] = proxy_for(url)
        return self._proxies[origin]


async def _whole(response: aiohttp.ClientResponse) -> Reply:
    """Read an answer to its end. Raises AnswerTooLarge, and closes the connection then."""
    content = response.content
    if content.is_eof():  # it came with the head, as most do: there is nothing to wait for
        body = content.read_nowait()
    else:
        try:
            body = await _Bounded(content, str(response.url)).read()
        except BaseException:
            response.close()
            raise
    return Reply(status_code=response.status, raw_headers=response.raw_headers, body=body)


def proxy_for(url: URL) -> str | None:
    """Give the proxy that the environment names for a host.

    Raises ProxyConnectionError for an address that is no HTTP proxy's; its `error` is a UsageError.
    """
    address = get_environ_proxies(str(url.origin())).get(url.scheme)
    if not address:
        return None
    try:
        check_proxy(address, proxy_variable(url.scheme, os.environ))
    except UsageError as error:
        raise ProxyConnectionError(proxy_url="", error=error) from error
    return address if "://" in address else f"http://{address}"


def _named(error: Exception, url: str, proxy: str | None) -> BotoCoreError:
    """Name an aiohttp error as botocore names it. The order goes from the special to the general."""
    match error:
        case aiohttp.ClientSSLError():
            return SSLError(endpoint_url=url, error=error)
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return ProxyConnectionError(proxy_url=mask_proxy_url(proxy or ""), error=error)
        case aiohttp.ConnectionTimeoutError():
            return ConnectTimeoutError(endpoint_url=url, error=error)
        case aiohttp.ClientConnectorError() | aiohttp.InvalidURL():
            return EndpointConnectionError(endpoint_url=url, error=error)
        case TimeoutError():
            return ReadTimeoutError(endpoint_url=url, error=error)
        case _:
            return ConnectionClosedError(endpoint_url=url, error=error)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def session_class(pool: ConnectionPool) -> type:
    """Make the class for botocore's `http_session_cls`: each of its sessions is a door to the pool."""

    class SharedSession:
        """Sends through the pool, whose life is not its own."""

        def __init__(self, **_settings: object) -> None:
            """Take what botocore gives; the pool was set up once for all."""

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        async def close(self) -> None:
            """Leave the pool open: other clients use it."""

        async def send(self, request: Any) -> Any:
            return await pool.send(request)

    return SharedSession
