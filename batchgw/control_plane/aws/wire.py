"""The operations sent most, in HTTP's words: written as botocore writes them, read as it reads. Pure.

Whatever is not as it always is, a parameter or an answer, is given up with None: botocore then does it.
`tests/unit/test_aws_wire.py` holds every operation against botocore's own serializer and parser.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

Wire = Mapping[str, Any]

_JSON = "application/json"

_SAFE = "-._~"
"""What is never percent-encoded besides letters and digits (RFC 3986, "unreserved")."""

_KEPT = 4096
"""Quoted values kept: the types, and the APIs that are in work."""


KEPT_BODIES = 64
"""Bodies kept: the settings that are being put."""

SMALL_BODY = 16_384
"""Bytes of a copy up to which its body is kept: 2 MB of both in all."""

_PLAIN = 2
"""The version of `marshal`'s format: without references, which depend on who else holds a value."""


@lru_cache(maxsize=_KEPT)
def _quoted(value: str) -> str:
    return quote(value, safe=_SAFE)


def _json(content: dict[str, Any]) -> bytes:
    """Write JSON. What was written lately is kept: a rollout puts the same few settings over and over."""
    try:
        copy = marshal.dumps(content, _PLAIN)
    except ValueError:  # a type that `marshal` does not know, such as a subclass of str
        copy = None
    if copy is None or len(copy) > SMALL_BODY:
        return json.dumps(content).encode()
    return _kept_json(copy)


@lru_cache(maxsize=KEPT_BODIES)
def _kept_json(content: bytes) -> bytes:
    """Write JSON of a copy by `marshal`: nobody can change it, and it tells True from 1, and the order."""
    return json.dumps(marshal.loads(content)).encode()  # noqa: S302 - made here


class Written(NamedTuple):
    """A request without its address, and with those headers only that say what is sent and what is wanted.

    Attributes:
        body: None where the operation has none.
        prepared: the body as botocore hands it on to be sent: bytes, or the fields of a form.
        content_type: None where there is no body.
        accept: None where it is left to the service.
    """

    method: str
    path: str
    query: str
    body: bytes | None
    prepared: bytes | Mapping[str, str]
    content_type: str | None
    accept: str | None


class Format(Protocol):
    """How an operation is written and read."""

    @property
    def operation(self) -> str:
        """Its name at AWS."""
        ...

    def write(self, params: Wire) -> Written | None:
        """Write a request. None is a parameter that is unheard of, or no plain value."""
        ...

    def answer(self, body: bytes) -> Wire | None:
        """Make boto3's answer of a success's body; None of one that is not as it always is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A `Format` of the protocol rest-json: where each of boto3's parameters goes.

    `read` makes boto3's answer of a JSON object, or None of one that is not as it should be; an operation
    without it answers nothing.
    """

    operation: str
    method: str
    path: str
    in_path: tuple[str, ...] = ()
    in_query: frozenset[str] = frozenset()
    in_body: frozenset[str] = frozenset()
    read: Callable[[Any], Wire | None] | None = None
    places: frozenset[str] = field(init=False)  # every parameter that has one

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", self.in_query.union(self.in_body, self.in_path))

    def write(self, params: Wire) -> Written | None:
        """Write a request. None is a parameter that is unheard of, or no plain value."""
        named = [value for name in self.in_path if isinstance(value := params.get(name), str)]
        known = len(named) == len(self.in_path) and params.keys() <= self.places
        query = self._query(params) if known and self.in_query else ""
        if not known or query is None:
            return None
        content = {
            name: value for name, value in params.items() if name in self.in_body and value is not None
        }
        body = _json(content) if self.in_body else None
        return Written(
            method=self.method,
            path=self.path % tuple([_quoted(value) for value in named]),
            query=query,
            body=body,
            prepared=body or b"",
            content_type=None if body is None else _JSON,
            accept=_JSON,
        )

    def answer(self, body: bytes) -> Wire | None:
        """Read the JSON object, where there is one to be read."""
        return self.read(read_json(body)) if self.read else {}

    def _query(self, params: Wire) -> str | None:
        given = [(n, value) for n, value in params.items() if n in self.in_query and value is not None]
        if not all(isinstance(value, str | int) for _, value in given):
            return None
        return "&".join([f"{name}={_quoted(str(value))}" for name, value in given])


def read_json(body: bytes) -> Any:
    """Read a body, or give None for one that cannot be read."""
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        return None


def _page(answer: Any) -> Wire | None:
    items = _items(answer, _rest_api)
    return None if items is None else {**answer, "items": items}


def _all(answer: Any) -> Wire | None:
    items = _items(answer, _gateway_response)
    return None if items is None else {**answer, "items": items}


def _items(answer: Any, read: Callable[[Any], Wire | None]) -> list[Wire] | None:
    """Read what is `item` on the wire and `items` in boto3."""
    found = answer.get("item") if isinstance(answer, dict) and "items" not in answer else None
    if not isinstance(found, list):
        return None
    items = [item for item in map(read, found) if item is not None]
    return items if len(items) == len(found) else None


def _gateway_response(answer: Any) -> Wire | None:
    ordinary = (
        isinstance(answer, dict)
        and _is(dict, answer, "responseParameters")
        and _is(dict, answer, "responseTemplates")
        and _is(bool, answer, "defaultResponse")
    )
    return answer if ordinary else None


def _rest_api(answer: Any) -> Wire | None:
    if not isinstance(answer, dict) or not _is(dict, answer, "tags"):
        return None
    endpoint = answer.get("endpointConfiguration")
    if endpoint is not None and not (isinstance(endpoint, dict) and _is(list, endpoint, "types")):
        return None
    created = answer.get("createdDate")
    if created is None:
        return answer
    date = _date(created)
    return None if date is None else {**answer, "createdDate": date}


def _date(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _is(kind: type, answer: Wire, name: str) -> bool:
    """Tell whether a member is of a kind, or left out."""
    value = answer.get(name)
    return value is None or isinstance(value, kind)


_ONE = "/restapis/%s/gatewayresponses/%s"
_SETTINGS = frozenset({"statusCode", "responseParameters", "responseTemplates"})

FORMS: Mapping[str, Form] = {
    "get_rest_apis": Form(
        operation="GetRestApis",
        method="GET",
        path="/restapis",
        in_query=frozenset({"limit", "position"}),
        read=_page,
    ),
    "get_gateway_responses": Form(
        operation="GetGatewayResponses",
        method="GET",
        path="/restapis/%s/gatewayresponses",
        in_path=("restApiId",),
        read=_all,
    ),
    "get_gateway_response": Form(
        operation="GetGatewayResponse",
        method="GET",
        path=_ONE,
        in_path=("restApiId", "responseType"),
        read=_gateway_response,
    ),
    "put_gateway_response": Form(
        operation="PutGatewayResponse",
        method="PUT",
        path=_ONE,
        in_path=("restApiId", "responseType"),
        in_body=_SETTINGS,
        read=_gateway_response,
    ),
    "delete_gateway_response": Form(
        operation="DeleteGatewayResponse",
        method="DELETE",
        path=_ONE,
        in_path=("restApiId", "responseType"),
    ),
}
"""By the name of boto3's method."""
