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

from batchgw.control_plane.aws.translate import to_call
from batchgw.control_plane.aws.wire import FORMS, KEPT_BODIES, SMALL_BODY, Written, read_json
from batchgw.control_plane.interface import (
    DeleteGatewayResponse,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    PutGatewayResponse,
    Request,
)
from batchgw.errors import ServiceFailure
from batchgw.model import AccountId, Region, ResponseType, RestApiId, Scope, Settings

SERVICE: Any = botocore.session.get_session().get_service_model("apigateway")
HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = TEXT.filter(bool).map(RestApiId)
KINDS = st.sampled_from(ResponseType)

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
    call = to_call(request)
    written = FORMS[call.method].write(call.params)
    assert written is not None
    assert shown(written) == written_by_botocore(call.method, call.params)


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


def test_only_so_many_bodies_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []
    dumps = json.dumps

    def counted(value: object) -> str:
        written.append(value)
        return dumps(value)

    monkeypatch.setattr(json, "dumps", counted)
    codes = [f"only {number}" for number in range(KEPT_BODIES + 1)]
    for code in (*codes, codes[-1], codes[0]):
        put({"statusCode": code})
    assert [each["statusCode"] for each in written] == [*codes, codes[0]]


def test_a_body_that_is_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0
    dumps = json.dumps

    def counted(value: object) -> str:
        nonlocal written
        written += 1
        return dumps(value)

    monkeypatch.setattr(json, "dumps", counted)
    large = {"responseTemplates": {"text/plain": "x" * SMALL_BODY}}
    bodies = [put(large), put(large)]
    assert bodies == [dumps(large).encode()] * 2
    assert written == 2


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


def value(request: Request[Any], answer: Any) -> object:
    """What the rest of batchgw is told, or what it raises."""
    try:
        return to_call(request).read(answer)
    except (ServiceFailure, ValueError, TypeError, AttributeError, KeyError) as error:
        return type(error), str(error)


@given(ANSWERS)
def test_what_is_read_here_at_all_means_the_same_as_when_botocore_reads_it(
    asked: tuple[Request[Any], Any],
) -> None:
    """Odd answers are given up, and then botocore reads them."""
    request, content = asked
    method, body = to_call(request).method, json.dumps(content).encode()
    read = FORMS[method].read
    assert read is not None
    ours = read(read_json(body))
    if ours is not None:
        assert value(request, ours) == value(request, read_by_botocore(method, body))


@pytest.mark.parametrize(
    ("method", "body"),
    [
        (
            "get_rest_apis",
            b'{"item": [{"id": "a", "createdDate": 1713213980, "_links": {}}], "position": "p"}',
        ),
        ("get_rest_apis", b'{"item": []}'),
        ("get_gateway_responses", b'{"item": [{"responseType": "THROTTLED", "defaultResponse": true}]}'),
        ("get_gateway_response", b'{"responseType": "THROTTLED", "responseParameters": null}'),
        ("put_gateway_response", b'{"responseType": "THROTTLED", "statusCode": "429"}'),
    ],
)
def test_ordinary_answers_are_read_here(method: str, body: bytes) -> None:
    read = FORMS[method].read
    assert read is not None
    assert read(read_json(body)) is not None


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("get_rest_apis", b""),
        ("get_rest_apis", b"{}"),
        ("get_rest_apis", b"\xff"),
        ("get_rest_apis", b'{"item": 7}'),
        ("get_rest_apis", b'{"item": [7]}'),
        ("get_rest_apis", b'{"item": [{"createdDate": "soon"}]}'),
        ("get_rest_apis", b'{"item": [{"createdDate": true}]}'),
        ("get_rest_apis", b'{"item": [{"createdDate": 1e300}]}'),
        ("get_rest_apis", b'{"item": [{"tags": []}]}'),
        ("get_rest_apis", b'{"item": [{"endpointConfiguration": {"types": "EDGE"}}]}'),
        ("get_gateway_response", b"[]"),
        ("get_gateway_response", b'{"a": ' + b"[" * 100_000 + b"}"),
        ("get_gateway_response", b'{"defaultResponse": "true"}'),
        ("get_gateway_response", b'{"responseTemplates": []}'),
    ],
    ids=lambda each: str(each)[:40],
)
def test_odd_answers_are_left_to_botocore(method: str, body: bytes) -> None:
    read = FORMS[method].read
    assert read is not None
    assert read(read_json(body)) is None
