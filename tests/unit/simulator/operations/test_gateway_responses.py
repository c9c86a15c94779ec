"""Gateway responses as the service answers them. The facts are the developer guide's and recorded answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.simulator_client import Client

DEFAULT_TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}
CORS = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}
XML = {"application/xml": "<e>$context.error.messageString</e>"}


def put(client: Client, api: str, kind: str, **settings: object) -> Any:
    return client("PutGatewayResponse", restApiId=api, responseType=kind, **settings)


def get(client: Client, api: str, kind: str) -> Any:
    return client("GetGatewayResponse", restApiId=api, responseType=kind)


def patch(*operations: tuple[str, ...]) -> list[dict[str, str]]:
    return [dict(zip(("op", "path", "value"), o, strict=False)) for o in operations]


def test_the_21_defaults_in_the_services_order() -> None:
    client = Client()
    found = client("GetGatewayResponses", restApiId=client.api())["item"]
    assert [(r["responseType"], r.get("statusCode")) for r in found] == [
        ("ACCESS_DENIED", "403"),
        ("API_CONFIGURATION_ERROR", "500"),
        ("AUTHORIZER_CONFIGURATION_ERROR", "500"),
        ("AUTHORIZER_FAILURE", "500"),
        ("BAD_REQUEST_BODY", "400"),
        ("BAD_REQUEST_PARAMETERS", "400"),
        ("DEFAULT_4XX", None),
        ("DEFAULT_5XX", None),
        ("EXPIRED_TOKEN", "403"),
        ("INTEGRATION_FAILURE", "504"),
        ("INTEGRATION_TIMEOUT", "504"),
        ("INVALID_API_KEY", "403"),
        ("INVALID_SIGNATURE", "403"),
        ("MISSING_AUTHENTICATION_TOKEN", "403"),
        ("QUOTA_EXCEEDED", "429"),
        ("REQUEST_TOO_LARGE", "413"),
        ("RESOURCE_NOT_FOUND", "404"),
        ("THROTTLED", "429"),
        ("UNAUTHORIZED", "401"),
        ("UNSUPPORTED_MEDIA_TYPE", "415"),
        ("WAF_FILTERED", "403"),
    ]
    assert all(r["defaultResponse"] is True for r in found)
    assert all(r["responseParameters"] == {} for r in found)
    assert all(r["responseTemplates"] == DEFAULT_TEMPLATES for r in found)


def test_success_codes() -> None:
    client = Client()
    where = {"restApiId": client.api(), "responseType": "THROTTLED"}
    assert client.status("PutGatewayResponse", **where) == 201
    assert client.status("UpdateGatewayResponse", **where, patchOperations=[]) == 200
    assert client.status("GetGatewayResponse", **where) == 200
    assert client.status("DeleteGatewayResponse", **where) == 202


def test_put_replaces_everything() -> None:
    """What is left out goes back to the service's default, not to the value before."""
    client = Client()
    api = client.api()
    put(client, api, "UNAUTHORIZED", statusCode="444", responseParameters=CORS, responseTemplates=XML)
    assert put(client, api, "UNAUTHORIZED", responseTemplates=XML) == {
        "responseType": "UNAUTHORIZED",
        "statusCode": "401",
        "responseParameters": {},
        "responseTemplates": XML,
        "defaultResponse": False,
    }
    assert put(client, api, "UNAUTHORIZED") == {
        "responseType": "UNAUTHORIZED",
        "statusCode": "401",
        "responseParameters": {},
        "responseTemplates": DEFAULT_TEMPLATES,
        "defaultResponse": False,
    }


