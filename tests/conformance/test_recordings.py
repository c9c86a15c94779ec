"""Over HTTP, with boto3, the simulator answers as AWS did: all 35 recorded answers on gateway responses.

The requests were made anew after the published tests whose answers were recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from tests.conformance.recording import Answer, Recording, load

FILE = "gateway_responses.json"
CLASS = "TestApiGatewayGatewayResponse"

TYPE = "MISSING_AUTHENTICATION_TOKEN"
ORIGIN = "gatewayresponse.header.Access-Control-Allow-Origin"
HEADER_ONLY = {"gatewayresponse.header.x-request-header": "method.request.header.Accept"}
PARAMETERS = {
    ORIGIN: "'a.b.c'",
    "gatewayresponse.header.x-request-path": "method.request.path.petId",
    "gatewayresponse.header.x-request-query": "method.request.querystring.q",
    **HEADER_ONLY,
}
_LINES = (
    '"message": $context.error.messageString,',
    '"type":  "$context.error.responseType",',
    '"stage":  "$context.stage",',
    '"resourcePath":  "$context.resourcePath",',
    '"stageVariables.a":  "$stageVariables.a",',
    '"statusCode": "\'404\'"',
)
TEMPLATES = {"application/json": "\n     ".join(("{", *_LINES)) + "\n}"}
XML = (
    "<gatewayResponse><message>$context.error.messageString</message>"
    "<type>$context.error.responseType</type></gatewayResponse>"
)

COUNTS = {
    "test_gateway_response_crud": 6,
    "test_gateway_response_put": 7,
    "test_gateway_response_validation": 9,
    "test_update_gateway_response": 13,
}
"""Recorded answers by test: 35 in all."""


def recording(test: str) -> Recording:
    return Recording(load(FILE)[f"{CLASS}::{test}"])


def by_type(answer: Answer) -> Answer:
    """The service lists the types in no particular order."""
    return {**answer, "items": sorted(answer["items"], key=itemgetter("responseType"))}


def test_nothing_recorded_is_left_out() -> None:
    recorded = {name.rpartition("::")[2]: len(steps) for name, steps in load(FILE).items()}
    assert recorded == COUNTS
    assert sum(recorded.values()) == 35


def test_a_gateway_response_is_put_read_and_deleted(apigateway: Any) -> None:
    steps = recording("test_gateway_response_crud")
    one = {"restApiId": apigateway.create_rest_api(name="crud")["id"], "responseType": TYPE}
    steps.match("get-gateway-response-default", apigateway.get_gateway_response(**one))
    put = apigateway.put_gateway_response(
        **one, statusCode="404", responseParameters=PARAMETERS, responseTemplates=TEMPLATES
    )
    steps.match("put-gateway-response", put)
    steps.match(
        "get-gateway-responses", by_type(apigateway.get_gateway_responses(restApiId=one["restApiId"]))
    )
    steps.match("get-gateway-response", apigateway.get_gateway_response(**one))
    steps.match("delete-gateway-response", apigateway.delete_gateway_response(**one))
    steps.match("get-deleted-gw-response", apigateway.get_gateway_response(**one))
    assert steps.finish() == 6


def test_a_put_replaces_everything_and_detaches_from_the_family(apigateway: Any) -> None:
    steps = recording("test_gateway_response_put")
    api = apigateway.create_rest_api(name="put")["id"]

    def put(step: str, kind: str = TYPE, **settings: object) -> None:
        steps.match(step, apigateway.put_gateway_response(restApiId=api, responseType=kind, **settings))

    put(
        "put-gateway-response-all-value",
        statusCode="404",
        responseParameters=PARAMETERS,
        responseTemplates=TEMPLATES,
    )
    put("put-gateway-response-status-only", statusCode="404")
    put("put-gateway-response-response-parameters-only", responseParameters=HEADER_ONLY)
    put("put-gateway-response-response-templates-only", responseTemplates=TEMPLATES)
    put(
        "put-gateway-response-default-5xx",
        "DEFAULT_5XX",
        statusCode="599",
        responseParameters=HEADER_ONLY,
        responseTemplates=TEMPLATES,
    )
    foo = {"gatewayresponse.header.foo": "'bar'"}
    put("put-gateway-response-default-ignored", "AUTHORIZER_FAILURE", responseParameters=foo)
    steps.match("get-gateway-responses", by_type(apigateway.get_gateway_responses(restApiId=api)))
    assert steps.finish() == 7


def test_what_does_not_exist_is_refused(apigateway: Any) -> None:
    steps = recording("test_gateway_response_validation")
    nowhere = {"restApiId": "fake-api-id", "responseType": "DEFAULT_4XX"}
    here = {"restApiId": apigateway.create_rest_api(name="validation")["id"], "responseType": "DEFAULT_4XX"}
    wrong = {**here, "responseType": "FAKE_RESPONSE_TYPE"}
    get, put = apigateway.get_gateway_response, apigateway.put_gateway_response
    update, delete = apigateway.update_gateway_response, apigateway.delete_gateway_response

    every = apigateway.get_gateway_responses
    steps.refused("get-gateway-responses-no-api", lambda: every(restApiId="fake-api-id"))
    steps.refused("get-gateway-response-no-api", lambda: get(**nowhere))
    steps.refused("delete-gateway-response-no-api", lambda: delete(**nowhere))
    steps.refused("update-gateway-response-no-api", lambda: update(**nowhere, patchOperations=[]))
    steps.refused("delete-gateway-response-not-set", lambda: delete(**here))
    steps.refused("get-gateway-response-wrong-response-type", lambda: get(**wrong))
    steps.refused("delete-gateway-response-wrong-response-type", lambda: delete(**wrong))
    steps.refused("update-gateway-response-wrong-response-type", lambda: update(**wrong, patchOperations=[]))
    settings: dict[str, object] = {"statusCode": "404", "responseParameters": {}, "responseTemplates": {}}
    steps.refused("put-gateway-response-wrong-response-type", lambda: put(**wrong, **settings))
    assert steps.finish() == 9


def test_patches_are_answered_as_recorded(apigateway: Any) -> None:
    steps = recording("test_update_gateway_response")
    one = {"restApiId": apigateway.create_rest_api(name="update")["id"], "responseType": "DEFAULT_4XX"}

    def patch(*operations: Mapping[str, str | None], kind: str = "DEFAULT_4XX") -> Answer:
        target = {**one, "responseType": kind}
        answer: Answer = apigateway.update_gateway_response(**target, patchOperations=list(operations))
        return answer

    status = {"op": "replace", "path": "/statusCode", "value": "444"}
    steps.match("update-gateway-response-not-set", patch(status))
    steps.match("default-get-gateway-response", apigateway.get_gateway_response(**one))
    nested = {"application/json": '{"application/json": "{\\"message\\":$context.error.messageString}"}'}
    put = apigateway.put_gateway_response(
        **one, statusCode="404", responseParameters=PARAMETERS, responseTemplates=nested
    )
    steps.match("put-gateway-response", put)
    origin, xml = f"/responseParameters/{ORIGIN}", "/responseTemplates/application~1xml"
    replaced = {"op": "replace", "path": origin, "value": "'example.com'"}
    steps.match("update-gateway-response", patch(status, replaced, {"op": "add", "path": xml, "value": XML}))
    steps.match("get-gateway-response", apigateway.get_gateway_response(**one))

    steps.refused("update-gateway-add-status-code", lambda: patch({**status, "op": "add"}))
    removed = {"op": "remove", "path": "/statusCode"}
    steps.refused("update-gateway-remove-status-code", lambda: patch(removed))
    steps.refused("update-gateway-replace-invalid-parameter", lambda: patch(replaced, kind="DEFAULT_5XX"))
    value = {"value": "'example.com'"}
    steps.refused("update-gateway-no-path", lambda: patch({"op": "add", **value}))
    steps.refused(
        "update-gateway-wrong-op", lambda: patch({"op": "wrong-op", "path": "/statusCode", **value})
    )
    steps.refused("update-gateway-wrong-path", lambda: patch({"op": "add", "path": "/wrongPath", **value}))
    for number, path in enumerate((xml, origin)):
        empty = {"op": "replace", "path": path, "value": None}
        step = f"update-gateway-replace-invalid-parameter-{number}-none"
        steps.refused(step, lambda empty=empty: patch(empty))  # type: ignore[misc] # bound to this round
    assert steps.finish() == 13
