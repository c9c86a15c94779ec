"""GetRestApis: a page of a scope's REST APIs.

An entry of the list that is not what the service model says makes that one API unreadable, and no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from batchgw.control_plane.interface import JsonForm, Operation, Reading, Request, Wire
from batchgw.control_plane.operations.checks import (
    LONGEST_ID,
    are_texts,
    is_id,
    is_list_of_texts,
    is_text,
)
from batchgw.control_plane.operations.json_answers import items, message_in
from batchgw.control_plane.operations.listing import listed, next_position
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.errors import CallError, ExpressionFailed
from batchgw.model import RestApi, RestApiId, Scope

PAGE_SIZE = 500
"""REST APIs per page: the operation's maximum (API reference, `limit`)."""

UNNAMED = RestApiId("?")
"""Begins the stand-in for the id of a REST API that is listed without one. No id of AWS's has a "?"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableApi:
    """A REST API that cannot be, by what a page says of it, or about which more cannot be told.

    Of one that cannot be, `api` holds the id alone. Where the page gives no id either, it holds `UNNAMED`; a
    listing puts a number behind that.
    """

    api: RestApi
    error: CallError | ExpressionFailed

    @property
    def unnamed(self) -> bool:
        """Whether the id is missing: it could be any API of the scope."""
        return self.api.id.startswith(UNNAMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestApiPage:
    """One page of GetRestApis. `position` is the token of the next page, None on the last."""

    items: tuple[RestApi, ...]
    position: str | None
    unreadable: tuple[UnreadableApi, ...] = ()


def _from_json(content: dict[str, Any]) -> Wire:
    """Read a page. `GetRestApis.read` decides whether an object without content is an empty page."""
    if content.get("item") is None and any(value is not None for value in content.values()):
        raise unreadable_answer(f"it holds no list of REST APIs{message_in(content)}")
    return {"items": items(content, _dated), "position": content.get("position")}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRestApis(Request[RestApiPage]):
    """List a page of REST APIs."""

    operation = Operation(
        name="GetRestApis",
        method="get_rest_apis",
        http="GET",
        path="/restapis",
        form=JsonForm(query=frozenset({"limit", "position"}), read=_from_json),
    )
    position: str | None = None
    limit: int = PAGE_SIZE

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"limit": self.limit} | ({"position": self.position} if self.position else {})

    def read(self, answer: Wire, reading: Reading) -> RestApiPage:
        """Read a page."""
        del reading
        apis: list[RestApi] = []
        unreadable: list[UnreadableApi] = []
        for item in listed(answer):
            odd = _oddity(item)
            if odd is None:
                apis.append(_rest_api(self.scope, item))
            else:
                unreadable.append(_unreadable(self.scope, item, odd))
        return RestApiPage(items=tuple(apis), position=next_position(answer), unreadable=tuple(unreadable))


def _is_endpoint(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    types = value.get("types")
    return types is None or is_list_of_texts(types)


_MEMBERS: tuple[tuple[str, Callable[[object], bool], str], ...] = (
    ("name", is_text, "the name is not a text that can be kept"),
    ("tags", are_texts, "the tags are not names with texts that can be kept"),
    ("endpointConfiguration", _is_endpoint, "the types of endpoint are not a list of texts"),
    (
        "disableExecuteApiEndpoint",
        lambda value: isinstance(value, bool),
        "disableExecuteApiEndpoint is neither true nor false",
    ),
    ("endpointAccessMode", is_text, "the access mode of the endpoint is not a text that can be kept"),
    ("createdDate", lambda value: isinstance(value, datetime), "the creation date is not one"),
)
"""What a REST API may have, and what is wrong where it is something else."""


def _oddity(item: Any) -> str | None:
    """Tell what is wrong with a REST API in a list; None where nothing is."""
    if not isinstance(item, dict):
        return "what it says of a REST API is no JSON object"
    if not is_id(item.get("id")):
        return "the id of a REST API is not one"
    for name, is_sound, odd in _MEMBERS:
        value = item.get(name)
        if value is not None and not is_sound(value):
            return odd
    return None


def _rest_api(scope: Scope, item: Wire) -> RestApi:
    created = item.get("createdDate")
    return RestApi(
        scope=scope,
        id=RestApiId(item["id"]),
        name=item.get("name") or "",
        tags=item.get("tags") or {},
        endpoint_types=tuple((item.get("endpointConfiguration") or {}).get("types") or ()),
        created=None if created is None else created.timestamp(),
        disable_execute_api_endpoint=item.get("disableExecuteApiEndpoint") or False,
        endpoint_access_mode=item.get("endpointAccessMode") or "",
    )


def _unreadable(scope: Scope, item: Any, odd: str) -> UnreadableApi:
    """Name an API by its id, if the page gives one."""
    given = item.get("id") if isinstance(item, dict) else None
    if type(given) is int:
        given = str(given)
    if not given or not is_text(given, LONGEST_ID) or given.startswith(UNNAMED):
        given = UNNAMED
    error = unreadable_answer(f"in the list of REST APIs, {odd}")
    return UnreadableApi(api=RestApi(scope=scope, id=RestApiId(given)), error=error)