def test_uncustomised_types_show_what_their_family_has() -> None:
    client = Client()
    api = client.api()
    put(client, api, "DEFAULT_5XX", statusCode="599", responseParameters=CORS)
    assert get(client, api, "AUTHORIZER_FAILURE") == {
        "responseType": "AUTHORIZER_FAILURE",
        "statusCode": "599",
        "responseParameters": CORS,
        "responseTemplates": DEFAULT_TEMPLATES,
        "defaultResponse": True,
    }
    assert get(client, api, "ACCESS_DENIED")["responseParameters"] == {}  # of the other family
    assert get(client, api, "DEFAULT_4XX")["defaultResponse"] is True


def test_a_family_without_a_status_leaves_each_its_own() -> None:
    client = Client()
    api = client.api()
    put(client, api, "DEFAULT_4XX", responseParameters=CORS)
    shown = get(client, api, "THROTTLED")
    assert (shown["statusCode"], shown["responseParameters"]) == ("429", CORS)
    assert "statusCode" not in get(client, api, "DEFAULT_4XX")


def test_customising_a_type_detaches_it_from_its_family() -> None:
    client = Client()
    api = client.api()
    put(client, api, "DEFAULT_5XX", statusCode="599", responseParameters=CORS, responseTemplates=XML)
    assert put(
        client, api, "AUTHORIZER_FAILURE", responseParameters={"gatewayresponse.header.foo": "'bar'"}
    ) == {
        "responseType": "AUTHORIZER_FAILURE",
        "statusCode": "500",
        "responseParameters": {"gatewayresponse.header.foo": "'bar'"},
        "responseTemplates": DEFAULT_TEMPLATES,
        "defaultResponse": False,
    }


def test_delete_returns_a_type_to_its_family() -> None:
    client = Client()
    api = client.api()
    put(client, api, "DEFAULT_4XX", responseParameters=CORS)
    put(client, api, "UNAUTHORIZED", statusCode="444")
    client("DeleteGatewayResponse", restApiId=api, responseType="UNAUTHORIZED")
    shown = get(client, api, "UNAUTHORIZED")
    assert (shown["statusCode"], shown["responseParameters"], shown["defaultResponse"]) == ("401", CORS, True)


def test_patch_customises_what_was_at_its_default() -> None:
    client = Client()
    api = client.api()
    assert client(
        "UpdateGatewayResponse",
        restApiId=api,
        responseType="INTEGRATION_FAILURE",
        patchOperations=patch(("add", "/responseParameters/gatewayresponse.header.X", "'y'")),
    ) == {
        "responseType": "INTEGRATION_FAILURE",
        "statusCode": "504",
        "responseParameters": {"gatewayresponse.header.X": "'y'"},
        "responseTemplates": DEFAULT_TEMPLATES,
        "defaultResponse": False,
    }


def test_patch_edits_one_entry_and_keeps_the_rest() -> None:
    client = Client()
    api = client.api()
    put(client, api, "DEFAULT_4XX", statusCode="404", responseParameters=CORS)
    after = client(
        "UpdateGatewayResponse",
        restApiId=api,
        responseType="DEFAULT_4XX",
        patchOperations=patch(
            ("replace", "/statusCode", "444"),
            ("add", "/responseParameters/gatewayresponse.header.X", "'y'"),
            ("remove", "/responseParameters/gatewayresponse.header.Access-Control-Allow-Origin"),
            ("add", "/responseTemplates/application~1xml", XML["application/xml"]),
        ),
    )
    assert (after["statusCode"], after["responseParameters"]) == ("444", {"gatewayresponse.header.X": "'y'"})
    assert after["responseTemplates"] == DEFAULT_TEMPLATES | XML


def test_patch_is_all_or_nothing() -> None:
    client = Client()
    api = client.api()
    operations = patch(("replace", "/statusCode", "444"), ("add", "/wrong", "x"))
    client.refusal(
        "UpdateGatewayResponse", restApiId=api, responseType="THROTTLED", patchOperations=operations
    )
    assert get(client, api, "THROTTLED")["defaultResponse"] is True


