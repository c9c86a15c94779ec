"""What is asked and changed of stages, deployments, exports and resources, and what the answers mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from batchgw.control_plane.interface import AWS, Reading, Request
from batchgw.control_plane.operations import (
    OPERATIONS,
    Canary,
    DeleteDeployment,
    Deployment,
    DeploymentId,
    GetApiSummary,
    GetDeployments,
    GetExport,
    GetResources,
    GetStage,
    GetStages,
    MethodSummary,
    PatchOperation,
    Resource,
    Stage,
    UpdateStage,
)
from batchgw.control_plane.operations.listing import Page
from batchgw.errors import ServiceFailure
from batchgw.model import (
    DEFAULT_TEMPLATES,
    AccountId,
    GatewayResponse,
    Region,
    ResponseType,
    RestApiId,
    Scope,
    Settings,
)
from batchgw.model.completion import complete

HERE = Scope(account=AccountId("222222222222"), region=Region("eu-west-1"))
API = RestApiId("a1b2c3d4e5")
OLD, NEW = DeploymentId("d1e2f3"), DeploymentId("g4h5i6")
SIGNED = {"ResponseMetadata": {"RequestId": "r-1", "HTTPStatusCode": 202}}
MADE = datetime(2024, 4, 15, 20, 46, 20, tzinfo=UTC)
PROMOTE = (
    PatchOperation(op="copy", path="/deploymentId", from_="/canarySettings/deploymentId"),
    PatchOperation(op="replace", path="/canarySettings/percentTraffic", value="0.0"),
    PatchOperation(op="remove", path="/canarySettings"),
)
UPDATE = UpdateStage(scope=HERE, api=API, stage="prod", patch=PROMOTE)
STAGE = GetStage(scope=HERE, api=API, stage="prod")
STAGES = GetStages(scope=HERE, api=API)
DEPLOYMENTS = GetDeployments(scope=HERE, api=API)
SUMMARY = GetApiSummary(scope=HERE, api=API, deployment=OLD)
RESOURCES = GetResources(scope=HERE, api=API)
EXPORT = GetExport(scope=HERE, api=API, stage="prod")
DELETE = DeleteDeployment(scope=HERE, api=API, deployment=OLD)
ALL: tuple[Request[object], ...] = (UPDATE, STAGE, DEPLOYMENTS, SUMMARY, RESOURCES, EXPORT, DELETE)


@pytest.mark.parametrize(
    ("request_", "method", "target", "params"),
    [
        (
            UPDATE,
            "update_stage",
            "prod",
            {
                "restApiId": API,
                "stageName": "prod",
                "patchOperations": [
                    {"op": "copy", "path": "/deploymentId", "from": "/canarySettings/deploymentId"},
                    {"op": "replace", "path": "/canarySettings/percentTraffic", "value": "0.0"},
                    {"op": "remove", "path": "/canarySettings"},
                ],
            },
        ),
        (STAGE, "get_stage", "prod", {"restApiId": API, "stageName": "prod"}),
        (DEPLOYMENTS, "get_deployments", None, {"restApiId": API, "limit": 500}),
        (
            GetDeployments(scope=HERE, api=API, position="p", limit=2),
            "get_deployments",
            None,
            {"restApiId": API, "limit": 2, "position": "p"},
        ),
        (
            SUMMARY,
            "get_deployment",
            OLD,
            {"restApiId": API, "deploymentId": OLD, "embed": ["apisummary"]},
        ),
        (RESOURCES, "get_resources", None, {"restApiId": API, "limit": 500, "embed": ["methods"]}),
        (
            EXPORT,
            "get_export",
            "prod",
            {
                "restApiId": API,
                "stageName": "prod",
                "exportType": "oas30",
                "parameters": {"extensions": "apigateway"},
                "accepts": "application/json",
            },
        ),
        (DELETE, "delete_deployment", OLD, {"restApiId": API, "deploymentId": OLD}),
    ],
)
def test_each_request_is_the_keyword_arguments_of_the_boto3_call(
    request_: Request[object], method: str, target: str | None, params: dict[str, Any]
) -> None:
    assert (request_.operation.method, request_.api_id, request_.target) == (method, API, target)
    assert request_.params() == params


def test_they_are_in_the_registry_and_only_two_write() -> None:
    assert {each.operation for each in ALL} <= set(OPERATIONS)
    operations = [each.operation for each in ALL]
    assert [each.name for each in operations if each.writes] == ["UpdateStage", "DeleteDeployment"]
    assert [each.name for each in operations if each.overwrites] == ["UpdateStage"]


@pytest.mark.parametrize(
    ("settings", "canary"),
    [
        (None, None),
        ({}, None),
        ({"percentTraffic": 0.0, "deploymentId": NEW}, Canary(deployment=NEW, percent=0.0)),
        (
            {"percentTraffic": 12.5, "deploymentId": NEW, "useStageCache": False},
            Canary(deployment=NEW, percent=12.5),
        ),
        ({"deploymentId": NEW}, Canary(deployment=NEW, percent=0.0)),
        ({"percentTraffic": 100}, Canary(deployment=None, percent=100.0)),
    ],
)
def test_a_stage_is_told_with_its_canary(settings: object, canary: Canary | None) -> None:
    answer = {"stageName": "prod", "deploymentId": OLD, "lastUpdatedDate": MADE, "canarySettings": settings}
    stage = Stage(name="prod", deployment=OLD, updated=1713213980.0, canary=canary)
    assert STAGE.read(answer, AWS) == UPDATE.read(answer, AWS) == stage
    assert STAGES.read({"item": [answer]}, AWS) == (stage,)


def test_deployments_come_in_pages() -> None:
    page = DEPLOYMENTS.read(
        {
            "items": [{"id": OLD, "description": "batchgw run 7", "createdDate": MADE}, {"id": NEW}],
            "position": "p",
        },
        AWS,
    )
    assert page == Page(
        items=(Deployment(id=OLD, description="batchgw run 7", created=1713213980.0), Deployment(id=NEW)),
        token="p",
    )
    assert DEPLOYMENTS.read(SIGNED, AWS) == Page(items=())


def test_the_methods_of_a_deployment_are_told_by_path_and_verb() -> None:
    answer = {
        "id": OLD,
        "apiSummary": {
            "/": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}},
            "/orders": {"ANY": {"authorizationType": "AWS_IAM", "apiKeyRequired": True}, "POST": {}},
        },
    }
    assert SUMMARY.read(answer, AWS) == {
        ("/", "GET"): MethodSummary(authorization="NONE"),
        ("/orders", "ANY"): MethodSummary(authorization="AWS_IAM", api_key_required=True),
        ("/orders", "POST"): MethodSummary(authorization=None),
    }


def test_resources_are_told_with_the_methods_that_they_have_now() -> None:
    page = RESOURCES.read(
        {
            "items": [
                {"id": "root", "path": "/"},
                {
                    "path": "/orders",
                    "resourceMethods": {
                        "GET": {"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": True}
                    },
                },
            ]
        },
        AWS,
    )
    assert page.items == (
        Resource(path="/", methods={}),
        Resource(path="/orders", methods={"GET": MethodSummary(authorization="NONE", api_key_required=True)}),
    )


def exported(body: object, reading: Reading = AWS) -> Any:
    return EXPORT.read({"body": body}, reading)


def document(**more: object) -> dict[str, object]:
    return {"openapi": "3.0.1", "paths": {}, **more}


RESPONSES = "x-amazon-apigateway-gateway-responses"


@pytest.mark.parametrize("as_read", [str, str.encode], ids=["text", "bytes"])
def test_an_export_is_read_into_what_the_responses_show(as_read: Any) -> None:
    """Worked by hand: WAF_FILTERED inherits, and what THROTTLED leaves out is at its own default."""
    found = exported(
        as_read(
            json.dumps(
                document(
                    **{
                        RESPONSES: {
                            "DEFAULT_4XX": {
                                "statusCode": 418,
                                "responseParameters": {"gatewayresponse.header.X": "'1'"},
                            },
                            "THROTTLED": {"responseTemplates": {"application/json": "{}"}},
                            "UNAUTHORIZED": {},
                        }
                    }
                )
            )
        )
    ).responses
    own = {
        ResponseType.DEFAULT_4XX: Settings(
            status_code="418", parameters={"gatewayresponse.header.X": "'1'"}, templates=DEFAULT_TEMPLATES
        ),
        ResponseType.THROTTLED: Settings(status_code="429", templates={"application/json": "{}"}),
        ResponseType.UNAUTHORIZED: Settings(status_code="401", templates=DEFAULT_TEMPLATES),
    }
    assert list(found) == list(ResponseType)
    assert {kind: r.settings for kind, r in found.items() if not r.default_response} == own
    assert found[ResponseType.WAF_FILTERED] == GatewayResponse(
        type=ResponseType.WAF_FILTERED, settings=own[ResponseType.DEFAULT_4XX], default_response=True
    )
    assert found[ResponseType.INTEGRATION_TIMEOUT] == complete({})[ResponseType.INTEGRATION_TIMEOUT]


def test_an_export_without_responses_has_the_defaults_and_a_type_of_the_future_is_told() -> None:
    assert exported(json.dumps(document())).responses == complete({})
    told: list[str] = []
    text = json.dumps(document(**{RESPONSES: {"TELEPORT_FAILED": {"statusCode": 500}}}))
    assert exported(text, Reading(unknown=told.append)).responses == complete({})
    assert told == ["TELEPORT_FAILED"]


def test_an_export_tells_the_methods_of_each_path() -> None:
    paths = {
        "/": {"get": {}, "options": {}, "parameters": [], "summary": "s"},
        "/{proxy+}": {"x-amazon-apigateway-any-method": {}},
        "/empty": {},
    }
    assert exported(json.dumps(document(paths=paths))).paths == {
        "/": ("GET", "OPTIONS"),
        "/{proxy+}": ("ANY",),
        "/empty": (),
    }


NESTED = "[" * 100_000


@pytest.mark.parametrize(
    ("request_", "answer", "why"),
    [
        (STAGE, {}, "has no name"),
        (STAGE, {"stageName": "test"}, "about stage test, not about prod"),
        (UPDATE, {"stageName": "test"}, "about stage test, not about prod"),
        (STAGE, {"stageName": "prod", "canarySettings": ["d1"]}, "deployment of the canary"),
        (
            STAGE,
            {"stageName": "prod", "canarySettings": {"deploymentId": "../x"}},
            "deployment of the canary",
        ),
        (STAGE, {"stageName": "prod", "canarySettings": {"percentTraffic": 101}}, "no percentage"),
        (STAGE, {"stageName": "prod", "canarySettings": {"percentTraffic": True}}, "no percentage"),
        (STAGE, {"stageName": "prod", "canarySettings": {"percentTraffic": float("nan")}}, "no percentage"),
        (DEPLOYMENTS, {}, "x-amzn-RequestId"),
        (DEPLOYMENTS, {"items": [{"description": "x"}]}, "a deployment in it has no id"),
        (DEPLOYMENTS, {"items": [], "position": 7}, "token of the next page"),
        (SUMMARY, {"id": OLD}, "no summary of deployment d1e2f3"),
        (SUMMARY, {"id": NEW, "apiSummary": {}}, "not about deployment d1e2f3"),
        (SUMMARY, {"id": OLD, "apiSummary": {"/": ["GET"]}}, "a path in it"),
        (SUMMARY, {"id": OLD, "apiSummary": {"/": {"GET": "NONE", "PUT": 7}}}, "a method of /"),
        (SUMMARY, {"id": OLD, "apiSummary": {"/": {"GET": {"apiKeyRequired": "yes"}}}}, "a method of /"),
        (RESOURCES, {"items": [{"id": "r"}]}, "a path in it"),
        (RESOURCES, {"items": [{"path": "/", "resourceMethods": "GET"}]}, "a path in it"),
        (EXPORT, {}, "not a JSON object"),
        (EXPORT, {"body": "openapi: 3.0.1"}, "not JSON"),
        (EXPORT, {"body": b"\xff\xfe\xfa"}, "not JSON"),
        (EXPORT, {"body": NESTED}, "not JSON"),
        (EXPORT, {"body": "{}"}, "no OpenAPI document"),
        (EXPORT, {"body": '{"openapi": "3.0.1"}'}, "no paths"),
        (EXPORT, {"body": json.dumps(document(paths={"/": []}))}, "a path of the export"),
        (EXPORT, {"body": json.dumps(document(**{RESPONSES: []}))}, "gateway-responses of the export"),
        (EXPORT, {"body": json.dumps(document(**{RESPONSES: {"THROTTLED": 7}}))}, "THROTTLED of the export"),
        (
            EXPORT,
            {"body": json.dumps(document(**{RESPONSES: {"THROTTLED": {"statusCode": 4290}}}))},
            "statusCode of THROTTLED",
        ),
        (DELETE, {}, "x-amzn-RequestId"),
        (DELETE, {"ResponseMetadata": {"RequestId": "r", "HTTPStatusCode": 200}}, "status 200"),
    ],
    ids=lambda value: value.operation.name if isinstance(value, Request) else None,
)
def test_an_answer_that_cannot_be_is_unreadable(
    request_: Request[object], answer: dict[str, Any], why: str
) -> None:
    with pytest.raises(ServiceFailure, match=why):
        request_.read(answer, AWS)


def test_a_deletion_is_believed_with_its_status_and_its_request_id() -> None:
    DELETE.read(SIGNED, AWS)
