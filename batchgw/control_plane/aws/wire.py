"""Operations in HTTP's words: written as botocore writes them, and read without it. Pure.

For an unusual parameter the answer is None, and botocore writes the request. Answers are
read here for botocore's own calls, too. Its parser refuses a whole answer for one odd value, and takes a body
without what was asked for as an empty list. `tests/unit/aws/test_wire.py` holds every operation against
botocore's own serializer and parser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from batchgw.control_plane.interface import JsonForm, Operation, Wire
from batchgw.control_plane.operations.apigateway import OPERATIONS
from batchgw.control_plane.operations.json_answers import message_in
from batchgw.control_plane.operations.unreadable import unreadable_answer

_JSON = "application/json"

_SAFE = "-._~"
"""What is never percent-encoded besides letters and digits (RFC 3986, "unreserved")."""

_KEPT = 4096
"""Quoted values kept: the types, and the APIs that are in work."""


@lru_cache(maxsize=_KEPT)
def _quoted(value: str) -> str:
    return quote(value, safe=_SAFE)


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


_PARAMETER = re.compile(r"\{(\w+)\}")
"""A parameter in an operation's path."""


class RestJson:
    """The `Format` of an operation of the protocol rest-json: where each of boto3's parameters goes."""

    def __init__(self, operation: Operation, form: JsonForm) -> None:
        self.operation = operation.name
        self._method = operation.http
        self._path = _PARAMETER.sub("%s", operation.path)
        self._in_path = tuple(_PARAMETER.findall(operation.path))
        self._in_query = form.query
        self._in_body = form.body
        self._read = form.read
        self._known = form.query.union(form.body, self._in_path)

    def write(self, params: Wire) -> Written | None:
        """Write a request. None is a parameter that is unheard of, or no plain value."""
        named = [value for name in self._in_path if isinstance(value := params.get(name), str)]
        known = len(named) == len(self._in_path) and params.keys() <= self._known
        query = self._query(params) if known and self._in_query else ""
        if not known or query is None:
            return None
        content = {
            name: value for name, value in params.items() if name in self._in_body and value is not None
        }
        body = json.dumps(content).encode() if self._in_body else None
        return Written(
            method=self._method,
            path=self._path % tuple([_quoted(value) for value in named]),
            query=query,
            body=body,
            prepared=body or b"",
            content_type=None if body is None else _JSON,
            accept=_JSON,
        )

    def answer(self, body: bytes) -> Wire:
        """Read the JSON object, or the empty body of an operation without an answer.

        Raises a CallError for a body that is neither.
        """
        text = body.strip()
        if self._read is None and not text:
            return {}
        content = read_json(text)
        if not isinstance(content, dict):
            raise unreadable_answer("it is not a JSON object" if text else "it is empty")
        if self._read is None:
            if said := message_in(content):
                raise unreadable_answer(f"it should be empty{said}")
            return {}
        return self._read(content)

    def _query(self, params: Wire) -> str | None:
        given = [(n, value) for n, value in params.items() if n in self._in_query and value is not None]
        if not all(isinstance(value, str | int) for _, value in given):
            return None
        return "&".join([f"{name}={_quoted(str(value))}" for name, value in given])


def read_json(body: bytes) -> Any:
    """Read a body, or give None for one that cannot be read."""
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        return None


FORMS: Mapping[str, RestJson] = {
    operation.method: RestJson(operation, operation.form)
    for operation in OPERATIONS
    if operation.form is not None
}
"""Those of API Gateway, by the name of boto3's method."""
