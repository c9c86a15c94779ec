"""The way around most of botocore: the most frequent operations are written, signed, sent and read here.

botocore prepares the first call of each operation in each region. The public event `before-call` shows its
request, which is compared with ours. If both are the same to the byte, this call and all later ones are sent
from here, to the address that botocore has found. Else botocore sends them. Refusals, and unusual answers of
STS, are read by botocore's own parser.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import getrandbits
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import HeadersDict
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from multidict import istr
from yarl import URL

from batchgw.control_plane.aws.botocore_signer import SIGNATURE_VERSION
from batchgw.control_plane.aws.client import FIRST_ERROR_STATUS, GIVEN, Target, about, readable_refusal
from batchgw.control_plane.aws.connections import ConnectionPool, Reply
from batchgw.control_plane.aws.signing import (
    authorization,
    canonical_path,
    canonical_query,
    host_of,
    timestamp,
    trimmed,
)
from batchgw.control_plane.aws.wire import Format, Written
from batchgw.errors import CallError
from batchgw.model import Region

_SIGNATURES = (None, "v4", SIGNATURE_VERSION)
"""What botocore calls the signature that is made here; None is the client's own, which is this."""


_ACCEPT, _CONTENT_TYPE, _CONTENT_LENGTH = istr("Accept"), istr("Content-Type"), istr("Content-Length")
_USER_AGENT, _DATE, _TOKEN = istr("User-Agent"), istr("X-Amz-Date"), istr("X-Amz-Security-Token")
_AUTHORIZATION = istr("Authorization")
_INVOCATION, _ATTEMPT = istr("amz-sdk-invocation-id"), istr("amz-sdk-request")
"""Names of headers in the type that aiohttp uses: it would convert any other at every request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Address:
    """Where botocore sends an operation in a region, and the User-Agent that it sends.

    `base` is the URL in front of the operation's path, `root` the path in it.
    """

    base: URL
    root: str
    host: str
    user_agent: str

    def url(self, written: Written) -> URL:
        """Give the URL of a request."""
        path = self.base.with_path(self.root + written.path, encoded=True)  # as it is, and not parsed again
        return URL(f"{path}?{written.query}", encoded=True) if written.query else path


class FastPath:
    """Sends calls for a client, once it has seen botocore prepare the like.

    Args:
        client: botocore's.
        pool: sends what is written here.
        formats: the operations it sends, by the names of their methods in boto3.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        client: Any,
        pool: ConnectionPool,
        formats: Mapping[str, Format],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._model = client.meta.service_model
        self._service = str(self._model.signing_name)
        self._protocol = str(self._model.metadata["protocol"])
        self._parser = create_parser(self._protocol)
        self._pool = pool
        self._formats = formats
        self._methods = {form.operation: method for method, form in formats.items()}
        self._clock = clock
        self._addresses: dict[tuple[str, Region], _Address] = {}
        client.meta.events.register_last("before-call", self._first)  # after all that change the request

    async def call(self, method: str, target: Target, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Make one call, or give None where botocore has to. Raises what botocore raises."""
        address = self._addresses.get((method, target.region))
        if address is None:
            return None
        form = self._formats[method]
        written = form.write(params)
        if written is None:
            return None
        return self._read(form, await self._sent(written, address, target))

    async def _first(
        self, model: Any, params: Mapping[str, Any], context: Mapping[str, Any], **_: object
    ) -> tuple[Reply, Mapping[str, Any]] | None:
        """Compare botocore's request, which is about to leave, with ours. None: botocore sends it."""
        method = self._methods.get(model.name)
        if method is None or GIVEN not in context:
            return None
        target, given = context[GIVEN]
        form = self._formats[method]
        written = form.write(given)
        address = None if written is None else _address(params, written)
        if written is None or address is None or not _signed_alike(context, target):
            return None
        self._addresses[method, target.region] = address
        reply = await self._sent(written, address, target)
        return reply, self._read(form, reply)

    def _sent(self, written: Written, address: _Address, target: Target) -> Awaitable[Reply]:
        headers = self._headers(written, address, target)
        url = address.url(written)
        return self._pool.exchange(written.method, url, headers, written.body)

    def _headers(self, written: Written, address: _Address, target: Target) -> dict[str, str]:
        """Give all headers in botocore's order. The pool adds Host and Accept-Encoding, here as there."""
        at, keys = timestamp(self._clock()), target.keys
        headers = _plain_headers(written, address.user_agent)
        headers[_DATE] = at
        signed = [("host", address.host), ("x-amz-date", at)]
        if written.content_type is not None:
            signed.insert(0, ("content-type", written.content_type))
        if written.accept is not None:
            signed.insert(0, ("accept", written.accept))
        if keys.token:
            headers[_TOKEN] = keys.token
            signed.append(("x-amz-security-token", trimmed(keys.token)))
        headers[_AUTHORIZATION] = authorization(
            keys,
            method=written.method,
            path=canonical_path(address.root + written.path),
            query=canonical_query(written.query),
            headers=signed,
            body=written.body,
            at=at,
            region=target.region,
            service=self._service,
        )
        headers[_INVOCATION] = invocation_id()
        headers[_ATTEMPT] = "attempt=1"
        if written.method != "GET":
            headers[_CONTENT_LENGTH] = str(len(written.body or b""))
        return headers

    def _read(self, form: Format, reply: Reply) -> Mapping[str, Any]:
        if reply.status_code < FIRST_ERROR_STATUS:
            try:
                answer = form.answer(reply.body)
            except CallError as error:
                raise about(error, reply.status_code, _request_id(reply)) from error.__cause__
            if answer is not None:
                return {**answer, "ResponseMetadata": _metadata(reply)}
        return self._read_by_botocore(form, reply)

    def _read_by_botocore(self, form: Format, reply: Reply) -> Mapping[str, Any]:
        """Read a refusal or an unusual answer. Raises a ClientError for a refusal."""
        response = {
            "status_code": reply.status_code,
            "headers": HeadersDict(reply.headers),
            "body": self._body(reply),
            "context": {"operation_name": form.operation},
        }
        shape = self._model.operation_model(form.operation).output_shape
        parsed: dict[str, Any] = self._parser.parse(response, shape)
        if reply.status_code < FIRST_ERROR_STATUS:
            return parsed
        code = parsed.get("Error", {}).get("Code")
        modelled = None if code is None else self._model.shape_for_error_code(code)
        if modelled is not None:
            parsed.update(self._parser.parse(response, modelled))
        raise ClientError(parsed, form.operation)

    def _body(self, reply: Reply) -> bytes:
        json_refusal = self._protocol == "rest-json" and reply.status_code >= FIRST_ERROR_STATUS
        return readable_refusal(reply.body) if json_refusal else reply.body


def _address(request: Mapping[str, Any], written: Written) -> _Address | None:
    """Learn where botocore's request goes. None: it is not the same as ours."""
    tail, agent = _tail(written), request["headers"].get("User-Agent")
    base = request["url"].removesuffix(tail)
    same = (
        base + tail == request["url"]
        and request["method"] == written.method
        and _same_body(request["body"], written.prepared)
        and list(request["headers"].items()) == list(_plain_headers(written, agent).items())
    )
    if not same or agent is None or "?" in base or "#" in base:
        return None
    parts = urlsplit(base)
    return _Address(base=URL(base, encoded=True), root=parts.path, host=host_of(parts), user_agent=agent)


def _same_body(one: object, other: object) -> bool:
    """Tell whether two bodies are the same, the order of their fields included."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one.items()) == list(other.items())
    return one == other


def _signed_alike(context: Mapping[str, Any], target: Target) -> bool:
    """Tell whether the call is signed as the target says: an endpoint's rules may change that."""
    asked = {"request_credentials": target.keys, "region": target.region}
    return context["signing"] == asked and context.get("auth_type") in _SIGNATURES


def _tail(written: Written) -> str:
    return f"{written.path}?{written.query}" if written.query else written.path


def invocation_id() -> str:
    """Give a random UUID, which tells a call's attempts from other calls. It need not be secret."""
    digits = f"{getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _plain_headers(written: Written, user_agent: str) -> dict[str, str]:
    """Give the headers that say nothing of who sends the request, or when."""
    headers: dict[str, str] = {} if written.content_type is None else {_CONTENT_TYPE: written.content_type}
    headers[_USER_AGENT] = user_agent
    if written.accept is not None:
        headers[_ACCEPT] = written.accept
    return headers


def _metadata(reply: Reply) -> dict[str, Any]:
    request_id, status = _request_id(reply), {"HTTPStatusCode": reply.status_code}
    return status if request_id is None else {"RequestId": request_id, **status}


def _request_id(reply: Reply) -> str | None:
    return reply.header(b"x-amzn-requestid") or reply.header(b"x-amz-request-id")
