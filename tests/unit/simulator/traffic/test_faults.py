"""Fault scripts: which call goes wrong, worked by hand, and how a wrong script is told."""

from __future__ import annotations

import pytest

from batchgw.errors import UsageError
from batchgw.simulator.call import Call
from batchgw.simulator.traffic.fault_script import parse
from batchgw.simulator.traffic.faults import (
    Arbitrary,
    Cut,
    DeleteApi,
    Deny,
    Fault,
    OtherWrite,
    Refuse,
    Slow,
    Throttle,
)

PUT = Call(
    operation="PutGatewayResponse",
    account="111111111111",
    region="eu-west-1",
    api="a1b2c3d4e5",
    type="DEFAULT_4XX",
)


def call(operation: str = PUT.operation, *, api: str = PUT.api, kind: str = PUT.type) -> Call:
    return Call(operation=operation, account=PUT.account, region=PUT.region, api=api, type=kind)


def fired(match: dict[str, object], calls: int = 8, *, seed: int = 0) -> list[int]:
    """Which of so many equal calls go wrong, counted from 1."""
    script = parse([{"match": match, "fault": "throttle"}], seed=seed)
    return [n for n in range(1, calls + 1) if script.decide(PUT, 0.0) is not None]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8]),
        ({"nth": 3}, [3]),
        ({"nth": [1, 8]}, [1, 8]),
        ({"every": 3}, [3, 6]),
        ({"first": 2}, [1, 2]),
        ({"every": 2, "first": 5}, [2, 4]),
        ({"probability": 0}, []),
        ({"probability": 1.0}, [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_which_calls_of_a_kind_are_chosen(match: dict[str, object], expected: list[int]) -> None:
    assert fired(match) == expected


def test_a_probability_is_kept_and_seeded() -> None:
    one = fired({"probability": 0.1}, 5000, seed=1)
    assert 430 < len(one) < 570  # 500 expected, three standard deviations are 64
    assert one == fired({"probability": 0.1}, 5000, seed=1)
    assert one != fired({"probability": 0.1}, 5000, seed=2)


@pytest.mark.parametrize(
    ("match", "meant"),
    [
        ({"operation": "PutGatewayResponse"}, True),
        ({"operation": "Put*"}, True),
        ({"operation": ["Get*", "Put*"]}, True),
        ({"operation": "GetGatewayResponses"}, False),
        ({"account": "111111111111", "region": "eu-*"}, True),
        ({"account": "222222222222"}, False),
        ({"region": "us-east-1"}, False),
        ({"api": "a1b2c3d4e5", "type": "DEFAULT_4XX"}, True),
        ({"api": "other"}, False),
        ({"type": "*5XX"}, False),
        ({"after": 10, "until": 11}, True),
        ({"after": 10.5}, False),
        ({"until": 10}, False),
    ],
)
def test_which_kind_of_call_is_meant(match: dict[str, object], *, meant: bool) -> None:
    script = parse([{"match": match, "fault": "throttle"}])
    assert (script.decide(PUT, 10.0) is not None) is meant


@pytest.mark.parametrize(
    ("tag", "meant"),
    [
        ("team=payments", True),
        ("team=pay*", True),
        ("team=*", True),
        (["tier=gold", "team=payments"], True),
        ("team=orders", False),
        ("team", False),
        ("tier=*", False),
    ],
)
def test_which_tags_are_meant(tag: object, *, meant: bool) -> None:
    script = parse([{"match": {"tag": tag}, "fault": "access_denied"}])
    assert (script.decide(PUT, 0.0, lambda: {"team": "payments"}) == Deny()) is meant
    assert script.decide(PUT, 0.0) is None, "a listing is about no API, so it has no tags"


def test_only_calls_of_the_kind_are_counted() -> None:
    script = parse([{"match": {"operation": "Put*", "nth": 2}, "fault": "throttle"}])
    decided = [
        script.decide(call(o), 0) is not None for o in ("PutGatewayResponse", "GetStages", "PutMethod")
    ]
    assert decided == [False, False, True]


@pytest.mark.parametrize(
    ("per", "expected"),
    [
        (None, [True, False, False, False]),
        ("scope", [True, False, False, False]),
        ("api", [True, False, True, False]),
        ("type", [True, True, True, False]),
    ],
)
def test_what_is_counted_separately(per: str | None, expected: list[bool]) -> None:
    match: dict[str, object] = {"first": 1} if per is None else {"first": 1, "per": per}
    script = parse([{"match": match, "fault": "throttle"}])
    calls = [call(), call(kind="UNAUTHORIZED"), call(api="other"), call()]
    assert [script.decide(c, 0) is not None for c in calls] == expected


def test_the_first_rule_that_fires_decides_and_the_others_count_on() -> None:
    script = parse(
        [{"match": {"nth": 1}, "fault": "cut_after"}, {"match": {"nth": [1, 2]}, "fault": "throttle"}]
    )
    assert [script.decide(PUT, 0) for _ in range(3)] == [Cut(applied=True), Throttle(), None]


TRY_AGAIN = "Unable to complete operation due to concurrent modification. Please try again later."


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("throttle", Throttle()),
        ({"retry_after": 2}, Throttle(retry_after="2")),
        (
            {"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"},
            Throttle(retry_after="Wed, 21 Oct 2026 07:28:00 GMT"),
        ),
        ({"retry_after": {"date_in": 5}}, Throttle(date_in=5.0)),
        ("conflict", Refuse(code="ConflictException", status=409, message=TRY_AGAIN)),
        ({"conflict": "retryable"}, Refuse(code="ConflictException", status=409, message=TRY_AGAIN)),
        (
            {"conflict": "permanent"},
            Refuse(code="ConflictException", status=409, message="Resource already exists"),
        ),
        (
            "service_error",
            Refuse(code="InternalFailure", status=500, message="Internal server error", modelled=False),
        ),
        (
            {"service_error": 503},
            Refuse(code="ServiceUnavailableException", status=503, message="Service is unavailable"),
        ),
        (
            {"service_error": {"status": 502, "applied": True}},
            Refuse(
                code="InternalServerErrorException",
                status=502,
                message="Service is unavailable",
                applied=True,
                modelled=False,
            ),
        ),
        ({"slow": 5}, Slow(seconds=5.0)),
        ("cut_before", Cut(applied=False)),
        ("cut_after", Cut(applied=True)),
        ("access_denied", Deny()),
        ("delete_api", DeleteApi()),
        ("other_write", OtherWrite(status="418")),
        ({"other_write": 402}, OtherWrite(status="402")),
        ({"other_write": {"then": "cut_after"}}, OtherWrite(status="418", then=Cut(applied=True))),
        (
            {"limit_exceeded": "Too Many Requests"},
            Refuse(code="LimitExceededException", status=429, message="Too Many Requests"),
        ),
        ({"bad_request": "No."}, Refuse(code="BadRequestException", status=400, message="No.")),
    ],
)
def test_faults_by_name(written: object, fault: Fault) -> None:
    assert parse([{"fault": written}]).decide(PUT, 0) == fault


