"""A gateway response that equals the one read before it is not read again, and nobody can tell."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgw.control_plane.interface import AWS, Reading, Wire
from batchgw.control_plane.operations import GetGatewayResponses
from batchgw.control_plane.operations.apigateway import get_gateway_responses
from batchgw.errors import ServiceFailure
from batchgw.model import AccountId, GatewayResponse, Region, ResponseType, RestApiId, Scope

HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
REQUEST = GetGatewayResponses(scope=HERE, api=RestApiId("abc"))

GOOD: Wire = {
    "responseType": "UNAUTHORIZED",
    "statusCode": "401",
    "responseParameters": {"gatewayresponse.header.X": "'1'"},
    "responseTemplates": {"application/json": "{}"},
    "defaultResponse": True,
}

ODD: tuple[tuple[str, object], ...] = (
    ("statusCode", 401),  # emulators say it so
    ("statusCode", 401.0),
    ("statusCode", True),
    ("statusCode", "999"),
    ("statusCode", None),
    ("defaultResponse", 1),
    ("defaultResponse", 1.0),
    ("defaultResponse", 0),
    ("defaultResponse", "true"),
    ("defaultResponse", None),
    ("defaultResponse", False),
    ("responseParameters", {"gatewayresponse.header.X": 1}),
    ("responseParameters", {"gatewayresponse.header.X": "\ud800"}),
    ("responseParameters", ["gatewayresponse.header.X"]),
    ("responseParameters", {}),
    ("responseTemplates", {"application/json": None}),
    ("responseTemplates", None),
    ("unheardOf", 1),
)
"""Ways in which an answer may be like a good one and not the same."""


def one(kind: ResponseType, *odd: tuple[str, object]) -> Wire:
    return {**GOOD, "responseType": kind.value, **dict(odd)}


kinds = st.sampled_from(ResponseType)
items = st.builds(one, kinds, st.sampled_from(ODD)) | st.builds(one, kinds)
unknown = st.just({"responseType": "TELEPORT_FAILED"})
answers = st.lists(items | unknown, max_size=4, unique_by=lambda item: item["responseType"])


def read(answer: Sequence[Wire], told: list[str]) -> Mapping[ResponseType, GatewayResponse] | str:
    """Read as from an emulator: AWS's own answers have all 21 types."""
    try:
        return REQUEST.read({"items": list(answer)}, Reading(whole=False, unknown=told.append))
    except ServiceFailure as error:
        return error.message


def read_and_told(answer: Sequence[Wire]) -> tuple[object, Sequence[str]]:
    told: list[str] = []
    return read(answer, told), told


@given(st.lists(answers, min_size=2, max_size=6))
def test_what_was_read_before_changes_nothing(in_turn: Sequence[Sequence[Wire]]) -> None:
    """Malformed values and unknown types are seen all the same, whatever good answers came before."""
    alone = []
    for answer in in_turn:
        get_gateway_responses._last.clear()
        alone.append(read_and_told(answer))
    get_gateway_responses._last.clear()
    after_others = [read_and_told(answer) for answer in in_turn]
    assert after_others == alone


@pytest.mark.parametrize("odd", ODD)
def test_a_value_that_is_only_like_the_one_before_is_read_for_itself(odd: tuple[str, object]) -> None:
    """In Python 1 equals true, and 401.0 equals 401."""
    for first in ((), (("statusCode", 401),), (("defaultResponse", False),)):
        get_gateway_responses._last.clear()
        alone = read([one(ResponseType.UNAUTHORIZED, odd)], [])
        read([one(ResponseType.UNAUTHORIZED, *first)], [])
        assert read([one(ResponseType.UNAUTHORIZED, odd)], []) == alone


def test_the_same_response_of_two_apis_is_one_object_and_another_one_is_not() -> None:
    """A fleet whose APIs answer alike keeps one response of each type."""
    answer = {"items": [one(kind) for kind in ResponseType]}
    changed = {"items": [one(kind, ("statusCode", "418")) for kind in ResponseType]}
    first, second = REQUEST.read(answer, AWS), REQUEST.read(answer, AWS)
    third = REQUEST.read(changed, AWS)
    assert all(first[kind] is second[kind] for kind in ResponseType)
    assert {response.settings.status_code for response in third.values()} == {"418"}


def test_what_is_nested_too_deeply_to_be_compared_is_not_compared() -> None:
    """Nobody knows such a field, and it says nothing of the response."""
    deep: list[list[object]] = [[], []]
    for _ in range(sys.getrecursionlimit()):
        deep = [[each] for each in deep]
    first = read([one(ResponseType.UNAUTHORIZED, ("unheardOf", deep[0]))], [])
    assert read([one(ResponseType.UNAUTHORIZED, ("unheardOf", deep[1]))], []) == first
    assert read([one(ResponseType.UNAUTHORIZED)], []) == first
