"""Over HTTP, with boto3, the simulator answers as AWS did: REST APIs, deployments, stages, canaries.

The requests follow the published tests whose answers were recorded. A test of something that the simulator
does not have is listed with the reason. Together the two lists contain all recorded tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from operator import itemgetter
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.conformance.recording import Answer, Recording, load

FILE = "deployments_stages_routing.json"

NOT_COVERED = {
    "TestApiGatewayApiAuthorizer::test_authorizer_crud_no_api": "authorizers are not simulated",
    "TestApigatewayTestInvoke::test_failed_invoke_test_method": "TestInvokeMethod is not simulated",
    "TestUsagePlans::test_api_key_required_for_methods": "API keys and usage plans are not simulated",
}
"""Recorded tests of things the simulator does not have."""

COVERED: dict[str, Callable[[Any, Recording], None]] = {}
"""All other recorded tests: their steps, by name."""


def covers(name: str) -> Callable[[Callable[[Any, Recording], None]], Callable[[Any, Recording], None]]:
    """Register the steps of a recorded test under its name."""

    def register(steps: Callable[[Any, Recording], None]) -> Callable[[Any, Recording], None]:
        COVERED[name] = steps
        return steps

    return register


def deployable(client: Any) -> str:
    """An API with a mock method, because an API without methods cannot be deployed."""
    api = client.create_rest_api(name="deployable")
    mock(client, api["id"], api["rootResourceId"], "{}")
    return str(api["id"])


def mock(client: Any, api: str, resource: str, template: str) -> dict[str, str]:
    """Add a GET that answers a template. Returns where its integration response is."""
    method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE")
    client.put_method_response(**method, statusCode="200")
    client.put_integration(
        **method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    answer = {**method, "statusCode": "200"}
    client.put_integration_response(**answer, responseTemplates={"application/json": template})
    return answer


def invoked(client: Any, api: str, stage: str, path: str, method: str = "GET") -> Answer:
    """What a deployed API answers: the body of a success, else the body and the error type."""
    url = f"{client.meta.endpoint_url}/restapis/{api}/{stage}/_user_request_{path}"
    try:
        with urlopen(Request(url, method=method), timeout=10) as answer:  # noqa: S310 - the simulator's own
            success: Answer = json.loads(answer.read())
            return success
    except HTTPError as refused:
        with refused:
            content = json.loads(refused.read())
            return {"content": content, "errorType": refused.headers["x-amzn-ErrorType"]}


def patch(*operations: tuple[str, ...]) -> list[dict[str, str]]:
    """Patch operations: ("remove", path), ("replace", path, value) or ("copy", from, path)."""
    out = []
    for op, first, *rest in operations:
        if op == "copy":
            out.append({"op": op, "from": first, "path": rest[0]})
        else:
            out.append({"op": op, "path": first, **({"value": rest[0]} if rest else {})})
    return out


# REST APIs


@covers("TestApiGatewayApiRestApi::test_list_and_delete_apis")
def list_and_delete(client: Any, steps: Recording) -> None:
    def listed() -> Answer:
        answer = client.get_rest_apis()
        return {**answer, "items": sorted(answer["items"], key=itemgetter("name"))}

    first = client.create_rest_api(name="list-1", description="this is my api")
    steps.match("create-rest-api-1", first)
    steps.match("create-rest-api-2", client.create_rest_api(name="list-2", description="this is my api2"))
    steps.match("get-rest-api-before-delete", listed())
    steps.match("delete-rest-api", client.delete_rest_api(restApiId=first["id"]))
    steps.match("get-rest-api-after-delete", listed())


@covers("TestApiGatewayApiRestApi::test_get_api_case_insensitive")
def ids_have_case(client: Any, steps: Recording) -> None:
    created = client.create_rest_api(name="case", description="lower case api")
    # Recorded before AWS showed ipAddressType; all later recordings of CreateRestApi have it.
    types = {"types": created["endpointConfiguration"]["types"]}
    steps.match("create-rest-api", {**created, "endpointConfiguration": types})
    upper = created["id"].upper()
    steps.name(upper, "<upper-id>")
    steps.refused("get-api-upper-case", lambda: client.get_rest_api(restApiId=upper))


@covers("TestApiGatewayApiRestApi::test_create_rest_api_with_optional_params")
def optional_parameters(client: Any, steps: Recording) -> None:
    create = client.create_rest_api
    steps.match("create-only-name", create(name="optional-1"))
    steps.refused("create-empty-desc", lambda: create(name="optional-2", description=""))
    steps.match("create-with-version", create(name="optional-3", version="v1"))
    steps.match("create-with-empty-binary-media", create(name="optional-4", binaryMediaTypes=[]))
    steps.refused("string-compression-size", lambda: create(name="optional-5", minimumCompressionSize=-1))


@covers("TestApiGatewayApiRestApi::test_create_rest_api_with_tags")
def tags(client: Any, steps: Recording) -> None:
    created = client.create_rest_api(name="tags", description="this is my api", tags={"MY_TAG1": "MY_VALUE1"})
    steps.match("create-rest-api-w-tags", created)
    steps.match("get-rest-api-w-tags", client.get_rest_api(restApiId=created["id"]))
    steps.match("get-rest-apis-w-tags", client.get_rest_apis())


@covers("TestApiGatewayApiRestApi::test_create_rest_api_with_binary_media_types")
def binary_media_types(client: Any, steps: Recording) -> None:
    created = client.create_rest_api(name="binary", binaryMediaTypes=["image/png"])
    steps.match("create-with-binary-media", created)


@covers("TestApiGatewayApiRestApi::test_create_rest_api_with_endpoint_configuration")
def endpoint_configuration(client: Any, steps: Recording) -> None:
    def create(*types: str, ip: str | None = None, **other: object) -> Answer:
        endpoint = {"types": list(types), **({"ipAddressType": ip} if ip else {})}
        answer: Answer = client.create_rest_api(
            name=f"e{len(types)}{ip}", endpointConfiguration=endpoint, **other
        )
        return answer

    broken: dict[str, object] = {"description": "", "minimumCompressionSize": -1}
    steps.refused("create-with-empty-types", create)
    steps.refused("create-with-invalid-ip-address-type", lambda: create("EDGE", ip="wrong"))
    steps.refused("create-with-invalid-types", lambda: create("wrong", ip="ipv4"))
    for step in ("invalid-ip-address-type-and-types", "invalid-types-and-ip-address-type"):
        steps.refused(f"create-with-{step}", lambda: create("wrong", ip="wrong"))
    steps.refused("create-with-multiple-errors-1", lambda: create("wrong", ip="wrong", **broken))
    steps.refused("create-with-multiple-errors-2", lambda: create("EDGE", ip="ipv4", **broken))
    steps.refused("create-with-two-types", lambda: create("EDGE", "REGIONAL"))
    steps.match("create-with-endpoint-config-dualstack", create("EDGE", ip="dualstack"))
    steps.match("create-with-endpoint-config-regional", create("REGIONAL", ip="ipv4"))


@covers("TestApiGatewayApiRestApi::test_create_rest_api_private_type")
def private_apis(client: Any, steps: Recording) -> None:
    def create(ip: str, **other: object) -> Answer:
        endpoint = {"types": ["PRIVATE"], "ipAddressType": ip}
        answer: Answer = client.create_rest_api(name="private", endpointConfiguration=endpoint, **other)
        return answer

    prefix = "create-with-private-type-and"
    steps.refused(f"{prefix}-ipv4-ip-address-type", lambda: create("ipv4"))
    steps.refused(f"{prefix}-wrong-ip-address-type", lambda: create("wrong"))
    steps.refused(
        f"{prefix}-ipv4-ip-address-type-and-empty-description", lambda: create("ipv4", description="")
    )


@covers("TestApiGatewayApiRestApi::test_create_rest_api_verify_defaults")
def endpoint_defaults(client: Any, steps: Recording) -> None:
    def create(kind: str, **other: object) -> Answer:
        endpoint = {"types": [kind.upper() if kind != "wrong" else kind]}
        answer: Answer = client.create_rest_api(name=kind, endpointConfiguration=endpoint, **other)
        return answer

    for kind in ("edge", "regional", "private"):
        steps.match(f"create-with-{kind}-default", create(kind))
    steps.match("create-with-empty-default", client.create_rest_api(name="empty"))
    empty = "create-with-empty-ip-address-type-and-wrong-type"
    steps.refused(empty, lambda: create("wrong", description=""))


# Deployments and stages


@covers("TestApiGatewayStage::test_get_stages_filters_by_deployment_id")
def stages_of_a_deployment(client: Any, steps: Recording) -> None:
    api = deployable(client)
    first, second = (client.create_deployment(restApiId=api, stageName=s)["id"] for s in ("stage1", "stage2"))
    steps.match("all-stages", client.get_stages(restApiId=api))
    steps.match("stages-deploy1", client.get_stages(restApiId=api, deploymentId=first))
    steps.match("stages-deploy2", client.get_stages(restApiId=api, deploymentId=second))


def _deployments_come_and_go(client: Any, steps: Recording, *, by_hand: bool) -> None:
    api = deployable(client)

    def deploy() -> str:
        stage = {} if by_hand else {"stageName": "s1"}
        made = str(client.create_deployment(restApiId=api, **stage)["id"])
        if by_hand:
            client.create_stage(restApiId=api, stageName="s1", deploymentId=made)
        return made

    made = deploy()
    steps.match("get-deployment", client.get_deployment(restApiId=api, deploymentId=made))
    steps.match("get-stages", client.get_stages(restApiId=api))
    for i in range(3):
        delete = {"restApiId": api, "deploymentId": made}
        step = f"delete-deployment-error-{i}"
        steps.refused(step, lambda delete=delete: client.delete_deployment(**delete))  # type: ignore[misc]
        client.delete_stage(restApiId=api, stageName="s1")
        client.delete_deployment(**delete)
        made = deploy()
        steps.match(f"get-deployments-{i}", client.get_deployments(restApiId=api))
        steps.match(f"get-stages-{i}", client.get_stages(restApiId=api))


@covers("TestDeployments::test_create_delete_deployments[True]")
def deployments_with_stages_made_by_hand(client: Any, steps: Recording) -> None:
    _deployments_come_and_go(client, steps, by_hand=True)


@covers("TestDeployments::test_create_delete_deployments[False]")
def deployments_that_make_their_stage(client: Any, steps: Recording) -> None:
    _deployments_come_and_go(client, steps, by_hand=False)


@covers("TestDeployments::test_create_update_deployments")
def a_second_deployment_moves_the_stage(client: Any, steps: Recording) -> None:
    api = deployable(client)
    first = {"restApiId": api, "deploymentId": client.create_deployment(restApiId=api)["id"]}
    client.create_stage(**first, stageName="s1")
    steps.match("get-deployment-1", client.get_deployment(**first))
    steps.match("get-stages", client.get_stages(restApiId=api))
    steps.refused("delete-deployment-error", lambda: client.delete_deployment(**first))
    second = {"restApiId": api, "deploymentId": client.create_deployment(restApiId=api, stageName="s1")["id"]}
    steps.match("get-deployment-1-after-update", client.get_deployment(**first))
    steps.match("get-deployment-2", client.get_deployment(**second))
    steps.match("get-stages-after-update", client.get_stages(restApiId=api))
    steps.match("delete-deployment-1", client.delete_deployment(**first))
    steps.refused("delete-deployment-2-error", lambda: client.delete_deployment(**second))


def _documented_stage(client: Any, steps: Recording) -> dict[str, str]:
    """A stage that names a documentation version. The simulator does not check whether there is one."""
    api = deployable(client)
    stage = {"restApiId": api, "stageName": "s1"}
    deployment = client.create_deployment(restApiId=api)["id"]
    other = {"description": "my stage", "documentationVersion": "v123"}
    steps.match("create-stage", client.create_stage(**stage, deploymentId=deployment, **other))
    return stage


@covers("TestStages::test_create_update_stages")
def stage_settings(client: Any, steps: Recording) -> None:
    stage = _documented_stage(client, steps)

    def update(*operations: tuple[str, str, str]) -> Answer:
        answer: Answer = client.update_stage(**stage, patchOperations=patch(*operations))
        return answer

    wrong = ("replace", "/documentation_version", "123")
    steps.refused("error-update-doc-version", lambda: update(wrong))
    steps.refused("error-update-tags", lambda: update(("replace", "/tags/tag1", "value1")))
    settings = {
        "/description": "stage new",
        "/variables/var1": "test",
        "/variables/var2": "test2",
        "/*/*/throttling/burstLimit": "123",
        "/*/*/caching/enabled": "true",
        "/tracingEnabled": "true",
        "/test/GET/throttling/burstLimit": "124",
    }
    steps.match("update-stage", update(*(("replace", path, value) for path, value in settings.items())))
    steps.match("get-stage", client.get_stage(**stage))
    steps.match("update-stage-override", update(("replace", "/*/*/throttling/burstLimit", "100")))


@covers("TestStages::test_update_stage_remove_wildcard")
def wildcard_settings(client: Any, steps: Recording) -> None:
    stage = _documented_stage(client, steps)

    def update(*operation: str) -> Answer:
        answer: Answer = client.update_stage(**stage, patchOperations=patch(operation))
        return answer

    steps.match("get-stage", client.get_stage(**stage))
    steps.refused("delete-error", lambda: update("remove", "/*/*"))
    steps.match("update-stage", update("replace", "/*/*/caching/enabled", "true"))
    steps.match("update-stage-reset", update("remove", "/*/*"))
    steps.match("get-stage-after-reset", client.get_stage(**stage))


# Canaries


def _canary(percent: int, value: str) -> dict[str, object]:
    return {"percentTraffic": percent, "stageVariableOverrides": {"testVar": value}}


@covers("TestStageCrudCanary::test_create_update_stages")
def a_stage_with_a_canary(client: Any, steps: Recording) -> None:
    api = deployable(client)
    stage = {"restApiId": api, "stageName": "dev"}
    first, second = client.create_deployment(restApiId=api), client.create_deployment(restApiId=api)
    steps.match("create-deployment-1", first)
    steps.match("create-deployment-2", second)
    created = client.create_stage(
        **stage,
        deploymentId=first["id"],
        description="dev stage",
        variables={"testVar": "default"},
        canarySettings={"deploymentId": second["id"], **_canary(50, "canary")},
    )
    steps.match("create-stage", created)
    steps.match("get-stage", client.get_stage(**stage))
    override = patch(("replace", "/canarySettings/stageVariableOverrides/testVar", "updated"))
    steps.match(
        "update-stage-canary-settings-overrides", client.update_stage(**stage, patchOperations=override)
    )
    removal = patch(("remove", "/canarySettings"))
    steps.match("update-stage-remove-canary-settings", client.update_stage(**stage, patchOperations=removal))
    steps.match("get-stage-after-remove", client.get_stage(**stage))


@covers("TestStageCrudCanary::test_create_canary_deployment_with_stage")
def a_canary_deployment(client: Any, steps: Recording) -> None:
    api = deployable(client)
    stage = {"restApiId": api, "stageName": "dev"}
    first = client.create_deployment(restApiId=api)
    steps.match("create-deployment", first)
    other = {"description": "dev stage", "variables": {"testVar": "default"}}
    steps.match("create-stage", client.create_stage(**stage, deploymentId=first["id"], **other))
    canary = client.create_deployment(**stage, canarySettings=_canary(50, "canary"))
    steps.match("create-canary-deployment", canary)
    steps.match("get-stage", client.get_stage(**stage))


@covers("TestStageCrudCanary::test_create_canary_deployment")
def a_canary_upon_a_canary(client: Any, steps: Recording) -> None:
    api = deployable(client)
    first = client.create_deployment(restApiId=api)
    steps.match("create-deployment", first)
    common: dict[str, Any] = {"restApiId": api, "deploymentId": first["id"], "description": "dev stage"}
    variables = {"testVar": "default"}

    def create(name: str, deployment: str, percent: int, value: str) -> Answer:
        canary = {"deploymentId": deployment, **_canary(percent, value)}
        answer: Answer = client.create_stage(
            **common, stageName=name, variables=variables, canarySettings=canary
        )
        return answer

    steps.match("create-stage", create("dev1", first["id"], 40, "canary1"))
    second = client.create_deployment(restApiId=api, stageName="dev1", canarySettings=_canary(50, "canary2"))
    steps.match("create-canary-deployment", second)
    steps.match("get-stage-1", client.get_stage(restApiId=api, stageName="dev1"))
    steps.match("create-stage-2", create("dev2", second["id"], 60, "canary-overridden"))
    unknown = {"deploymentId": "deploy"}
    steps.refused(
        "bad-canary-deployment-id",
        lambda: client.create_stage(**common, stageName="dev3", canarySettings=unknown),
    )


@covers("TestStageCrudCanary::test_create_canary_deployment_by_stage_update")
def a_canary_by_patches(client: Any, steps: Recording) -> None:
    api = deployable(client)
    stage = {"restApiId": api, "stageName": "dev"}
    first, second = client.create_deployment(restApiId=api), client.create_deployment(restApiId=api)
    steps.match("create-deployment", first)
    steps.match("create-deployment-2", second)
    other = {"description": "dev stage", "variables": {"testVar": "default"}}
    steps.match("create-stage", client.create_stage(**stage, deploymentId=first["id"], **other))
    for step, operation in {
        "update-stage-with-deployment": ("replace", "/canarySettings/deploymentId", second["id"]),
        "remove-stage-canary": ("remove", "/canarySettings"),
        "update-stage-with-percent": ("replace", "/canarySettings/percentTraffic", "50"),
    }.items():
        steps.match(step, client.update_stage(**stage, patchOperations=patch(operation)))
    steps.match("get-stage", client.get_stage(**stage))


@covers("TestStageCrudCanary::test_create_canary_deployment_validation")
def a_canary_needs_its_stage(client: Any, steps: Recording) -> None:
    api = deployable(client)

    def deploy(**stage: str) -> object:
        return client.create_deployment(restApiId=api, **stage, canarySettings=_canary(50, "canary"))

    steps.refused("create-canary-deployment-no-stage", deploy)
    steps.refused("create-canary-deployment-empty-stage", lambda: deploy(stageName=""))
    steps.refused("create-canary-deployment-non-existing-stage", lambda: deploy(stageName="non-existing"))


@covers("TestStageCrudCanary::test_update_stage_canary_deployment_validation")
def canary_patches_that_are_refused(client: Any, steps: Recording) -> None:
    api = deployable(client)
    client.create_deployment(restApiId=api, stageName="dev")
    steps.match("get-stage", client.get_stage(restApiId=api, stageName="dev"))
    client.create_deployment(restApiId=api, stageName="dev", canarySettings=_canary(50, "canary"))
    plain = client.create_deployment(restApiId=api, stageName="dev2")["id"]

    def update(stage: str, *operation: str) -> object:
        operations = patch(operation)
        return client.update_stage(restApiId=api, stageName=stage, patchOperations=operations)

    table: dict[str, tuple[str, ...]] = {
        "canary-settings-remove-overrides": ("dev", "remove", "/canarySettings/stageVariableOverrides"),
        "canary-settings-bad-path": ("dev", "remove", "/canarySettings/badPath"),
        "canary-settings-bad-path-2": ("dev", "replace", "/canarySettings", "test"),
        "canary-settings-replace-bad-path": ("dev", "replace", "/canarySettings/badPath", "badPath"),
        "add-deployment": ("dev2", "add", "/canarySettings/deploymentId", plain),
        "no-deployment": ("dev2", "replace", "/canarySettings/deploymentId", "deploy"),
    }
    for step, (stage, *operation) in table.items():
        steps.refused(f"update-stage-{step}", lambda s=stage, o=operation: update(s, *o))  # type: ignore[misc]


@covers("TestStageCrudCanary::test_update_stage_with_copy_ops")
def a_canary_is_promoted(client: Any, steps: Recording) -> None:
    stage = {"restApiId": deployable(client), "stageName": "dev"}
    variables = {"testVar": "test", "testVar2": "test2"}
    steps.match("deployment-1", client.create_deployment(**stage, variables=variables))
    canary_variables, canary_deployment = (
        "/canarySettings/stageVariableOverrides",
        "/canarySettings/deploymentId",
    )

    def update(*operations: tuple[str, str, str]) -> Answer:
        answer: Answer = client.update_stage(**stage, patchOperations=patch(*operations))
        return answer

    outward = (("copy", "/variables", canary_variables), ("copy", "/deploymentId", canary_deployment))
    inward = (("copy", canary_deployment, "/deploymentId"), ("copy", canary_variables, "/variables"))
    promote = (("replace", "/canarySettings/percentTraffic", "0.0"), *inward)
    steps.refused("copy-with-bad-statement", lambda: update(*outward))
    steps.refused("copy-with-no-replace", lambda: update(*reversed(inward)))
    steps.match("update-stage-with-copy", update(*promote))
    steps.match(
        "deployment-canary", client.create_deployment(**stage, canarySettings=_canary(50, "override"))
    )
    steps.match("get-stage", client.get_stage(**stage))
    steps.match("update-stage-with-copy-2", update(*promote))


# Calls of deployed APIs


@covers("TestApigatewayRouting::test_routing_not_found")
def what_is_not_there(client: Any, steps: Recording) -> None:
    api = client.create_rest_api(name="routing")
    existing = client.create_resource(
        restApiId=api["id"], parentId=api["rootResourceId"], pathPart="existing"
    )
    mock(client, api["id"], existing["id"], '{"statusCode": 200, "message": "exists"}')
    client.create_deployment(restApiId=api["id"], stageName="dev")
    steps.match("working-route", invoked(client, api["id"], "dev", "/existing"))
    steps.match("not-found", invoked(client, api["id"], "dev", "/random-non-existing-route"))
    steps.match("wrong-method", invoked(client, api["id"], "dev", "/existing", "POST"))


@covers("TestCanaryDeployments::test_invoking_canary_deployment")
def a_canary_answers(client: Any, steps: Recording) -> None:
    api = client.create_rest_api(name="canary")

    def template(message: str) -> str:
        names = {"variable": "testVar", "nonExistingDefault": "noStageVar", "nonOverridden": "defaultVar"}
        lines = {name: f"$stageVariables.{variable}" for name, variable in names.items()}
        lines |= {"message": f"{message} deployment", "isCanary": "$context.isCanaryRequest"}
        return json.dumps({"statusCode": 200, **lines})

    where = mock(client, api["id"], api["rootResourceId"], template("default"))
    stage: dict[str, Any] = {"restApiId": api["id"], "stageName": "dev"}
    variables = {"testVar": "default", "defaultVar": "default"}
    first = client.create_deployment(**stage, variables=variables)
    steps.match("create-deployment-1", first)
    changed = {"op": "replace", "path": "/responseTemplates/application~1json", "value": template("canary")}
    client.update_integration_response(**where, patchOperations=[changed])
    second = client.create_deployment(restApiId=api["id"])
    steps.match("create-deployment-2", second)
    steps.match("response-deployment-1", invoked(client, api["id"], "dev", "/"))
    settings = {
        "/canarySettings/deploymentId": second["id"],
        "/canarySettings/percentTraffic": "100.0",
        "/canarySettings/stageVariableOverrides/testVar": "canary",
        "/canarySettings/stageVariableOverrides/noStageVar": "canary",
    }
    operations = patch(*(("replace", path, value) for path, value in settings.items()))
    steps.match("update-stage", client.update_stage(**stage, patchOperations=operations))
    steps.match("response-canary-deployment", invoked(client, api["id"], "dev", "/"))


@pytest.mark.parametrize("name", COVERED)
def test_it_answers_as_recorded(name: str, apigateway: Any) -> None:
    steps = Recording(load(FILE)[name])
    COVERED[name](apigateway, steps)
    assert steps.finish() > 0


def test_nothing_recorded_is_left_out() -> None:
    assert COVERED.keys() | NOT_COVERED.keys() == load(FILE).keys()
    assert not COVERED.keys() & NOT_COVERED.keys()
