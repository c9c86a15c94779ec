"""What is written and read around botocore is what botocore's own serializer and parser write and read."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from batchgw.control_plane.aws.wire import FORMS, Written
from batchgw.control_plane.interface import Reading, Request
from batchgw.control_plane.operations import (
    DeleteGatewayResponse,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    PutGatewayResponse,
    RestApiPage,
)
from batchgw.errors import ServiceFailure
from batchgw.model import AccountId, Region, ResponseType, RestApi, RestApiId, Scope, Settings

SERVICE: Any = botocore.session.get_session().get_service_model("apigateway")
HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = TEXT.filter(bool).map(RestApiId)
KINDS = st.sampled_from(ResponseType)
EMULATOR = Reading(whole=False)
"""An answer that may leave out what is not customised."""

REQUESTS: st.SearchStrategy[Request[Any]] = st.one_of(
    st.builds(GetRestApis, scope=st.just(HERE), position=st.one_of(st.none(), TEXT), limit=st.integers()),
    st.builds(GetGatewayResponses, scope=st.just(HERE), api=NAMES),
    st.builds(GetGatewayResponse, scope=st.just(HERE), api=NAMES, type=KINDS),
    st.builds(DeleteGatewayResponse, scope=st.just(HERE), api=NAMES, type=KINDS),
    st.builds(
        PutGatewayResponse,
        scope=st.just(HERE),
        api=NAMES,
        type=KINDS,
        settings=st.builds(
            Settings,
            status_code=st.one_of(st.none(), TEXT),
            parameters=st.dictionaries(TEXT, TEXT, max_size=3),
            templates=st.dictionaries(TEXT, TEXT, max_size=3),
        ),
    ),
)


def written_by_botocore(method: str, params: Any) -> tuple[str, str, bytes]:
    model = SERVICE.operation_model(FORMS[method].operation)
    request = create_serializer("rest-json", include_validation=False).serialize_to_request(params, model)
    prepare_request_dict(request, endpoint_url="https://h")
    return request["method"], request["url"], request["body"]


def shown(written: Written) -> tuple[str, str, bytes]:
    query = f"?{written.query}" if written.query else ""
    return written.method, f"https://h{written.path}{query}", written.body or b""


@given(REQUESTS)
def test_every_request_is_written_as_by_botocore(request: Request[Any]) -> None:
    method, params = request.operation.method, request.params()
    written = FORMS[method].write(params)
    assert written is not None
    assert shown(written) == written_by_botocore(method, params)


@pytest.mark.parametrize(
    ("method", "params", "written"),
    [
        ("get_rest_apis", {"limit": 500}, ("GET", "https://h/restapis?limit=500", b"")),
        (
            "get_rest_apis",
            {"limit": 25, "position": "a b/c=&ü"},
            ("GET", "https://h/restapis?limit=25&position=a%20b%2Fc%3D%26%C3%BC", b""),
        ),
        (
            "delete_gateway_response",
            {"restApiId": "a~b c", "responseType": "THROTTLED"},
            ("DELETE", "https://h/restapis/a~b%20c/gatewayresponses/THROTTLED", b""),
        ),
        (
            "put_gateway_response",
            {"restApiId": "abc", "responseType": "THROTTLED"},
            ("PUT", "https://h/restapis/abc/gatewayresponses/THROTTLED", b"{}"),
        ),
        (
            "put_gateway_response",
            {
                "restApiId": "abc",
                "responseType": "THROTTLED",
                "responseTemplates": {"text/plain": 'ü"\\\n'},
                "statusCode": "429",
            },
            (
                "PUT",
                "https://h/restapis/abc/gatewayresponses/THROTTLED",
                b'{"responseTemplates": {"text/plain": "\\u00fc\\"\\\\\\n"}, "statusCode": "429"}',
            ),
        ),
    ],
)
def test_what_is_written_in_the_open(method: str, params: Any, written: tuple[str, str, bytes]) -> None:
    ours = FORMS[method].write(params)
    assert ours is not None
    assert shown(ours) == written == written_by_botocore(method, params)


def put(settings: Any) -> bytes | None:
    written = FORMS["put_gateway_response"].write({"restApiId": "a", "responseType": "X", **settings})
    return None if written is None else written.body


def test_settings_that_were_changed_since_are_written_anew() -> None:
    headers = {"gatewayresponse.header.a": "'1'", "gatewayresponse.header.b": "'2'"}
    settings: dict[str, Any] = {"responseParameters": headers}
    for _ in range(2):
        assert put(settings) == json.dumps(settings).encode()
        headers["gatewayresponse.header.a"] += "3"
    headers["gatewayresponse.header.a"] = headers.pop("gatewayresponse.header.a")  # the order counts
    assert put(settings) == json.dumps(settings).encode()


class Text(str):
    """As good as a string."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value", [1, True, 1.0, "1", Text("1"), [1], (True,), {"1": 1}, {1: True}, {True: 1}]
)
def test_settings_that_are_equal_but_not_the_same_are_not_mixed_up(value: object) -> None:
    for _ in range(2):
        assert put({"statusCode": value}) == json.dumps({"statusCode": value}).encode()


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("get_rest_apis", {"limit": 500, "unheard_of": 1}),
        ("get_rest_apis", {"limit": 5.0}),
        ("get_rest_apis", {"position": ["a", "b"]}),
        ("get_gateway_responses", {}),
        ("get_gateway_responses", {"restApiId": 7}),
        ("put_gateway_response", {"restApiId": "a", "responseType": "X", "unheard_of": "1"}),
    ],
)
def test_a_parameter_that_is_not_as_always_is_left_to_botocore(method: str, params: Any) -> None:
    assert FORMS[method].write(params) is None


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=5,
)
WORDS = st.dictionaries(TEXT, TEXT, max_size=2)
RESPONSES = st.fixed_dictionaries(
    {},
    optional={
        "responseType": st.one_of(KINDS.map(str), JSON),
        "statusCode": st.one_of(st.sampled_from(["429", 429]), JSON),
        "responseParameters": st.one_of(WORDS, JSON),
        "responseTemplates": st.one_of(WORDS, JSON),
        "defaultResponse": st.one_of(st.booleans(), st.sampled_from(["true", "false"]), JSON),
        "_links": JSON,
        "ResponseMetadata": JSON,
    },
)
APIS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.one_of(TEXT, JSON),
        "name": st.one_of(TEXT, JSON),
        "tags": st.one_of(WORDS, JSON),
        "endpointConfiguration": st.one_of(
            st.fixed_dictionaries({"types": st.lists(st.sampled_from(["EDGE", "REGIONAL"]), max_size=2)}),
            JSON,
        ),
        "createdDate": st.one_of(
            st.integers(0, 4_000_000_000), st.floats(0, 4e9), st.just("2024-04-15T20:46:20Z"), JSON
        ),
        "disableExecuteApiEndpoint": st.booleans(),
        "description": TEXT,
    },
)


