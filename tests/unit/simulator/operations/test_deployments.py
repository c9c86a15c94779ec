from __future__ import annotations

import json
from typing import Any

import pytest

from batchgw.simulator.world.world import World
from tests.unit.simulator_client import Client

CANARY = {"percentTraffic": 50, "stageVariableOverrides": {"v": "canary"}}
INVALID = "Invalid deployment content specified."
NEEDED = (
    INVALID + "Non null and non empty stageName must be provided for canary deployment. Provided value is "
)


def stage(client: Client, api: str, name: str = "dev") -> Any:
    return client("GetStage", restApiId=api, stageName=name)


def update(*operations: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"op": op, "path": path, "value": value} for op, path, value in operations]


def test_a_deployment_without_a_stage_touches_none() -> None:
    client = Client()
    api = client.api()
    made = client("CreateDeployment", restApiId=api, description="run 1")
    assert made == {"id": made["id"], "createdDate": 1_800_000_000, "description": "run 1"}
    assert client("GetDeployment", restApiId=api, deploymentId=made["id"]) == made
    assert client("GetDeployments", restApiId=api) == {"item": [made]}
    assert client("GetStages", restApiId=api) == {"item": []}


def test_a_deployment_to_a_stage_makes_it_or_moves_it() -> None:
    client = Client()
    api = client.api()
    one = client("CreateDeployment", restApiId=api, stageName="dev", variables={"v": "1"})["id"]
    assert stage(client, api) == {
        "stageName": "dev",
        "deploymentId": one,
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
        "createdDate": 1_800_000_000,
        "lastUpdatedDate": 1_800_000_000,
        "variables": {"v": "1"},
    }
    client.now += 60
    two = client("CreateDeployment", restApiId=api, stageName="dev")["id"]
    moved = stage(client, api)
    assert (moved["deploymentId"], moved["variables"]) == (two, {"v": "1"})
    assert moved["lastUpdatedDate"] - moved["createdDate"] == 60


def test_what_a_deployment_says_of_its_stage() -> None:
    client = Client()
    api = client.api()
    client(
        "CreateDeployment",
        restApiId=api,
        stageName="dev",
        stageDescription="mine",
        tracingEnabled=True,
        cacheClusterEnabled=True,
        cacheClusterSize="0.5",
    )
    wanted = {
        "description": "mine",
        "tracingEnabled": True,
        "cacheClusterEnabled": True,
        "cacheClusterStatus": "AVAILABLE",
        "cacheClusterSize": "0.5",
    }
    assert {k: v for k, v in stage(client, api).items() if k in wanted} == wanted
    client("CreateDeployment", restApiId=api, stageName="dev")
    assert {k: v for k, v in stage(client, api).items() if k in wanted} == wanted


def with_other_methods(client: Client) -> tuple[str, str]:
    """An API with a GET for everybody, and a POST for an IAM identity with an API key; and its root."""
    api = client.api()
    root = str(client("GetRestApi", restApiId=api)["rootResourceId"])
    where = {"restApiId": api, "resourceId": root, "httpMethod": "POST"}
    client("PutMethod", **where, authorizationType="AWS_IAM", apiKeyRequired=True)
    client("PutIntegration", **where, type="MOCK")
    return api, root


SUMMARY = {
    "/": {
        "GET": {"authorizationType": "NONE", "apiKeyRequired": False},
        "POST": {"authorizationType": "AWS_IAM", "apiKeyRequired": True},
    }
}


def test_a_deployment_tells_its_methods_when_asked_even_without_a_stage_and_after_later_edits() -> None:
    client = Client()
    api, root = with_other_methods(client)
    one = {"restApiId": api, "deploymentId": client("CreateDeployment", restApiId=api)["id"]}
    client("DeleteMethod", restApiId=api, resourceId=root, httpMethod="POST")
    assert client("GetDeployment", **one, embed=["apisummary"])["apiSummary"] == SUMMARY
    assert "apiSummary" not in client("GetDeployment", **one)


