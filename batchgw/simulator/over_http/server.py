"""The simulated services over HTTP, all of them on one port.

This module joins the parts: who calls (`authentication`), in which protocol (`wire`, `query`), the engine's
answer, and the aiohttp server around it. It decides nothing itself.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from batchgw.simulator.operations.service import SERVICES
from batchgw.simulator.over_http.authentication import Authenticator, Authorization, Caller, NotAuthenticated
from batchgw.simulator.over_http.call import HttpAnswer, HttpCall
from batchgw.simulator.over_http.ec2_query import Ec2Query
from batchgw.simulator.over_http.query import Query
from batchgw.simulator.over_http.wire import ERROR_TYPE, REQUEST_ID, Json11, RestJson, WireProtocol
from batchgw.simulator.reply import ArbitraryAnswer, ConnectionCutByServer, Reply, ServiceFault
from batchgw.simulator.world.keys import Key

_FORM = "application/x-www-form-urlencoded"
_SIGNED_SERVICE = re.compile(r"Credential=[^,]*/([^/,]+)/aws4_request")

_PROTOCOLS: Final[Mapping[str, Callable[[str], WireProtocol]]] = {
    "rest-json": RestJson,
    "query": Query,
    "ec2": Ec2Query,
    "json-1.1": lambda _service: Json11(),
}

_LOG = logging.getLogger("aiohttp.server.simulator")

ADMIN_PREFIX = "/_batchgw/"
"""The simulator's own paths begin with it. AWS has none of them."""


MOST: Final = 10 * 1024 * 1024
"""Bytes of a body that are taken: the payload quota of API Gateway itself (developer guide, quotas). What its
control plane takes is not documented, but for API definitions: 6 MB."""


class TooLarge(Exception):
    """The request's body is larger than `MOST`."""


class Answers(Protocol):
    """What carries calls out: the engine, or something that wraps it."""

    async def handle(
        self,
        operation: str,
        account: str,
        region: str,
        params: Mapping[str, object],
        *,
        caller: Key | None = None,
    ) -> Reply:
        """Answer a call. Raises ServiceFault or ConnectionCutByServer."""
        ...


class Admin(Protocol):
    """Answers the simulator's own paths."""

    def answer(self, call: HttpCall) -> HttpAnswer:
        """Answer a request."""
        ...


class DataPlane(Protocol):
    """Answers calls of deployed APIs."""

    async def answer(self, call: HttpCall) -> HttpAnswer | None:
        """Answer a request; None for one that is about something else."""
        ...


class HttpService:
    """Turns HTTP requests into calls of the engine, and its replies into HTTP answers."""

    def __init__(self, engine: Answers, gate: Authenticator, *, now: Callable[[], float] = time.time) -> None:
        """`now` gives seconds since the epoch, for the dates of signatures and sessions."""
        self._engine = engine
        self._gate = gate
        self._now = now
        self._protocols: Mapping[str, WireProtocol] = {
            service.signed_as: _PROTOCOLS[service.protocol](service.name) for service in SERVICES
        }

    async def answer(self, call: HttpCall) -> HttpAnswer:
        """Answer one call. Raises ConnectionCutByServer when the connection is to be closed instead."""
        protocol = self._protocols[self._service(call)]
        try:
            caller = self._caller(call)
            operation, params = protocol.read(call)
            reply = await self._engine.handle(
                operation, caller.account, caller.region, params, caller=caller.key
            )
        except NotAuthenticated as refused:
            return protocol.fault(protocol.auth_failure(refused.failure, refused.message), new_request_id())
        except ServiceFault as fault:
            return protocol.fault(fault, fault.request_id or new_request_id())
        except ArbitraryAnswer as odd:
            headers = {REQUEST_ID: new_request_id()} if odd.signed else {}
            return HttpAnswer(status=odd.status, headers=headers, body=odd.body, pause=odd.pause)
        return protocol.reply(operation, reply, reply.headers.get(REQUEST_ID) or new_request_id())

    def _service(self, call: HttpCall) -> str:
        """Which service a call is for: the one it is signed for, else by its form."""
        signed_for = _SIGNED_SERVICE.search(call.headers.get("Authorization", ""))
        if signed_for is not None and signed_for[1] in self._protocols:
            return signed_for[1]
        if "X-Amz-Target" in call.headers:
            return "organizations"
        return "sts" if call.headers.get("Content-Type", "").startswith(_FORM) else "apigateway"

    def _caller(self, call: HttpCall) -> Caller:
        stated = call.headers.get("Authorization")
        authorization = None if stated is None else Authorization.parse(stated)
        caller = self._gate.admit(call, authorization, self._now())
        if authorization is not None and authorization.service not in self._protocols:
            served = ", ".join(self._protocols)
            unknown = f"The simulator answers for {served}, not for {authorization.service}."
            raise ServiceFault("UnknownOperationException", 404, unknown, modelled=False)
        return caller


def make_server(front: HttpService, admin: Admin, *, data_plane: DataPlane | None = None) -> web.Server:
    """Put aiohttp's bare server, without routes or middleware, in front."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            call = await _read(request)
        except ConnectionError:  # the caller went away while sending
            return _cut(request)
        except TooLarge:
            return _too_large()
        if call.target.startswith(ADMIN_PREFIX):
            return _response(admin.answer(call))
        if data_plane is not None and (invoked := await data_plane.answer(call)) is not None:
            return _response(invoked)
        try:
            answer = await front.answer(call)
            return _response(answer) if answer.pause is None else await _endless(request, answer)
        except ConnectionCutByServer:
            return _cut(request)

    # Bodies stay as they were sent, because signatures cover them so.
    return web.Server(handle, access_log=None, auto_decompress=False, logger=_LOG)


def _is_ours(record: logging.LogRecord) -> bool:
    """Tell whether an error is the server's own. What is not HTTP is answered 400 and not logged."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


_LOG.addFilter(_is_ours)


async def _read(request: web.BaseRequest) -> HttpCall:
    return HttpCall(
        method=request.method,
        target=request.raw_path,
        headers=request.headers,
        body=await _body(request.content),
        secure=request.secure,
    )


async def _body(content: StreamReader) -> bytes:
    """Read the body, up to the limit. Raises TooLarge."""
    pieces: list[bytes] = []
    size = 0
    async for piece in content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > MOST:
            raise TooLarge
    return b"".join(pieces)


def _too_large() -> web.Response:
    """Refuse, and close: the rest of the body is not read."""
    text = f"Request body is larger than {MOST} bytes"
    answer = web.json_response(
        {"message": text},
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        headers={REQUEST_ID: new_request_id(), ERROR_TYPE: "RequestEntityTooLargeException"},
    )
    answer.force_close()
    return answer


async def _endless(request: web.BaseRequest, answer: HttpAnswer) -> web.StreamResponse:
    """Send a body that has no end, until the caller closes the connection."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    await response.prepare(request)
    with suppress(ConnectionError):
        while request.transport is not None:
            await response.write(answer.body)
            await asyncio.sleep(answer.pause or 0.0)
    return response


def _response(answer: HttpAnswer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def _cut(request: web.BaseRequest) -> web.Response:
    """Close the connection. aiohttp needs a response, but nobody receives it."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def new_request_id() -> str:
    """Make an id for a request that never reached the engine."""
    return str(uuid.uuid4())