def listed(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "item": st.one_of(st.lists(items, max_size=3), JSON),
            "items": st.lists(items, max_size=1),
            "position": st.one_of(TEXT, JSON),
        },
    )


ANSWERS = st.one_of(
    st.tuples(st.just(GetRestApis(scope=HERE)), listed(APIS)),
    st.tuples(st.just(GetGatewayResponses(scope=HERE, api=RestApiId("a"))), listed(RESPONSES)),
    st.tuples(
        st.builds(GetGatewayResponse, scope=st.just(HERE), api=st.just(RestApiId("a")), type=KINDS), RESPONSES
    ),
    st.tuples(
        st.builds(
            PutGatewayResponse,
            scope=st.just(HERE),
            api=st.just(RestApiId("a")),
            type=KINDS,
            settings=st.just(Settings()),
        ),
        RESPONSES,
    ),
)


def read_by_botocore(method: str, body: bytes) -> Any:
    shape = SERVICE.operation_model(FORMS[method].operation).output_shape
    return create_parser("rest-json").parse({"status_code": 200, "headers": {}, "body": body}, shape)


SIGNED = {"ResponseMetadata": {"RequestId": "r", "HTTPStatusCode": 202}}


def read_here(request: Request[Any], body: bytes) -> Any:
    """What the rest of batchgw is told. Raises a CallError."""
    return request.read({**FORMS[request.operation.method].answer(body), **SIGNED}, EMULATOR)