BAD_PATH = "Invalid patch path "


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": "/statusCode", "value": "444"}, (400, BAD_PATH + "/statusCode")),
        ({"op": "remove", "path": "/statusCode"}, (400, BAD_PATH + "/statusCode")),
        ({"op": "add", "value": "'x'"}, (400, BAD_PATH + "null")),
        ({"op": "add", "path": "/wrongPath", "value": "'x'"}, (400, BAD_PATH + "/wrongPath")),
        (
            {"op": "add", "path": "/responseParameters", "value": "'x'"},
            (400, BAD_PATH + "/responseParameters"),
        ),
        (
            {"op": "add", "path": "/responseTemplates/application/json", "value": "{}"},
            (400, BAD_PATH + "/responseTemplates/application/json"),
        ),
        (
            {"op": "replace", "path": "/responseParameters/gatewayresponse.header.Y", "value": "'x'"},
            (404, "Invalid parameter name specified"),
        ),
        (
            {"op": "remove", "path": "/responseTemplates/text~1html"},
            (404, "Content-Type specified was not found"),
        ),
        (
            {"op": "replace", "path": "/responseParameters/gatewayresponse.header.X", "value": None},
            (400, "Invalid null or empty value in responseParameters"),
        ),
        (
            {"op": "replace", "path": "/responseTemplates/application~1json"},
            (400, "Invalid null or empty value in responseTemplates"),
        ),
        (
            {"op": "copy", "path": "/responseParameters/gatewayresponse.header.X", "value": "'x'"},
            (400, "Invalid patch operation specified. Must be 'add'|'remove'|'replace'"),
        ),
        (
            {"op": "wrong-op", "path": "/statusCode", "value": "444"},
            (
                400,
                (
                    "1 validation error detected: Value 'wrong-op' at "
                    "'updateGatewayResponseInput.patchOperations.1.member.op' failed to satisfy constraint: "
                    "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
                ),
            ),
        ),
    ],
)
def test_what_patch_refuses(operation: dict[str, str], expected: tuple[int, str]) -> None:
    client = Client()
    api = client.api()
    put(client, api, "DEFAULT_4XX", responseParameters={"gatewayresponse.header.X": "'y'"})
    refusal = client.refusal(
        "UpdateGatewayResponse", restApiId=api, responseType="DEFAULT_4XX", patchOperations=[operation]
    )
    assert refusal[1:] == expected


def invalid(*errors: str) -> str:
    found = ", ".join(errors)
    return f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{found}]"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"responseParameters": {"gatewayresponse.header.X": "*"}},
            invalid("Invalid mapping expression specified: *"),
        ),
        (
            {"responseParameters": {"gatewayresponse.header.X": '"*"'}},
            invalid('Invalid mapping expression specified: "*"'),
        ),
        (
            {"responseParameters": {"gatewayresponse.header.X": "'"}},
            invalid("Invalid mapping expression specified: '"),
        ),
        (
            {"responseParameters": {"gatewayresponse.header.X": "method.request.body.id"}},
            invalid("Invalid mapping expression specified: method.request.body.id"),
        ),
        (
            {"responseParameters": {"method.response.header.X": "'y'"}},
            invalid("Invalid mapping expression parameter specified: method.response.header.X"),
        ),
        (
            {"responseParameters": {"gatewayresponse.header.X": "y", "foo": "z"}},
            invalid(
                "Invalid mapping expression parameter specified: foo",
                "Invalid mapping expression specified: z",
                "Invalid mapping expression specified: y",
            ),
        ),
        (
            {"responseParameters": {"gatewayresponse.header.X": ""}},
            "Invalid null or empty value in responseParameters",
        ),
        (
            {"responseParameters": {"gatewayresponse.header.X": None}},
            "Invalid null or empty value in responseParameters",
        ),
        ({"responseTemplates": {"text/html": None}}, "Invalid null or empty value in responseTemplates"),
        (
            {"responseTemplates": {"123": "x"}},
            "Validation Result: warnings : [], errors : [Invalid content type specified: 123]",
        ),
        (
            {"responseTemplates": {"text/html": "x" * 307_201}},
            "Mapping template for text/html exceeds the maximum size of 300 KB",
        ),
    ],
)
def test_what_put_refuses(settings: dict[str, object], message: str) -> None:
    client = Client()
    refusal = client.refusal(
        "PutGatewayResponse", restApiId=client.api(), responseType="THROTTLED", **settings
    )
    assert refusal == ("BadRequestException", 400, message)


