"""The operations sent most, in HTTP's words: written as botocore writes them, and read here alone. Pure.

A parameter that is not as it always is, is given up with None: botocore then writes the request. Answers are
read here for botocore's own calls, too. Its parser refuses a whole answer for one odd value, and takes a body
without what was asked for as an empty list. `tests/unit/aws/test_wire.py` holds every operation against
botocore's own serializer and parser.
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from batchgw.control_plane.aws.transport import unreadable_answer
from batchgw.redaction import foreign

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
        """Make boto3's answer of a success's body. None: botocore has to. Raises a CallError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A `Format` of the protocol rest-json: where each of boto3's parameters goes.

    `read` makes boto3's answer of a JSON object; an operation without it answers nothing. It changes names
    and dates. Values may be of any type: `answers` looks at them.
    """

    operation: str
    method: str
    path: str
    in_path: tuple[str, ...] = ()
    in_query: frozenset[str] = frozenset()
    in_body: frozenset[str] = frozenset()
    read: Callable[[dict[str, Any]], Wire] | None = None
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

    def answer(self, body: bytes) -> Wire:
        """Read the JSON object, or the silence that an operation without an answer answers with.

        Raises a CallError for a body that is neither.
        """
        text = body.strip()
        if self.read is None and not text:
            return {}
        content = read_json(text)
        if not isinstance(content, dict):
            raise unreadable_answer("it is not a JSON object" if text else "it is empty")
        if self.read is None:
            if said := _said(content):
                raise unreadable_answer(f"it should be empty{said}")
            return {}
        return self.read(content)

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


def _page(content: dict[str, Any]) -> Wire:
    """Read a page of REST APIs. An object that says nothing at all may be an empty one: `answers` decides."""
    if content.get("item") is None and any(value is not None for value in content.values()):
        raise unreadable_answer(f"it holds no list of REST APIs{_said(content)}")
    return {"items": _items(content, _dated), "position": content.get("position")}


def _all(content: dict[str, Any]) -> Wire:
    return {"items": _items(content, lambda item: item), "position": content.get("position")}


def _items(content: dict[str, Any], read: Callable[[Any], Any]) -> list[Any] | None:
    """Read what is `item` on the wire and `items` in boto3; None where there is none."""
    found = content.get("item")
    if found is None:
        return None
    if not isinstance(found, list):
        raise unreadable_answer(f"its list is no list{_said(content)}")
    return [read(item) for item in found]


def _gateway_response(content: dict[str, Any]) -> Wire:
    content.pop("ResponseMetadata", None)  # which is botocore's own word
    return content


def _said(content: dict[str, Any]) -> str:
    """Repeat the message of an object that has one, as refusals do."""
    message = content.get("message") or content.get("Message")
    return f', and says "{foreign(message)}"' if isinstance(message, str) else ""


def _dated(item: Any) -> Any:
    """Give a REST API with its date as boto3 has it. What is no date stays as it is."""
    created = item.get("createdDate") if isinstance(item, dict) else None
    date = None if created is None else _date(created)
    return item if date is None else {**item, "createdDate": date}


_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)", re.ASCII)


def _date(value: object) -> datetime | None:
    """Read seconds since the epoch, or a date as some emulators write it."""
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value) if _ISO_DATE.fullmatch(value) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


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