@given(ANSWERS)
def test_what_is_read_here_at_all_means_the_same_as_when_botocore_reads_it(
    asked: tuple[Request[Any], Any],
) -> None:
    """An odd answer is unreadable, and nothing else ever comes of it."""
    request, content = asked
    body = json.dumps(content).encode()
    try:
        ours = read_here(request, body)
    except ServiceFailure as error:
        assert "cannot be read" in error.message  # noqa: PT017 - either way out is checked
        return
    if getattr(ours, "unreadable", ()):
        return
    theirs = {**read_by_botocore(request.operation.method, body), **SIGNED}
    assert ours == request.read(theirs, EMULATOR)


LIST = GetRestApis(scope=HERE)
ALL = GetGatewayResponses(scope=HERE, api=RestApiId("a"))
ONE = GetGatewayResponse(scope=HERE, api=RestApiId("a"), type=ResponseType.THROTTLED)
DELETE = DeleteGatewayResponse(scope=HERE, api=RestApiId("a"), type=ResponseType.THROTTLED)


def throttled(more: str) -> str:
    return f'{{"item": [{{"responseType": "THROTTLED", {more}}}]}}'


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (LIST, '{"item": [{"id": "a", "createdDate": 1713213980, "_links": {}}], "position": "p"}'),
        (LIST, '{"item": [{"id": "a", "createdDate": "2024-04-15T20:46:20Z", "name": "", "tags": null}]}'),
        (LIST, '{"item": []}'),
        (LIST, "{}"),
        (ALL, '{"item": [{"responseType": "TELEPORTED", "statusCode": 7}]}'),
        (ALL, throttled('"defaultResponse": true')),
        (ONE, '{"responseType": "THROTTLED", "responseParameters": null}'),
        (ONE, '{"responseType": "THROTTLED", "statusCode": 429}'),
        (DELETE, ""),
        (DELETE, " {}"),
    ],
)  # fmt: skip
def test_what_an_answer_may_leave_out_or_add(request_: Request[Any], body: str) -> None:
    assert not getattr(read_here(request_, body.encode()), "unreadable", ())


@pytest.mark.parametrize(
    ("request_", "body", "why"),
    [
        (LIST, "", "it is empty"),
        (LIST, "[]", "not a JSON object"),
        (LIST, "null", "not a JSON object"),
        (LIST, "<html>{}</html>", "not a JSON object"),
        (LIST, "\ufeff{}", "not a JSON object"),
        (LIST, '{"message": "Sorry"}', 'no list of REST APIs, and says "Sorry"'),
        (LIST, '{"Message": "Sorry"}', 'no list of REST APIs, and says "Sorry"'),
        (LIST, '{"items": []}', "no list of REST APIs"),
        (LIST, '{"position": "p"}', "no list of REST APIs"),
        (LIST, '{"item": 7}', "list is no list"),
        (LIST, '{"item": {}}', "list is no list"),
        (LIST, '{"item": [], "position": 7}', "position"),
        (LIST, '{"item": [], "position": "\\udc00"}', "position"),
        (LIST, '{"item": [], "position": "%s"}' % ("p" * 4097), "position"),
        (ALL, "{}", "no list of gateway responses"),
        (ALL, '{"item": [null]}', "does not name its type"),
        (ALL, '{"item": [{"responseType": ["THROTTLED"]}]}', "does not name its type"),
        (ALL, '{"item": [{"responseType": "THROTTLED"}, {"responseType": "THROTTLED"}]}', "twice"),
        (ALL, '{"item": [{"responseType": "THROTTLED"}], "position": "p"}', "more pages"),
        (ALL, throttled('"statusCode": "teapot"'), "statusCode of THROTTLED"),
        (ALL, throttled('"statusCode": 1e2'), "statusCode of THROTTLED"),
        (ALL, throttled('"statusCode": true'), "statusCode of THROTTLED"),
        (ALL, throttled('"statusCode": "\u0664\u0662\u0669"'), "statusCode of THROTTLED"),
        (ALL, throttled('"defaultResponse": "false"'), "defaultResponse of THROTTLED"),
        (ALL, throttled('"responseTemplates": {"a": null}'), "responseTemplates of THROTTLED"),
        (ALL, throttled('"responseTemplates": []'), "responseTemplates of THROTTLED"),
        (ALL, throttled('"responseTemplates": {"a": "\\ud800"}'), "responseTemplates"),
        (ALL, throttled('"responseParameters": {"\\ud800": ""}'), "responseParameters"),
        (ALL, throttled('"responseParameters": {"a": NaN}'), "responseParameters"),
        (ONE, "{}", "about nothing"),
        (ONE, '{"responseType": "%s"}' % ("x" * 200), "about nothing"),
        (ONE, '{"responseType": "UNAUTHORIZED"}', "about UNAUTHORIZED, not about THROTTLED"),
        (ONE, '{"a": ' + "[" * 100_000 + "}", "not a JSON object"),
        (ONE, '{"a": ' + "7" * 100_000 + "}", "not a JSON object"),
        (DELETE, "<html></html>", "not a JSON object"),
        (DELETE, '{"message": "Sorry"}', 'it should be empty, and says "Sorry"'),
    ],
    ids=lambda each: str(each)[:60] if isinstance(each, str) else type(each).__name__,
)  # fmt: skip
def test_an_odd_answer_is_unreadable_and_says_why(request_: Request[Any], body: str, why: str) -> None:
    with pytest.raises(ServiceFailure) as caught:
        read_here(request_, body.encode())
    assert caught.value.code == "AnswerUnreadable"
    assert why in caught.value.message


