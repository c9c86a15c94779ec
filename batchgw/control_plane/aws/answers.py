"""Answers in boto3's words to ours. Pure; what is `Any` on the wire ends here.

Nothing goes on that was not looked at: its type, and that it can be written down. An answer that is not what
the service model says makes unreadable what it is about, and nothing else. In a list of REST APIs that is the
one entry; otherwise it is the call, and the reader raises a CallError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from batchgw.control_plane.aws.checks import (
    LONGEST_ID,
    LONGEST_POSITION,
    are_texts,
    is_id,
    is_list_of_texts,
    is_text,
)
from batchgw.control_plane.aws.transport import unreadable_answer
from batchgw.control_plane.interface import UNNAMED, DeploymentId, RestApiPage, UnreadableApi
from batchgw.errors import CallError
from batchgw.model import GatewayResponse, ResponseType, RestApi, RestApiId, Scope, Settings
from batchgw.model.completion import complete

Wire = Mapping[str, Any]

_UNSIGNED = "it says nothing, and nothing shows that it is AWS's (it has no x-amzn-RequestId)"


_DELETED = (202, 204)
"""Statuses of the answer to DELETE: 202 is recorded, 204 what the service model's siblings have."""


def nothing(answer: Wire) -> None:
    """Read the answer to DELETE, which is empty: nothing in it shows that the change was made.

    AWS's word stands: one of its two statuses and its request id. Anybody could answer with an empty body, so
    any other success is unreadable, and whoever sent the DELETE reads what is there.
    """
    if not _is_aws(answer):
        raise unreadable_answer(_UNSIGNED)
    status = answer["ResponseMetadata"].get("HTTPStatusCode")
    if status not in _DELETED:
        raise unreadable_answer(f"it has status {status}, and AWS says with 202 that something is deleted")


def deployment(answer: Wire) -> DeploymentId:
    """Read the answer to CreateDeployment."""
    found = answer.get("id")
    if not is_id(found):
        raise unreadable_answer("the deployment it tells of has no id")
    return DeploymentId(found)


def rest_api_page(scope: Scope, answer: Wire) -> RestApiPage:
    """Read GetRestApis. Whether AWS leaves the list out where a region has none is not known: it may."""
    items = answer.get("items")
    if items is None and not _is_aws(answer):
        raise unreadable_answer(_UNSIGNED)
    apis: list[RestApi] = []
    unreadable: list[UnreadableApi] = []
    for item in items or ():
        odd = _oddity(item)
        if odd is None:
            apis.append(_rest_api(scope, item))
        else:
            unreadable.append(_unreadable(scope, item, odd))
    return RestApiPage(items=tuple(apis), position=_position(answer), unreadable=tuple(unreadable))


def _is_aws(answer: Wire) -> bool:
    return bool(answer.get("ResponseMetadata", {}).get("RequestId"))


def _position(answer: Wire) -> str | None:
    found = answer.get("position")
    if found is None:
        return None
    if not is_text(found, LONGEST_POSITION):
        raise unreadable_answer("its position, the token of the next page, cannot be sent back")
    return found or None


def _is_endpoint(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    types = value.get("types")
    return types is None or is_list_of_texts(types)


_MEMBERS: tuple[tuple[str, Callable[[object], bool], str], ...] = (
    ("name", is_text, "the name is not a text that can be kept"),
    ("tags", are_texts, "the tags are not names with texts that can be kept"),
    ("endpointConfiguration", _is_endpoint, "the types of endpoint are not a list of texts"),
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
    )


def _unreadable(scope: Scope, item: Any, odd: str) -> UnreadableApi:
    """Name an API by the id that is told of it, if one is."""
    told = item.get("id") if isinstance(item, dict) else None
    if type(told) is int:
        told = str(told)
    if not told or not is_text(told, LONGEST_ID) or told.startswith(UNNAMED):
        told = UNNAMED
    error = unreadable_answer(f"in the list of REST APIs, {odd}")
    return UnreadableApi(api=RestApi(scope=scope, id=RestApiId(told)), error=error)


_TYPES: Mapping[str, ResponseType] = {t.value: t for t in ResponseType}


def all_responses(
    answer: Wire, unknown: Callable[[str], None] = lambda _name: None, *, whole: bool = False
) -> Mapping[ResponseType, GatewayResponse]:
    """Read GetGatewayResponses. A type this version does not know is left out: no policy can name it.

    `unknown` is told of it. `whole`: refuse an answer that leaves a type out. AWS tells of each; some
    emulators leave out what is not customised.

    An answer without the list at all is refused: taken for "nothing is customised" it would cause writes. So
    is one that says there is more to come, for AWS answers all types at once.
    """
    items = answer.get("items")
    if items is None:
        raise unreadable_answer("it holds no list of gateway responses")
    read: dict[ResponseType, GatewayResponse] = {}
    for item in items:
        name = _type_name(item)
        known = _TYPES.get(name)
        if known is None:
            unknown(name)
            continue
        if known in read:
            raise unreadable_answer(f"it tells of {known.value} twice")
        read[known] = _response(known, item)
    if answer.get("position") and len(read) < len(_TYPES):
        raise unreadable_answer("it is a part of the list of gateway responses, and there are more pages")
    if whole and (missing := [kind for kind in _TYPES if _TYPES[kind] not in read]):
        raise unreadable_answer(
            f"it leaves out {missing[0]}{f' and {len(missing) - 1} more' if missing[1:] else ''} of the "
            f"{len(_TYPES)} gateway responses, and AWS answers all of them"
        )
    return complete(read)


def _type_name(item: Any) -> str:
    name = item.get("responseType") if isinstance(item, dict) else None
    if not isinstance(name, str):
        raise unreadable_answer("a gateway response in it does not name its type")
    return name


def one_response(expected: ResponseType) -> Callable[[Wire], GatewayResponse]:
    """Make the reader of the answer about one type, to GET or PUT."""

    def read(answer: Wire) -> GatewayResponse:
        told = answer.get("responseType")
        if told != expected.value:
            about = told if told and is_text(told, LONGEST_ID) else "nothing"
            raise unreadable_answer(f"it is about {about}, not about {expected.value}")
        return _response(expected, answer)

    return read


def _response(response_type: ResponseType, item: Wire) -> GatewayResponse:
    default = item.get("defaultResponse")
    if default is not None and not isinstance(default, bool):
        raise _odd(response_type, "defaultResponse", "neither true nor false")
    return GatewayResponse(
        type=response_type,
        settings=Settings(
            status_code=_status(response_type, item.get("statusCode")),
            parameters=_texts(response_type, item, "responseParameters"),
            templates=_texts(response_type, item, "responseTemplates"),
        ),
        default_response=bool(default),
    )


_STATUS = re.compile(r"[1-5]\d\d", re.ASCII)
"""The pattern of statusCode in the service model."""


def _status(response_type: ResponseType, found: object) -> str | None:
    if found is None:
        return None
    status = str(found) if type(found) is int else found  # some emulators answer a number
    if isinstance(status, str) and _STATUS.fullmatch(status):
        return status
    raise _odd(response_type, "statusCode", "not a status")


def _texts(response_type: ResponseType, item: Wire, name: str) -> Mapping[str, str]:
    found = item.get(name)
    if found is None:
        return {}
    if are_texts(found, longest=None):
        return found
    raise _odd(response_type, name, "not names with texts that can be kept")


def _odd(response_type: ResponseType, name: str, what: str) -> CallError:
    return unreadable_answer(f"{name} of {response_type.value} is {what}")
