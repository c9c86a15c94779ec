"""GetGatewayResponses: all gateway responses of a REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchgw.control_plane.interface import ApiRequest, JsonForm, Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.gateway_response import read_response
from batchgw.control_plane.operations.json_answers import items
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.errors import CallError
from batchgw.model import GatewayResponse, ResponseType
from batchgw.model.completion import complete


def _from_json(content: dict[str, Any]) -> Wire:
    return {"items": items(content, lambda item: item), "position": content.get("position")}


_TYPES: Mapping[str, ResponseType] = {kind.value: kind for kind in ResponseType}


@dataclass(frozen=True, slots=True, kw_only=True)
class GetGatewayResponses(ApiRequest[Mapping[ResponseType, GatewayResponse]]):
    """Read all 21 gateway responses of an API: one call, unpaginated."""

    operation = Operation(
        name="GetGatewayResponses",
        method="get_gateway_responses",
        http="GET",
        path="/restapis/{restApiId}/gatewayresponses",
        form=JsonForm(read=_from_json),
    )

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"restApiId": self.api}

    def read(self, answer: Wire, reading: Reading) -> Mapping[ResponseType, GatewayResponse]:
        """Read all types. One that this version does not know is left out: no policy can name it.

        An answer without the list is refused: taken for "nothing is customised" it would cause writes. So is
        one with more pages to come, because AWS answers all types at once; and, where the answer must be
        whole, one that leaves a type out.
        """
        listed = answer.get("items")
        if listed is None:
            raise unreadable_answer("it holds no list of gateway responses")
        read: dict[ResponseType, GatewayResponse] = {}
        for item in listed:
            name = _type_name(item)
            kind = _TYPES.get(name)
            if kind is None:
                reading.unknown(name)
                continue
            if kind in read:
                raise unreadable_answer(f"it tells of {kind.value} twice")
            read[kind] = _as_before(kind, item) or _read_anew(kind, item)
        if answer.get("position") and len(read) < len(_TYPES):
            raise unreadable_answer("it is a part of the list of gateway responses, and there are more pages")
        if not reading.whole:
            return complete(read)
        if len(read) < len(_TYPES):
            raise _left_out([kind for kind in ResponseType if kind not in read])
        return {kind: read[kind] for kind in _TYPES.values()}


_FIELDS = {"responseType", "statusCode", "responseParameters", "responseTemplates", "defaultResponse"}
_NOTHING: tuple[Wire, None] = ({}, None)

_last: dict[ResponseType, tuple[Wire, GatewayResponse]] = {}
"""What was read last of each type: from what, and as what. Most APIs of a fleet show the same."""


def _as_before(kind: ResponseType, item: Wire) -> GatewayResponse | None:
    """Give what was read last of the type, if the same is to be read again (`benchmarks.kept_for_speed`)."""
    told, response = _last.get(kind, _NOTHING)
    return response if told == item and isinstance(item.get("defaultResponse"), bool) else None


def _read_anew(kind: ResponseType, item: Wire) -> GatewayResponse:
    """Read a gateway response. Remember it, if whatever equals it would be read in the same way.

    In Python 1 equals true, and 401.0 equals 401: so it must have texts where texts are expected. What else
    there may be in it is unknown, and could be nested too deeply to be compared.
    """
    response = read_response(kind, item)
    usual = isinstance(item.get("statusCode"), str | None) and isinstance(item.get("defaultResponse"), bool)
    if usual and item.keys() <= _FIELDS:
        _last[kind] = (item, response)
    return response


def _left_out(missing: Sequence[ResponseType]) -> CallError:
    more = f" and {len(missing) - 1} more" if missing[1:] else ""
    return unreadable_answer(
        f"it leaves out {missing[0].value}{more} of the {len(_TYPES)} gateway responses, and AWS answers all "
        "of them"
    )


def _type_name(item: Any) -> str:
    name = item.get("responseType") if isinstance(item, dict) else None
    if not isinstance(name, str):
        raise unreadable_answer("a gateway response in it does not name its type")
    return name