@pytest.mark.parametrize(
    ("api", "id_", "why"),
    [
        ("null", "?", "no JSON object"),
        ("[]", "?", "no JSON object"),
        ('"name": "orders"', "?", "id of a REST API is not one"),
        ('"id": null', "?", "id of a REST API is not one"),
        ('"id": ""', "?", "id of a REST API is not one"),
        ('"id": true', "?", "id of a REST API is not one"),
        ('"id": "\\ud800"', "?", "id of a REST API is not one"),
        ('"id": "?1"', "?", "id of a REST API is not one"),
        ('"id": "%s"' % ("x" * 129), "?", "id of a REST API is not one"),
        ('"id": 7', "7", "id"),
        ('"id": "a/b"', "a/b", "id"),
        ('"id": "bad", "name": 7', "bad", "name"),
        ('"id": "bad", "name": "\\ud83d"', "bad", "name"),
        ('"id": "bad", "name": "%s"' % ("n" * 10_001), "bad", "name"),
        ('"id": "bad", "tags": []', "bad", "tags"),
        ('"id": "bad", "tags": {"team": null}', "bad", "tags"),
        ('"id": "bad", "createdDate": 1e300', "bad", "creation date"),
        ('"id": "bad", "createdDate": true', "bad", "creation date"),
        ('"id": "bad", "createdDate": "soon"', "bad", "creation date"),
        ('"id": "bad", "createdDate": NaN', "bad", "creation date"),
        ('"id": "bad", "endpointConfiguration": "EDGE"', "bad", "endpoint"),
        ('"id": "bad", "disableExecuteApiEndpoint": "yes"', "bad", "disableExecuteApiEndpoint"),
        ('"id": "bad", "endpointAccessMode": 7', "bad", "access mode"),
        ('"id": "bad", "endpointConfiguration": {"types": "EDGE"}', "bad", "endpoint"),
        ('"id": "bad", "endpointConfiguration": {"types": [null]}', "bad", "endpoint"),
    ],
)
def test_an_odd_api_in_a_list_is_unreadable_and_the_others_are_not(api: str, id_: str, why: str) -> None:
    odd = f"{{{api}}}" if api.startswith('"') else api
    body = f'{{"item": [{{"id": "a"}}, {odd}, {{"id": "b", "name": "B"}}]}}'
    page = read_here(LIST, body.encode())
    assert page.items == (
        RestApi(scope=HERE, id=RestApiId("a")),
        RestApi(scope=HERE, id=RestApiId("b"), name="B"),
    )
    (unreadable,) = page.unreadable
    assert unreadable.api == RestApi(scope=HERE, id=RestApiId(id_))
    assert unreadable.unnamed == (id_ == "?")
    assert why in unreadable.error.message


@pytest.mark.parametrize("request_", [LIST, DELETE])
def test_an_answer_without_content_must_be_signed_by_its_request_id(request_: Request[Any]) -> None:
    """Anything at that address could have answered so."""
    answer = FORMS[request_.operation.method].answer(b"{}")
    with pytest.raises(ServiceFailure, match="x-amzn-RequestId"):
        request_.read({**answer, "ResponseMetadata": {}}, EMULATOR)
    assert request_.read({**answer, **SIGNED}, EMULATOR) in (None, RestApiPage(items=(), position=None))
