"""What the operations on one gateway response have in common: how it is named, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchgw.control_plane.interface import ApiRequest, Value, Wire
from batchgw.control_plane.operations.checks import LONGEST_ID, are_texts, is_text
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.errors import CallError
from batchgw.model import GatewayResponse, ResponseType, Settings

PATH = "/restapis/{restApiId}/gatewayresponses/{responseType}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRequest(ApiRequest[Value]):
    """A call about one gateway response of a REST API."""

    type: ResponseType

    @property
    def target(self) -> str:
        """The type of the gateway response."""
        return self.type.value

    def params(self) -> Wire:
        """Name the gateway response."""
        return {"restApiId": self.api, "responseType": self.type.value}


def from_json(content: dict[str, Any]) -> Wire:
    """Make boto3's answer of a gateway response in JSON."""
    content.pop("ResponseMetadata", None)  # a word of botocore's: an answer must not set it
    return content


def read_one(expected: ResponseType, answer: Wire) -> GatewayResponse:
    """Read the answer to GET or PUT of one type. Raises a `CallError` for one about another type."""
    named = answer.get("responseType")
    if named != expected.value:
        about = named if named and is_text(named, LONGEST_ID) else "nothing"
        raise unreadable_answer(f"it is about {about}, not about {expected.value}")
    return read_response(expected, answer)


def read_response(response_type: ResponseType, item: Wire) -> GatewayResponse:
    """Read a gateway response. Raises a `CallError` for a value that is not as in the service model."""
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