def test_answers_that_are_none() -> None:
    script = [{"match": {"nth": 1}, "fault": {"answer": {"status": 204, "body": [None], "signed": False}}},
              {"match": {"nth": 2}, "fault": {"answer": {"body": "<html>", "applied": True}}},
              {"match": {"nth": 3}, "fault": "endless"},
              {"match": {"nth": 4}, "fault": {"drip": 0.5}}]  # fmt: skip
    faults = parse(script)
    assert [faults.decide(PUT, 0) for _ in range(4)] == [
        Arbitrary(status=204, body=b"[null]", signed=False),
        Arbitrary(body=b"<html>", applied=True),
        Arbitrary(body=b" " * 65_536, pause=0.0),
        Arbitrary(body=b" ", pause=0.5),
    ]


def test_expired_credentials() -> None:
    found = parse([{"fault": "expired_token"}]).decide(PUT, 0)
    assert isinstance(found, Refuse)
    assert (found.code, found.status) == ("ExpiredTokenException", 403)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ({"fault": "throttle"}, "is a list of rules"),
        (["throttle"], "Rule 1 .* must have `fault`"),
        ([{"fault": "throttle"}, {"match": {}}], "Rule 2 .* must have `fault`"),
        ([{"fault": "throttle", "when": 1}], "and nothing else"),
        ([{"fault": "throtle"}], "did you mean 'throttle'"),
        ([{"fault": {"slow": 1, "cut_after": None}}], "must be a name, or one name"),
        (
            [{"match": {"operations": "Put*"}, "fault": "throttle"}],
            "no 'operations', did you mean 'operation'",
        ),
        ([{"match": {"per": "account"}, "fault": "throttle"}], "`per` is one of api, type, scope"),
        ([{"match": {"every": "often"}, "fault": "throttle"}], "Rule 1 .*often"),
        ([{"match": "Put*", "fault": "throttle"}], "`match` must be a mapping"),
        ([{"fault": {"service_error": 404}}], "a status from 500 to 599, not 404"),
        ([{"fault": "slow"}], "Rule 1"),
        ([{"fault": "drip"}], "Rule 1"),
        ([{"fault": "answer"}], "takes `status`, `body`"),
        ([{"fault": {"answer": {"state": 1}}}], "`answer` knows no 'state'"),
    ],
)
def test_a_wrong_script_is_told_by_rule(script: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(script)
