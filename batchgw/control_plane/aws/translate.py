"""Requests to boto3's words and answers back to ours. Pure; what is `Any` on the wire ends here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from batchgw.control_plane.aws.transport import unreadable_answer
from batchgw.control_plane.completion import complete
from batchgw.control_plane.interface import (
    CreateDeployment,
    DeleteGatewayResponse,
    DeploymentId,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    PutGatewayResponse,
    Request,
    RestApiPage,
)
from batchgw.model import GatewayResponse, ResponseType, RestApi, RestApiId, Scope, Settings

Wire = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """A method of the boto3 client, its keyword arguments, and how to read its answer.

    `uncustomised` is the value for an answer of NotCustomized, where that is no error.
    """

    method: str
    params: Wire
    read: Callable[[Wire], T]
    uncustomised: T | None = None


def to_call(request: Request[T]) -> Call[T]:
    """Say a request in boto3's words."""
    return cast("Call[T]", _call(request))  # each request class names the type of its value


def _call(request: Request[Any]) -> Call[Any]:
    match request:
        case GetRestApis():
            return Call(
                method="get_rest_apis",
                params={"limit": request.limit}
                | ({"position": request.position} if request.position else {}),
                read=lambda answer: _page(request.scope, answer),
            )
        case GetGatewayResponses():
            return Call(method="get_gateway_responses", params={"restApiId": request.api}, read=_all)
        case GetGatewayResponse():
            return Call(
                method="get_gateway_response",
                params=_address(request),
                read=_one(request.type),
                uncustomised=complete({})[request.type],  # AWS answers such a type; some emulators a 404
            )
        case PutGatewayResponse():
            return Call(
                method="put_gateway_response",
                params=_address(request) | request.settings.to_json(),
                read=_one(request.type),
            )
        case DeleteGatewayResponse():
            return Call(method="delete_gateway_response", params=_address(request), read=_nothing)
        case CreateDeployment():
            return Call(
                method="create_deployment",
                params={"restApiId": request.api}
                | ({"description": request.description} if request.description else {}),
                read=_deployment,
            )
        case _:
            raise TypeError(f"{type(request).__name__} is no request AWS can be asked")


def _address(request: GetGatewayResponse | PutGatewayResponse | DeleteGatewayResponse) -> dict[str, Any]:
    return {"restApiId": request.api, "responseType": request.type.value}


def _nothing(_answer: Wire) -> None:
    return None


def _deployment(answer: Wire) -> DeploymentId:
    found = answer.get("id")
    if not found:
        raise unreadable_answer("the deployment it tells of has no id")
    return DeploymentId(str(found))


def _page(scope: Scope, answer: Wire) -> RestApiPage:
    return RestApiPage(
        items=tuple(_rest_api(scope, item) for item in answer.get("items") or ()),
        position=answer.get("position") or None,
    )


def _rest_api(scope: Scope, item: Wire) -> RestApi:
    if not item.get("id"):
        raise unreadable_answer("a REST API in it has no id")
    created = item.get("createdDate")
    return RestApi(
        scope=scope,
        id=RestApiId(item["id"]),
        name=item.get("name") or "",
        tags=item.get("tags") or {},
        endpoint_types=tuple((item.get("endpointConfiguration") or {}).get("types") or ()),
        created=None if created is None else created.timestamp(),
    )


_TYPES: Mapping[str, ResponseType] = {t.value: t for t in ResponseType}


def _all(answer: Wire) -> Mapping[ResponseType, GatewayResponse]:
    """Read GetGatewayResponses. A type this version does not know is left out: no policy can name it.

    An answer without the list at all is refused: taken for "nothing is customised" it would cause writes.
    """
    items = answer.get("items")
    if items is None:
        raise unreadable_answer("it holds no list of gateway responses")
    return complete(
        {
            known: _response(known, item)
            for item in items
            if (known := _TYPES.get(item.get("responseType"))) is not None
        }
    )


def _one(expected: ResponseType) -> Callable[[Wire], GatewayResponse]:
    def read(answer: Wire) -> GatewayResponse:
        told = answer.get("responseType")
        if told != expected.value:
            raise unreadable_answer(f"it is about {told or 'nothing'}, not about {expected.value}")
        return _response(expected, answer)

    return read


def _response(response_type: ResponseType, item: Wire) -> GatewayResponse:
    status = item.get("statusCode")
    return GatewayResponse(
        type=response_type,
        settings=Settings(
            status_code=None if status is None else str(status),  # some emulators answer a number
            parameters=item.get("responseParameters") or {},
            templates=item.get("responseTemplates") or {},
        ),
        default_response=bool(item.get("defaultResponse", False)),
    )
