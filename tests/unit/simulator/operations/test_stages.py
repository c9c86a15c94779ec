from __future__ import annotations

from typing import Any

import pytest

from tests.unit.simulator_client import Client

CANNOT_REMOVE = "Cannot remove method setting {} because there is no method setting for this method "
LOG_PATHS = (
    "Invalid accessLogSettings path. Must be one of : "
    "[/accessLogSettings/destinationArn, /accessLogSettings/format]"
)


class Deployed:
    """An API with a stage `dev` on its first of two deployments."""

    def __init__(self, **stage: object) -> None:
        self.client = Client()
        self.api = self.client.api()
        self.old = self.client("CreateDeployment", restApiId=self.api)["id"]
        self.new = self.client("CreateDeployment", restApiId=self.api)["id"]
        self.where = {"restApiId": self.api, "stageName": "dev"}
        self.created = self.client("CreateStage", **self.where, deploymentId=self.old, **stage)

    def patch(self, *operations: dict[str, str]) -> Any:
        return self.client("UpdateStage", **self.where, patchOperations=list(operations))

    def refusal(self, *operations: dict[str, str]) -> str:
        before = self.client("GetStage", **self.where)
        code, status, message = self.client.refusal(
            "UpdateStage", **self.where, patchOperations=list(operations)
        )
        assert (code, status) == ("BadRequestException", 400)
        assert self.client("GetStage", **self.where) == before
        return message


def op(name: str, path: str, value: str = "", **more: str) -> dict[str, str]:
    return {"op": name, "path": path, "value": value, **more}


def replace(path: str, value: str) -> dict[str, str]:
    return op("replace", path, value)


def test_a_stage_is_on_the_deployment_it_is_put_on() -> None:
    world = Deployed()
    assert world.created["deploymentId"] == world.old
    assert world.patch(replace("/deploymentId", world.new))["deploymentId"] == world.new
    assert world.refusal(replace("/deploymentId", "nope")) == "Deployment id does not exist"


def test_stages_are_filtered_by_deployment() -> None:
    world = Deployed()
    where = {"restApiId": world.api}
    world.client("CreateStage", **where, stageName="prod", deploymentId=world.new)
    names = [s["stageName"] for s in world.client("GetStages", **where)["item"]]
    on_new = [s["stageName"] for s in world.client("GetStages", **where, deploymentId=world.new)["item"]]
    assert (names, on_new) == (["dev", "prod"], ["prod"])


def test_what_create_refuses() -> None:
    world = Deployed()
    create = {"restApiId": world.api, "deploymentId": world.old}
    assert world.client.refusal("CreateStage", **create, stageName="dev")[0] == "ConflictException"
    assert world.client.refusal("CreateStage", **create, stageName="no spaces")[1] == 400
    assert world.client.refusal("CreateStage", restApiId=world.api, stageName="x", deploymentId="nope") == (
        "BadRequestException",
        400,
        "Deployment id does not exist",
    )
    canary = {"deploymentId": "nope"}
    assert world.client.refusal("CreateStage", **create, stageName="x", canarySettings=canary)[2] == (
        "Deployment id does not exist"
    )


def test_an_update_moves_the_date_and_only_that() -> None:
    world = Deployed(description="my stage")
    world.client.now += 5
    after = world.patch(replace("/description", "new"))
    assert after == world.created | {
        "description": "new",
        "lastUpdatedDate": world.created["createdDate"] + 5,
    }


def test_new_method_settings_start_from_those_of_all_methods() -> None:
    world = Deployed()
    after = world.patch(
        replace("/*/*/throttling/burstLimit", "123"),
        replace("/*/*/caching/enabled", "true"),
        replace("/test/GET/throttling/burstLimit", "124"),
        replace("/~1orders/POST/metrics/enabled", "true"),
    )["methodSettings"]
    assert after["*/*"] == {
        "metricsEnabled": False,
        "dataTraceEnabled": False,
        "throttlingBurstLimit": 123,
        "throttlingRateLimit": 10000.0,
        "cachingEnabled": True,
        "cacheTtlInSeconds": 300,
        "cacheDataEncrypted": False,
        "requireAuthorizationForCacheControl": True,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    }
    assert after["test/GET"] == after["*/*"] | {"throttlingBurstLimit": 124}
    assert after["orders/POST"] == after["*/*"] | {"metricsEnabled": True}
    later = world.patch(replace("/*/*/throttling/burstLimit", "100"))["methodSettings"]
    assert (later["*/*"]["throttlingBurstLimit"], later["test/GET"]["throttlingBurstLimit"]) == (100, 124)


