"""Requests in boto3's words, and answers of the service and of emulators in ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from batchgw.control_plane.interface import AWS, Reading, Request
from batchgw.control_plane.operations import (
    CreateDeployment,
    DeleteGatewayResponse,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    PutGatewayResponse,
)
from batchgw.errors import NotCustomized, ServiceFailure
from batchgw.model import (
    DEFAULT_STATUS,
    DEFAULT_TEMPLATES,
    AccountId,
    GatewayResponse,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Settings,
)
from batchgw.model.completion import complete

HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
API = RestApiId("abc")
EMULATOR = Reading(whole=False)
FULL = Settings(
    status_code="401",
    parameters={"gatewayresponse.header.X": "'1'"},
    templates={"application/json": "{}"},
)


@pytest.mark.parametrize(
    ("request_", "method", "params"),
    [
        (GetRestApis(scope=HERE), "get_rest_apis", {"limit": 500}),
        (
            GetRestApis(scope=HERE, position="p", limit=25),
            "get_rest_apis",
            {"limit": 25, "position": "p"},
        ),
        (GetGatewayResponses(scope=HERE, api=API), "get_gateway_responses", {"restApiId": "abc"}),
        (
            GetGatewayResponse(scope=HERE, api=API, type=ResponseType.WAF_FILTERED),
            "get_gateway_response",
            {"restApiId": "abc", "responseType": "WAF_FILTERED"},
        ),
        (
            PutGatewayResponse(scope=HERE, api=API, type=ResponseType.UNAUTHORIZED, settings=FULL),
            "put_gateway_response",
            {
                "restApiId": "abc",
                "responseType": "UNAUTHORIZED",
                "statusCode": "401",
                "responseParameters": {"gatewayresponse.header.X": "'1'"},
                "responseTemplates": {"application/json": "{}"},
            },
        ),
        (
            PutGatewayResponse(scope=HERE, api=API, type=ResponseType.UNAUTHORIZED, settings=Settings()),
            "put_gateway_response",
            {"restApiId": "abc", "responseType": "UNAUTHORIZED"},
        ),
        (
            DeleteGatewayResponse(scope=HERE, api=API, type=ResponseType.UNAUTHORIZED),
            "delete_gateway_response",
            {"restApiId": "abc", "responseType": "UNAUTHORIZED"},
        ),
        (CreateDeployment(scope=HERE, api=API), "create_deployment", {"restApiId": "abc"}),
        (
            CreateDeployment(scope=HERE, api=API, description="run 7"),
            "create_deployment",
            {"restApiId": "abc", "description": "run 7"},
        ),
    ],
)
def test_each_request_is_the_keyword_arguments_of_the_boto3_call(
    request_: Request[object], method: str, params: dict[str, Any]
) -> None:
    assert (request_.operation.method, request_.params()) == (method, params)


def test_a_request_without_an_operation_is_a_mistake_of_the_program() -> None:
    unheard_of: Request[None] = Request(scope=HERE)
    with pytest.raises(NotImplementedError):
        unheard_of.params()
    with pytest.raises(NotImplementedError):
        unheard_of.read({}, AWS)


def test_a_deployment_is_its_id_and_one_without_is_no_answer() -> None:
    request = CreateDeployment(scope=HERE, api=API)
    made = {"id": "d1e2f3", "createdDate": datetime(2024, 4, 15, tzinfo=UTC)}
    assert request.read(made, AWS) == "d1e2f3"
    with pytest.raises(ServiceFailure, match="no id"):
        request.read({}, AWS)


def test_a_rest_api_is_read_whole_and_when_bare() -> None:
    created = datetime(2024, 4, 15, 20, 46, 20, tzinfo=UTC)
    page = GetRestApis(scope=HERE).read(
        {
            "items": [
                {
                    "id": "a1",
                    "name": "orders",
                    "tags": {"tier": "public"},
                    "endpointConfiguration": {"types": ["REGIONAL"]},
                    "createdDate": created,
                    "disableExecuteApiEndpoint": True,
                    "endpointAccessMode": "STRICT",
                },
                {"id": "b2"},
            ],
            "position": "next",
        },
        AWS,
    )
    assert page.position == "next"
    assert page.items == (
        RestApi(
            scope=HERE,
            id=RestApiId("a1"),
            name="orders",
            tags={"tier": "public"},
            endpoint_types=("REGIONAL",),
            created=1713213980.0,
            disable_execute_api_endpoint=True,
            endpoint_access_mode="STRICT",
        ),
        RestApi(scope=HERE, id=RestApiId("b2")),
    )


def test_the_last_page_has_no_position_and_an_empty_region_no_items() -> None:
    """Whether AWS leaves the list out is not known. If it does, its request id shows that it is AWS."""
    request = GetRestApis(scope=HERE)
    page = request.read({"ResponseMetadata": {"RequestId": "r"}}, AWS)
    assert (page.items, page.position) == ((), None)
    with pytest.raises(ServiceFailure, match="x-amzn-RequestId"):
        request.read({}, AWS)


def test_all_types_come_back_with_their_own_word_on_whether_they_are_customised() -> None:
    answer = GetGatewayResponses(scope=HERE, api=API).read(
        {
            "items": [
                {
                    "responseType": t.value,
                    "statusCode": "418",
                    "defaultResponse": t is not ResponseType.THROTTLED,
                }
                for t in ResponseType
            ]
        },
        AWS,
    )
    assert list(answer) == list(ResponseType)
    assert {t for t, r in answer.items() if not r.default_response} == {ResponseType.THROTTLED}
    assert answer[ResponseType.UNAUTHORIZED].settings == Settings(status_code="418"), "as the answer says"


def test_a_type_of_the_future_is_left_out_and_missing_ones_are_filled_in() -> None:
    """Emulators answer customised types only: the others show what they inherit from those."""
    answer = GetGatewayResponses(scope=HERE, api=API).read(
        {
            "items": [
                {"responseType": "TELEPORT_FAILED", "statusCode": "500"},
                {"responseType": "DEFAULT_5XX", "statusCode": 599, "responseParameters": {"k": "'v'"}},
            ]
        },
        EMULATOR,
    )
    assert len(answer) == 21
    family = answer[ResponseType.DEFAULT_5XX]
    assert (family.settings.status_code, family.default_response) == ("599", False)
    inherited = answer[ResponseType.INTEGRATION_FAILURE]
    assert inherited.default_response
    assert (inherited.settings.status_code, inherited.settings.parameters) == ("599", {"k": "'v'"})
    assert answer[ResponseType.UNAUTHORIZED].settings.status_code == "401"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ([], "leaves out DEFAULT_4XX and 20 more of the 21"),
        ([t for t in ResponseType if t is not ResponseType.THROTTLED], "leaves out THROTTLED of the 21"),
        (["TELEPORT_FAILED"], "leaves out DEFAULT_4XX and 20 more of the 21"),
    ],
)
def test_aws_leaves_no_type_out_so_such_an_answer_of_its_is_unreadable(told: list[str], why: str) -> None:
    items = [{"responseType": str(name), "defaultResponse": True} for name in told]
    with pytest.raises(ServiceFailure, match=why):
        GetGatewayResponses(scope=HERE, api=API).read({"items": items}, AWS)


def test_aws_shows_a_type_at_its_default_so_a_404_of_its_is_no_such_type() -> None:
    request = GetGatewayResponse(scope=HERE, api=API, type=ResponseType.THROTTLED)
    missing = NotCustomized("Gateway response type not defined on api")
    with pytest.raises(NotCustomized):
        request.read_absent(missing, AWS)
    assert request.read_absent(missing, EMULATOR) == complete({})[ResponseType.THROTTLED]
    put = PutGatewayResponse(scope=HERE, api=API, type=ResponseType.THROTTLED, settings=FULL)
    with pytest.raises(NotCustomized):
        put.read_absent(missing, EMULATOR)


@pytest.mark.parametrize("answer", [{}, {"responseType": "THROTTLED"}])
def test_an_answer_about_something_else_is_none(answer: dict[str, str]) -> None:
    request = GetGatewayResponse(scope=HERE, api=API, type=ResponseType.UNAUTHORIZED)
    with pytest.raises(ServiceFailure, match="not about UNAUTHORIZED"):
        request.read(answer, AWS)


def test_nothing_observed_completes_to_the_21_defaults() -> None:
    full = complete({})
    assert {t: r.settings.status_code for t, r in full.items()} == {
        **DEFAULT_STATUS,
        ResponseType.DEFAULT_4XX: None,
        ResponseType.DEFAULT_5XX: None,
    }
    assert all(r.default_response and r.settings.templates == DEFAULT_TEMPLATES for r in full.values())
    assert all(r.settings.parameters == {} for r in full.values())


def test_what_was_observed_is_never_changed_by_completion() -> None:
    odd = GatewayResponse(
        type=ResponseType.THROTTLED, settings=Settings(status_code="200"), default_response=True
    )
    assert complete({ResponseType.THROTTLED: odd})[ResponseType.THROTTLED] is odd
