"""Requests in boto3's words, and how each one's answer is read. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from batchgw.control_plane.aws.answers import (
    Wire,
    all_responses,
    deployment,
    nothing,
    one_response,
    rest_api_page,
)
from batchgw.control_plane.interface import (
    CreateDeployment,
    DeleteGatewayResponse,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    PutGatewayResponse,
    Request,
)
from batchgw.model.completion import complete

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


def to_call(
    request: Request[T], unknown: Callable[[str], None] = lambda _name: None, *, whole: bool = False
) -> Call[T]:
    """Say a request in boto3's words. `unknown` is told of types of gateway responses that are unheard of.

    `whole`: an answer must tell of each type, as AWS's do. Else one that is left out is not customised, as
    with emulators.
    """
    # Each request class names the type of its value.
    return cast("Call[T]", _call(request, unknown, whole=whole))


def _call(request: Request[Any], unknown: Callable[[str], None], *, whole: bool) -> Call[Any]:
    match request:
        case GetRestApis():
            return Call(
                method="get_rest_apis",
                params={"limit": request.limit}
                | ({"position": request.position} if request.position else {}),
                read=lambda answer: rest_api_page(request.scope, answer),
            )
        case GetGatewayResponses():
            return Call(
                method="get_gateway_responses",
                params={"restApiId": request.api},
                read=lambda answer: all_responses(answer, unknown, whole=whole),
            )
        case GetGatewayResponse():
            return Call(
                method="get_gateway_response",
                params=_address(request),
                read=one_response(request.type),
                # AWS answers such a type; some emulators a 404
                uncustomised=None if whole else complete({})[request.type],
            )
        case PutGatewayResponse():
            return Call(
                method="put_gateway_response",
                params=_address(request) | request.settings.to_json(),
                read=one_response(request.type),
            )
        case DeleteGatewayResponse():
            return Call(method="delete_gateway_response", params=_address(request), read=nothing)
        case CreateDeployment():
            return Call(
                method="create_deployment",
                params={"restApiId": request.api}
                | ({"description": request.description} if request.description else {}),
                read=deployment,
            )
        case _:
            raise TypeError(f"{type(request).__name__} is no request AWS can be asked")


def _address(request: GetGatewayResponse | PutGatewayResponse | DeleteGatewayResponse) -> dict[str, Any]:
    return {"restApiId": request.api, "responseType": request.type.value}