def test_resources_with_their_methods_and_the_export_agree_with_the_summary() -> None:
    client = Client()
    api, root = with_other_methods(client)
    client("CreateDeployment", restApiId=api, stageName="prod")
    embedded = client("GetResources", restApiId=api, embed=["methods"])["item"][0]
    one = client("GetResource", restApiId=api, resourceId=root, embed=["methods"])
    assert one == embedded
    named = {
        verb: {name: method[name] for name in ("authorizationType", "apiKeyRequired")}
        for verb, method in embedded["resourceMethods"].items()
    }
    assert {embedded["path"]: named} == SUMMARY
    exported = {"restApiId": api, "stageName": "prod", "exportType": "oas30"}
    document = json.loads(client("GetExport", **exported))
    methods = document["paths"]["/"]
    assert {verb: method.get("security") for verb, method in methods.items()} == {
        "get": None,
        "post": [{"sigv4": [], "api_key": []}],
    }
    assert set(document["components"]["securitySchemes"]) == {"sigv4", "api_key"}


def test_an_api_without_methods_cannot_be_deployed() -> None:
    client = Client()
    assert client.refusal("CreateDeployment", restApiId=client.api(methods=False)) == (
        "BadRequestException",
        400,
        "The REST API doesn't contain any methods",
    )


def test_a_method_that_does_nothing_cannot_be_deployed() -> None:
    client = Client()
    api = client.api(methods=False)
    root = client("GetRestApi", restApiId=api)["rootResourceId"]
    client("PutMethod", restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    assert client.refusal("CreateDeployment", restApiId=api)[2] == "No integration defined for method"


def test_a_deployment_in_use_is_kept() -> None:
    client = Client()
    api = client.api()
    one = client("CreateDeployment", restApiId=api, stageName="dev")["id"]
    canary = client("CreateDeployment", restApiId=api, stageName="dev", canarySettings=CANARY)["id"]
    for used in (one, canary):
        assert client.refusal("DeleteDeployment", restApiId=api, deploymentId=used) == (
            "BadRequestException",
            400,
            "Active stages pointing to this deployment must be moved or deleted",
        )
    client("DeleteStage", restApiId=api, stageName="dev")
    assert client.status("DeleteDeployment", restApiId=api, deploymentId=one) == 202
    assert client.refusal("GetDeployment", restApiId=api, deploymentId=one) == (
        "NotFoundException",
        404,
        "Invalid Deployment identifier specified",
    )


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            {},
            NEEDED + "null",
        ),
        (
            {"stageName": ""},
            NEEDED,
        ),
        (
            {"stageName": "nope"},
            INVALID + "Stage nope must already be created before making a canary release deployment",
        ),
    ],
)
def test_a_canary_needs_a_stage(where: dict[str, str], message: str) -> None:
    client = Client()
    refusal = client.refusal("CreateDeployment", restApiId=client.api(), canarySettings=CANARY, **where)
    assert refusal == ("BadRequestException", 400, message)


def test_a_canary_gets_no_traffic_unless_it_is_said() -> None:
    client = Client()
    api = client.api()
    client("CreateDeployment", restApiId=api, stageName="dev")
    canary = client("CreateDeployment", restApiId=api, stageName="dev", canarySettings={})["id"]
    assert stage(client, api)["canarySettings"] == {
        "deploymentId": canary,
        "percentTraffic": 0.0,
        "useStageCache": False,
    }


def test_a_plain_deployment_does_not_go_over_a_canary() -> None:
    client = Client()
    api = client.api()
    client("CreateDeployment", restApiId=api, stageName="dev")
    client("CreateDeployment", restApiId=api, stageName="dev", canarySettings=CANARY)
    before = stage(client, api)
    assert client.refusal("CreateDeployment", restApiId=api, stageName="dev") == (
        "BadRequestException",
        400,
        "Non canary deployment not supported on stage dev because Canary is enabled",
    )
    assert stage(client, api) == before
    assert len(client("GetDeployments", restApiId=api)["item"]) == 2