@pytest.mark.parametrize(
    "value",
    [
        "'*'",
        "''",
        "'default-src 'self'; img-src *'",
        "method.request.header.Origin",
        "method.request.path.petId",
        "method.request.querystring.q",
        "context.requestId",
        "stageVariables.origin",
    ],
)
def test_mapping_expressions_the_service_takes(value: str) -> None:
    client = Client()
    parameters = {"gatewayresponse.header.X": value}
    after = put(client, client.api(), "THROTTLED", responseParameters=parameters)
    assert after["responseParameters"] == parameters


def test_a_template_need_not_be_json() -> None:
    client = Client()
    broken = {"application/json": '{"message":"$context.error.messageString"'}
    assert put(client, client.api(), "THROTTLED", responseTemplates=broken)["responseTemplates"] == broken


STATUS_PATTERN = r"failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\d\d"


@pytest.mark.parametrize("status", ["600", "99", "0404", "wrong", ""])
def test_a_status_outside_the_pattern(status: str) -> None:
    client = Client()
    assert client.refusal(
        "PutGatewayResponse", restApiId=client.api(), responseType="THROTTLED", statusCode=status
    ) == (
        "ValidationException",
        400,
        (
            f"1 validation error detected: Value '{status}' at 'putGatewayResponseInput.statusCode' "
            + STATUS_PATTERN
        ),
    )


def test_all_violations_of_the_model_are_told_at_once_and_before_the_api_is_looked_for() -> None:
    code, _, message = Client().refusal(
        "PutGatewayResponse", restApiId="nosuchapi1", responseType="FAKE", statusCode="x"
    )
    assert code == "ValidationException"
    assert message.startswith("2 validation errors detected: Value 'FAKE' at 'responseType' failed")
    assert message.endswith(STATUS_PATTERN)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "class java.lang.Boolean can not be converted to an String"),
        (
            5,
            "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String",
        ),
        ({}, "Start of structure or map found where not expected."),
    ],
)
def test_values_that_are_no_strings(value: object, message: str) -> None:
    client = Client()
    refusal = client.refusal(
        "PutGatewayResponse",
        restApiId=client.api(),
        responseType="THROTTLED",
        responseTemplates={"application/json": value},
    )
    assert refusal == ("SerializationException", 400, message)


@pytest.mark.parametrize("operation", ["Get", "Put", "Update", "Delete"])
def test_an_api_that_is_not_there(operation: str) -> None:
    refusal = Client().refusal(
        f"{operation}GatewayResponse", restApiId="apiid123", responseType="DEFAULT_4XX"
    )
    assert refusal == (
        "NotFoundException",
        404,
        "Invalid API identifier specified 111111111111:apiid123",
    )


def test_delete_of_what_is_not_customised() -> None:
    client = Client()
    assert client.refusal("DeleteGatewayResponse", restApiId=client.api(), responseType="THROTTLED") == (
        "NotFoundException",
        404,
        "Gateway response type not defined on api",
    )


def test_a_refused_put_changes_nothing() -> None:
    client = Client()
    api = client.api()
    before = put(client, api, "THROTTLED", statusCode="444")
    client.refusal(
        "PutGatewayResponse",
        restApiId=api,
        responseType="THROTTLED",
        responseParameters={"gatewayresponse.header.X": "bare"},
    )
    assert get(client, api, "THROTTLED") == before
