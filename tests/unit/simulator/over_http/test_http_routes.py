"""From a request line to an operation: the table of routes."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from multidict import CIMultiDict

from batchgw.simulator.over_http.call import HttpCall
from batchgw.simulator.over_http.routes import NoSuchRoute, Routes
from batchgw.simulator.reply import ServiceFault


@pytest.fixture(scope="module")
def routes() -> Routes:
    return Routes("apigateway")


def call(method: str, target: str, body: object = None, **headers: str) -> HttpCall:
    content = b"" if body is None else json.dumps(body).encode()
    return HttpCall(method=method, target=target, headers=CIMultiDict(headers), body=content)


API = {"restApiId": "a1"}
TYPE = {"restApiId": "a1", "responseType": "DEFAULT_4XX"}
STAGE = {"restApiId": "a1", "stageName": "prod"}
METHOD = {"restApiId": "a1", "resourceId": "r1", "httpMethod": "GET"}
PATCH = {"patchOperations": [{"op": "replace", "path": "/statusCode", "value": "404"}]}


TABLE: list[tuple[HttpCall, str, Mapping[str, object]]] = [
    (call("GET", "/restapis"), "GetRestApis", {}),
    (call("GET", "/restapis/"), "GetRestApis", {}),
    (call("GET", "/restapis?limit=500&position=abc"), "GetRestApis", {"limit": "500", "position": "abc"}),
    (
        call("POST", "/restapis", {"name": "n", "tags": {"a": "b"}}),
        "CreateRestApi",
        {"name": "n", "tags": {"a": "b"}},
    ),
    (call("GET", "/restapis/a1"), "GetRestApi", API),
    (call("PATCH", "/restapis/a1", PATCH), "UpdateRestApi", {**API, **PATCH}),
    (call("DELETE", "/restapis/a1"), "DeleteRestApi", API),
    (call("GET", "/restapis/a1/gatewayresponses"), "GetGatewayResponses", API),
    (call("GET", "/restapis/a1/gatewayresponses/DEFAULT_4XX"), "GetGatewayResponse", TYPE),
    (call("PUT", "/restapis/a1/gatewayresponses/DEFAULT_4XX", {}), "PutGatewayResponse", TYPE),
    (
        call("PATCH", "/restapis/a1/gatewayresponses/DEFAULT_4XX", PATCH),
        "UpdateGatewayResponse",
        {**TYPE, **PATCH},
    ),
    (call("DELETE", "/restapis/a1/gatewayresponses/DEFAULT_4XX"), "DeleteGatewayResponse", TYPE),
    (call("GET", "/restapis/a1/stages?deploymentId=d1"), "GetStages", {**API, "deploymentId": "d1"}),
    (call("POST", "/restapis/a1/stages", {"stageName": "prod"}), "CreateStage", STAGE),
    (call("GET", "/restapis/a1/stages/prod"), "GetStage", STAGE),
    (
        call("PATCH", "/restapis/a1/stages/prod", {"patchOperations": []}),
        "UpdateStage",
        {**STAGE, "patchOperations": []},
    ),
    (call("DELETE", "/restapis/a1/stages/prod"), "DeleteStage", STAGE),
    (call("GET", "/restapis/a1/deployments?limit=5"), "GetDeployments", {**API, "limit": "5"}),
    (call("POST", "/restapis/a1/deployments", {"stageName": "prod"}), "CreateDeployment", STAGE),
    (
        call("GET", "/restapis/a1/deployments/d1?embed=apisummary"),
        "GetDeployment",
        {**API, "deploymentId": "d1", "embed": ["apisummary"]},
    ),
    (call("DELETE", "/restapis/a1/deployments/d1"), "DeleteDeployment", {**API, "deploymentId": "d1"}),
    (call("GET", "/restapis/a1/resources"), "GetResources", API),
    (
        call("POST", "/restapis/a1/resources/r1", {"pathPart": "p"}),
        "CreateResource",
        {**API, "parentId": "r1", "pathPart": "p"},
    ),
    (
        call("PUT", "/restapis/a1/resources/r1/methods/GET", {"authorizationType": "NONE"}),
        "PutMethod",
        {**METHOD, "authorizationType": "NONE"},
    ),
    (
        call("PUT", "/restapis/a1/resources/r1/methods/GET/integration", {"type": "MOCK"}),
        "PutIntegration",
        {**METHOD, "type": "MOCK"},
    ),
    (
        call("GET", "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fa1"),
        "GetTags",
        {"resourceArn": "arn:aws:apigateway:eu-west-1::/restapis/a1"},
    ),
]


@pytest.mark.parametrize(("request_", "operation", "params"), TABLE)
def test_method_and_path_name_the_operation(
    routes: Routes, request_: HttpCall, operation: str, params: Mapping[str, object]
) -> None:
    assert routes.match(request_) == (operation, params)


def test_an_export_s_query_is_a_map_and_its_accept_a_member(routes: Routes) -> None:
    target = "/restapis/a1/stages/prod/exports/oas30?extensions=apigateway"
    assert routes.match(call("GET", target, accept="application/yaml")) == (
        "GetExport",
        {
            **STAGE,
            "exportType": "oas30",
            "parameters": {"extensions": "apigateway"},
            "accepts": "application/yaml",
        },
    )


def test_an_import_is_told_from_a_creation_by_its_query(routes: Routes) -> None:
    operation, params = routes.match(
        call("POST", "/restapis?mode=import&failonwarnings=true", {"openapi": "3.0.1"})
    )
    assert operation == "ImportRestApi"
    assert params["body"] == b'{"openapi": "3.0.1"}'
    assert params["failOnWarnings"] == "true"


def test_the_path_s_members_cannot_be_overruled_by_the_body(routes: Routes) -> None:
    sent = {"restApiId": "other", "responseType": "THROTTLED", "statusCode": "404", "colour": "red"}
    _, params = routes.match(call("PUT", "/restapis/a1/gatewayresponses/DEFAULT_4XX", sent))
    assert params == {**TYPE, "statusCode": "404"}


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "/nowhere"),
        ("POST", "/restapis/a1"),
        ("GET", "/restapis/a1/gatewayresponses/DEFAULT_4XX/more"),
        ("GET", "/restapis//gatewayresponses"),
    ],
)
def test_anything_else_is_no_route(routes: Routes, method: str, target: str) -> None:
    with pytest.raises(NoSuchRoute):
        routes.match(call(method, target))


@pytest.mark.parametrize("body", [b'{"name":', b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(routes: Routes, body: bytes) -> None:
    request = HttpCall(method="POST", target="/restapis", headers=CIMultiDict(), body=body)
    with pytest.raises(ServiceFault) as caught:
        routes.match(request)
    assert (caught.value.code, caught.value.status) == ("SerializationException", 400)