def test_a_deployment_is_live_and_later_edits_are_not() -> None:
    """The export shows the deployed snapshot; moving the stage back takes it back."""
    client = Client()
    api = client.api()

    def live() -> Any:
        document = client(
            "GetExport",
            restApiId=api,
            stageName="prod",
            exportType="oas30",
            parameters={"extensions": "apigateway"},
        )
        return json.loads(document).get("x-amazon-apigateway-gateway-responses")

    old = client("CreateDeployment", restApiId=api, stageName="prod")["id"]
    client(
        "PutGatewayResponse",
        restApiId=api,
        responseType="UNAUTHORIZED",
        statusCode="444",
        responseParameters={"gatewayresponse.header.X": "'y'"},
    )
    assert live() is None
    new = client("CreateDeployment", restApiId=api)["id"]
    assert live() is None
    where = {"restApiId": api, "stageName": "prod"}
    client("UpdateStage", **where, patchOperations=update(("replace", "/deploymentId", new)))
    shown = {"UNAUTHORIZED": {"statusCode": 444, "responseParameters": {"gatewayresponse.header.X": "'y'"}}}
    assert live() == shown
    client("DeleteGatewayResponse", restApiId=api, responseType="UNAUTHORIZED")
    assert live() == shown
    client("UpdateStage", **where, patchOperations=update(("replace", "/deploymentId", old)))
    assert live() is None


def test_an_export_is_openapi_or_swagger() -> None:
    client = Client()
    api = client.api()
    client("CreateDeployment", restApiId=api, stageName="prod")
    where = {"restApiId": api, "stageName": "prod"}
    openapi = json.loads(client("GetExport", **where, exportType="oas30"))
    assert (openapi["openapi"], openapi["info"]["title"], openapi["paths"]) == (
        "3.0.1",
        "orders",
        {"/": {"get": {"responses": {}}}},
    )
    assert openapi["servers"][0]["url"] == f"https://{api}.execute-api.eu-west-1.amazonaws.com/{{basePath}}"
    assert json.loads(client("GetExport", **where, exportType="swagger"))["basePath"] == "/prod"
    assert client.refusal("GetExport", **where, exportType="raml")[1] == 400
    assert client.refusal("GetExport", restApiId=api, stageName="nope", exportType="oas30") == (
        "NotFoundException",
        404,
        "Invalid stage identifier specified",
    )


def test_generated_stages_that_are_behind_do_not_show_what_is_configured() -> None:
    client = Client(World.generate(apis=400, accounts=1, regions=1))
    behind = level = 0
    for api in client("GetRestApis", limit=500)["item"]:
        where = {"restApiId": api["id"]}
        own = {
            r["responseType"]
            for r in client("GetGatewayResponses", **where)["item"]
            if not r["defaultResponse"]
        }
        for found in client("GetStages", **where)["item"]:
            export = client(
                "GetExport",
                **where,
                stageName=found["stageName"],
                exportType="oas30",
                parameters={"extensions": "apigateway"},
            )
            live = set(json.loads(export).get("x-amazon-apigateway-gateway-responses", {}))
            assert live in (set(), own)
            behind += live != own
            level += bool(own) and live == own
    assert 0 < behind < level


def test_reading_an_untouched_api_twice_is_the_same() -> None:
    client = Client(World.generate(apis=30, accounts=1, regions=1))
    api = client("GetRestApis")["item"][0]["id"]
    for operation in ("GetStages", "GetDeployments", "GetResources"):
        assert client(operation, restApiId=api) == client(operation, restApiId=api)


def test_deploying_a_generated_api_keeps_what_it_had() -> None:
    client = Client(World.generate(apis=30, accounts=1, regions=1))
    for api in client("GetRestApis", limit=500)["item"]:
        before = client("GetDeployments", restApiId=api["id"])["item"]
        new = client("CreateDeployment", restApiId=api["id"])
        assert client("GetDeployments", restApiId=api["id"])["item"] == [*before, new]
        assert new["id"] not in {d["id"] for d in before}