def test_fields_variables_and_logs() -> None:
    world = Deployed()
    after = world.patch(
        replace("/variables/a", "1"),
        replace("/variables/b", "2"),
        op("remove", "/variables/a"),
        replace("/tracingEnabled", "true"),
        op("add", "/accessLogSettings/format", "$context.requestId"),
    )
    assert after["variables"] == {"b": "2"}
    assert after["tracingEnabled"] is True
    assert after["accessLogSettings"] == {"format": "$context.requestId"}
    assert "accessLogSettings" not in world.patch(op("remove", "/accessLogSettings"))


def test_any_canary_setting_makes_a_canary_on_the_stages_own_deployment() -> None:
    world = Deployed()
    assert world.patch(replace("/canarySettings/percentTraffic", "50"))["canarySettings"] == {
        "deploymentId": world.old,
        "percentTraffic": 50.0,
        "useStageCache": False,
    }
    after = world.patch(
        replace("/canarySettings/deploymentId", world.new),
        replace("/canarySettings/useStageCache", "true"),
        replace("/canarySettings/stageVariableOverrides/v", "x"),
    )
    assert after["canarySettings"] == {
        "deploymentId": world.new,
        "percentTraffic": 50.0,
        "useStageCache": True,
        "stageVariableOverrides": {"v": "x"},
    }
    assert "canarySettings" not in world.patch(op("remove", "/canarySettings"))


def test_a_canary_is_promoted_by_copying() -> None:
    world = Deployed(variables={"v": "old", "w": "old"})
    world.patch(
        replace("/canarySettings/deploymentId", world.new),
        replace("/canarySettings/stageVariableOverrides/v", "canary"),
    )
    after = world.patch(
        op("copy", "/deploymentId", **{"from": "/canarySettings/deploymentId"}),
        op("copy", "/variables", **{"from": "/canarySettings/stageVariableOverrides"}),
    )
    assert (after["deploymentId"], after["variables"]) == (world.new, {"v": "canary", "w": "old"})


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (op("remove", "/*/*"), CANNOT_REMOVE.format("*/*")),
        (op("remove", "/canarySettings/badPath"), CANNOT_REMOVE.format("canarySettings/badPath")),
        (op("remove", "/accessLogSettings/format"), CANNOT_REMOVE.format("accessLogSettings/format")),
        (op("add", "/accessLogSettings/other", "x"), LOG_PATHS),
        (replace("/accessLogSettings", "x"), LOG_PATHS),
        (replace("/accessLogSettings/format", ""), "Access Log value must not be empty"),
        (
            op("add", "/canarySettings/deploymentId", "x"),
            "Invalid add operation with path: /canarySettings/deploymentId",
        ),
        (replace("/canarySettings/deploymentId", "x"), "Deployment id does not exist"),
        (
            op("copy", "/deploymentId", **{"from": "/canarySettings/deploymentId"}),
            "Promotion not available. Canary does not exist.",
        ),
        (
            op("copy", "/canarySettings/deploymentId", **{"from": "/deploymentId"}),
            (
                "Invalid copy operation with path: /canarySettings/deploymentId and from /deploymentId. "
                "Valid copy:path are [/deploymentId, /variables] and valid copy:from are "
                "[/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
            ),
        ),
        (
            replace("/*/*/throttling/burstLimit", "many"),
            "Invalid value 'many' for path /*/*/throttling/burstLimit",
        ),
        (op("move", "/description"), "Invalid patch operation specified. Must be 'add'|'remove'|'replace'"),
    ],
)
def test_what_update_refuses(operation: dict[str, str], message: str) -> None:
    assert Deployed().refusal(replace("/description", "not kept"), operation) == message


@pytest.mark.parametrize(
    "path", ["/tags/tag1", "/documentation_version", "/canarySettings", "/canarySettings/x"]
)
def test_paths_a_stage_does_not_have(path: str) -> None:
    found = Deployed().refusal(replace(path, "x"))
    assert found.startswith(
        f"Invalid method setting path: {path}. Must be one of: [/deploymentId, /description, "
    )
    assert found.endswith("/variables/{variable_name}, /tracingEnabled]")


def test_a_stage_that_is_not_there() -> None:
    client = Client()
    where = {"restApiId": client.api(), "stageName": "nope"}
    for operation in ("GetStage", "UpdateStage", "DeleteStage"):
        assert client.refusal(operation, **where)[1:] == (404, "Invalid stage identifier specified")
