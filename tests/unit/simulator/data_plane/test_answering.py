"""What a deployed API answers: its gateway responses as they were when it was deployed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.simulator.data_plane.deployed import Deployed
from tests.unit.simulator_client import ACCOUNT
from tests.virtual import virtually

MISSING = "MISSING_AUTHENTICATION_TOKEN"
FORBIDDEN = (403, "Forbidden")
NOT_THERE = (403, "Missing Authentication Token")


def test_a_path_or_a_method_that_is_not_there_answers_as_recorded() -> None:
    async def main() -> None:
        world = Deployed()
        for path, method in (("/nothing-here", "GET"), ("/", "DELETE")):
            found = await world.ask(path, method)
            assert (found.status, json.loads(found.body)) == (
                403,
                {"message": "Missing Authentication Token"},
            )
            assert found.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
            assert found.headers["Content-Type"] == "application/json"

    virtually(main)


def test_a_method_answers_200_and_says_that_there_is_no_backend() -> None:
    async def main() -> None:
        status, message = await Deployed().message("/")
        assert status == 200
        assert "no backends" in message

    virtually(main)


def test_what_is_configured_is_not_live_before_its_deployment() -> None:
    async def main() -> None:
        world = Deployed()
        world.put(MISSING, statusCode="404")
        assert (await world.ask()).status == 403
        world.deploy()
        assert (await world.ask()).status == 404
        await world.move(world.deployment)
        assert (await world.ask()).status == 403

    virtually(main)


WITH_HEADER = {"responseParameters": {"gatewayresponse.header.X-Family": "'yes'"}}
TEMPLATE = {"application/json": '{"own":true}'}


@pytest.mark.parametrize(
    ("family", "own", "status", "header", "body"),
    [
        ({}, None, 403, None, {"message": "Missing Authentication Token"}),
        ({"statusCode": "418"}, None, 418, None, {"message": "Missing Authentication Token"}),
        (WITH_HEADER, None, 403, "yes", {"message": "Missing Authentication Token"}),
        ({"responseTemplates": TEMPLATE}, None, 403, None, {"own": True}),
        # Customising the type detaches it: what it leaves out is the service's default, not the family's.
        ({"statusCode": "418", **WITH_HEADER}, {"responseTemplates": TEMPLATE}, 403, None, {"own": True}),
    ],
)
def test_a_type_answers_with_its_own_settings_else_its_family_s_else_the_service_s(
    family: dict[str, Any], own: dict[str, Any] | None, status: int, header: str | None, body: object
) -> None:
    async def main() -> None:
        world = Deployed()
        world.put("DEFAULT_4XX", **family)
        if own is not None:
            world.put(MISSING, **own)
        world.deploy()
        found = await world.ask()
        assert (found.status, found.headers.get("X-Family"), json.loads(found.body)) == (status, header, body)

    virtually(main)


def test_templates_and_headers_are_rendered_with_what_the_call_has() -> None:
    async def main() -> None:
        world = Deployed()
        lines = {
            "string": "$context.error.messageString",
            "message": '"$context.error.message"',
            "type": '"$context.error.responseType"',
            "where": '"$context.accountId/$context.apiId/$context.stage$context.path"',
            "id": '"$context.requestId-$context.stage"',
            "variable": '"$stageVariables.colour"',
            "agent": '"$method.request.header.User-Agent"',
            "q": '"$method.request.querystring.q"',
            "unknown": '"$context.nothing"',
        }
        template = "{" + ",".join(f'"{name}":{value}' for name, value in lines.items()) + "}"
        headers = {
            "X-Literal": "'default-src 'self''",
            "X-Origin": "method.request.header.Origin",
            "X-Absent": "method.request.header.Nobody-Sent-It",
            "X-Query": "method.request.querystring.q",
            "X-Context": "context.stage",
            "content-type": "'application/problem+json'",
        }
        world.put(
            MISSING,
            responseTemplates={"application/json": template},
            responseParameters={f"gatewayresponse.header.{name}": value for name, value in headers.items()},
        )
        world.now("CreateDeployment", stageName="prod", variables={"colour": "blue"})
        found = await world.ask(
            "/a/b",
            headers={"user-agent": "probe/1", "origin": "https://a.example"},
            query={"q": "one\r\nX-Injected: 1"},
        )
        sent = {name: value for name, value in found.headers.items() if not name.startswith("x-amzn")}
        assert sent == {
            "X-Literal": "default-src 'self'",
            "X-Origin": "https://a.example",
            "X-Query": "one  X-Injected: 1",
            "X-Context": "prod",
            "content-type": "application/problem+json",
        }
        body = json.loads(found.body.replace("\r\n", "|"))
        assert body == {
            "string": "Missing Authentication Token",
            "message": "Missing Authentication Token",
            "type": MISSING,
            "where": f"{ACCOUNT}/{world.api}/prod/prod/a/b",
            "id": found.headers["x-amzn-RequestId"] + "-prod",
            "variable": "blue",
            "agent": "probe/1",
            "q": "one|X-Injected: 1",
            "unknown": "",
        }

    virtually(main)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html;q=0.9, application/xml", "application/xml"),
    ],
)
def test_the_caller_chooses_the_template(accept: str, content_type: str) -> None:
    async def main() -> None:
        world = Deployed()
        world.put(MISSING, responseTemplates={"application/xml": "<no/>", "application/json": "{}"})
        world.deploy()
        found = await world.ask(headers={"accept": accept})
        assert found.headers["Content-Type"] == content_type
        assert found.body == ("<no/>" if content_type == "application/xml" else "{}")

    virtually(main)


@pytest.mark.parametrize(
    ("settings", "header", "without", "error"),
    [
        ({"authorizationType": "AWS_IAM"}, "authorization", NOT_THERE, "MissingAuthenticationTokenException"),
        ({"authorizationType": "CUSTOM"}, "authorization", (401, "Unauthorized"), "UnauthorizedException"),
        ({"apiKeyRequired": True}, "x-api-key", FORBIDDEN, "ForbiddenException"),
    ],
)
def test_a_method_that_asks_for_something_answers_with_the_gateway_response_of_it(
    settings: dict[str, Any], header: str, without: tuple[int, str], error: str
) -> None:
    async def main() -> None:
        world = Deployed()
        world.method("POST", world.root, **settings)
        world.deploy()
        refused = await world.ask("/", "POST")
        assert (refused.status, json.loads(refused.body)["message"]) == without
        assert refused.headers["x-amzn-ErrorType"] == error
        assert (await world.ask("/", "POST", headers={header: "any"})).status == 200

    virtually(main)


def test_a_mock_answers_its_template_with_what_the_stage_has() -> None:
    async def main() -> None:
        world = Deployed()
        where = {"resourceId": world.root, "httpMethod": "GET", "statusCode": "200"}
        body = '{"message":"$stageVariables.v","canary":$context.isCanaryRequest}'
        world.now("PutIntegrationResponse", **where, responseTemplates={"application/json": body})
        world.now("CreateDeployment", stageName="prod", variables={"v": "one"})
        assert json.loads((await world.ask("/")).body) == {"message": "one", "canary": False}

    virtually(main)


def test_an_unknown_stage_or_api_is_plainly_forbidden() -> None:
    async def main() -> None:
        world = Deployed()
        world.put("DEFAULT_4XX", statusCode="418")
        world.deploy()
        assert await world.message(stage="dev") == FORBIDDEN
        assert await world.message(region="us-east-1") == FORBIDDEN
        assert (await world.ask(region="eu-west-1")).status == 418
        api, world.api = world.api, "a" * 10
        assert await world.message() == FORBIDDEN
        world.api = api
        await world.do("DeleteRestApi")
        assert await world.message() == FORBIDDEN

    virtually(main)


def test_a_disabled_endpoint_refuses_from_the_next_change_of_any_stage_on() -> None:
    async def main() -> None:
        world = Deployed()
        world.now("CreateStage", stageName="dev", deploymentId=world.deployment)

        async def disable(value: str) -> None:
            patch = {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": value}
            await world.do("UpdateRestApi", patchOperations=[patch])

        async def describe_dev() -> None:
            patch = {"op": "replace", "path": "/description", "value": "x"}
            await world.do("UpdateStage", stageName="dev", patchOperations=[patch])

        await disable("true")
        assert await world.message() == NOT_THERE
        await describe_dev()
        assert await world.message() == FORBIDDEN
        await disable("false")
        assert await world.message() == FORBIDDEN
        await describe_dev()
        assert await world.message() == NOT_THERE

    virtually(main)


def test_a_strict_endpoint_refuses() -> None:
    async def main() -> None:
        world = Deployed()
        patch = {"op": "replace", "path": "/endpointAccessMode", "value": "STRICT"}
        await world.do("UpdateRestApi", patchOperations=[patch])
        assert await world.message() == FORBIDDEN

    virtually(main)


def test_a_private_api_answers_nobody_from_outside() -> None:
    async def main() -> None:
        world = Deployed()
        private = world.now("CreateRestApi", name="p", endpointConfiguration={"types": ["PRIVATE"]})
        world.api = private["id"]
        world.method("GET", private["rootResourceId"])
        world.deploy()
        assert await world.message("/") == FORBIDDEN

    virtually(main)


def test_calls_are_counted_apart_and_cost_no_quota() -> None:
    async def main() -> None:
        world = Deployed()
        for path in ("/", "/nothing-here", "/nothing-here"):
            await world.ask(path)
        await world.ask(stage="dev")
        shown: Any = world.engine.snapshot()
        assert shown["total"]["calls"] == 0
        assert shown["data_plane"] == {
            "invocations": 4,
            "forbidden": 1,
            "canary": 0,
            "statuses": {"200": 1, "403": 2},
            "stages": {f"{world.api}/prod": 3},
        }
        world.engine.statistics.reset()
        after: Any = world.engine.snapshot()
        assert after["data_plane"]["invocations"] == 0

    virtually(main)
