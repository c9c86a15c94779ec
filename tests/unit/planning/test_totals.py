"""Counting plan items, and what the counts cost in calls and time. Worked by hand."""

import json
import math
from collections import Counter
from dataclasses import replace

import pytest

from batchgw.control_plane import operations
from batchgw.model import (
    AccountId,
    Action,
    GatewayResponse,
    PlanItem,
    PlannedApi,
    Region,
    ResponseChange,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    SetAside,
    Settings,
    SkippedScope,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.change import EXCLUDED, EXEMPT, MANAGED
from batchgw.model.response_change import TARGETS
from batchgw.model.shape import record
from batchgw.planning.estimate import PAGE_SIZE, Estimate, Work, duration, estimate
from batchgw.planning.totals import PlanTotals, ScopeTotals
from batchgw.throttle.quota import Quota

DUBLIN = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
OHIO = Scope(account=AccountId("111111111111"), region=Region("us-east-2"))
TOKYO = Scope(account=AccountId("222222222222"), region=Region("ap-northeast-1"))
NOWHERE = Scope(account=AccountId("*"), region=Region("*"))


def planned(scope: Scope, *actions: Action) -> PlannedApi:
    changes = tuple(
        ResponseChange(
            type=response_type,
            action=action,
            before=GatewayResponse(type=response_type, settings=Settings(), default_response=True),
            after=None,
        )
        for response_type, action in zip(ResponseType, actions, strict=False)
    )
    return PlannedApi(api=RestApi(scope=scope, id=RestApiId("a")), changes=changes)


def unread(scope: Scope, code: str, types: int) -> UnreadApi:
    api = RestApi(scope=scope, id=RestApiId("b"))
    return UnreadApi(api=api, targets=tuple(TARGETS.values())[:types], code=code, message="no")


def counted() -> PlanTotals:
    totals = PlanTotals([DUBLIN, OHIO])
    totals.add(planned(DUBLIN, Action.CREATE, Action.UPDATE, Action.NO_OP))
    totals.add(planned(DUBLIN, Action.RESET, Action.CREATE, Action.NO_OP))
    totals.add(planned(DUBLIN, Action.NO_OP, Action.NO_OP, Action.NO_OP))
    totals.add(unread(DUBLIN, "ServiceFailure", 3))
    totals.add(planned(TOKYO, Action.UPDATE))
    totals.add(unread(TOKYO, "ApiNotFound", 2))
    totals.add(UnreadScope(scope=TOKYO, code="AccessDenied", message="no"))
    return totals


def test_counts_by_scope_and_action() -> None:
    totals = counted()
    dublin = ScopeTotals(
        apis=3, changed_apis=2, creates=2, updates=1, resets=1, no_ops=5, unread_apis=1, unread_targets=3,
        operations=Counter(PutGatewayResponse=3, DeleteGatewayResponse=1),
    )  # fmt: skip
    tokyo = ScopeTotals(
        apis=1, changed_apis=1, updates=1, unread_apis=1, skipped_apis=1, unread_targets=2, unread_scopes=1,
        operations=Counter(PutGatewayResponse=1),
    )  # fmt: skip
    assert totals.scopes == {DUBLIN: dublin, OHIO: ScopeTotals(), TOKYO: tokyo}
    assert (dublin.writes, dublin.expected) == (4, 12)  # 3 APIs read x 3 types + 3 types unread
    assert totals.expected == {DUBLIN: 12, OHIO: 0, TOKYO: 3}
    assert totals.total == ScopeTotals(
        apis=4, changed_apis=3, creates=2, updates=2, resets=1, no_ops=5,
        unread_apis=2, skipped_apis=1, unread_targets=5, unread_scopes=1,
        operations=Counter(PutGatewayResponse=4, DeleteGatewayResponse=1),
    )  # fmt: skip
    assert totals.total.expected == 15
    assert totals.unread_scopes == (TOKYO,)


@pytest.mark.parametrize(
    ("item", "complete"),
    [
        (planned(DUBLIN, Action.CREATE), True),
        (unread(DUBLIN, "ApiNotFound", 1), True),
        (unread(DUBLIN, EXCLUDED, 1), True),
        (unread(DUBLIN, "NoSuchApi", 1), False),
        (unread(DUBLIN, "AccessDenied", 1), False),
        (unread(DUBLIN, MANAGED, 1), False),
        (UnreadScope(scope=OHIO, code="Throttled", message="no"), False),
    ],
)
def test_complete_means_that_all_was_read_but_what_is_rightly_left_alone(
    item: PlanItem, *, complete: bool
) -> None:
    totals = PlanTotals()
    totals.add(planned(DUBLIN, Action.NO_OP))
    totals.add(item)
    assert totals.complete is complete


def test_the_sum_goes_on_counting() -> None:
    totals = PlanTotals()
    for changes in (1, 2, 3):
        totals.add(planned(TOKYO, Action.CREATE))
        assert (totals.total.creates, totals.total.operations) == (changes, {"PutGatewayResponse": changes})


def test_survives_json() -> None:
    totals = counted()
    text = json.dumps(totals.to_json())
    assert PlanTotals.from_json(json.loads(text)) == totals
    assert json.loads(text)["total"]["expected"] == 15
    assert json.loads(text)["scopes"]["111111111111/us-east-2"]["apis"] == 0


def test_the_calls_of_each_operation_stand_beside_the_counts() -> None:
    assert counted().to_json()["operations"] == {
        str(DUBLIN): {"DeleteGatewayResponse": 1, "PutGatewayResponse": 3},
        str(TOKYO): {"PutGatewayResponse": 1},
    }


def test_what_is_set_aside_is_expected_and_neither_read_nor_written() -> None:
    """One API with two changes and one exempt target, one that is all exempt, and one that is unread."""
    aside = tuple(SetAside(target=t, code=EXEMPT, message="CHG-1") for t in list(TARGETS.values())[5:7])
    totals = PlanTotals()
    totals.add(replace(planned(DUBLIN, Action.CREATE, Action.NO_OP), set_aside=aside[:1]))
    totals.add(replace(planned(DUBLIN), set_aside=aside))
    totals.add(replace(unread(DUBLIN, "ServiceFailure", 3), set_aside=aside[1:]))
    total = totals.total
    assert (total.apis, total.set_aside_apis, total.unread_apis) == (1, 1, 1)
    assert (total.set_aside, total.expected) == (4, 1 + 1 + 3 + 4)
    assert PlanTotals.from_json(totals.to_json()) == totals


def test_a_skipped_scope_is_counted_and_leaves_a_plan_complete() -> None:
    totals = PlanTotals([DUBLIN])
    totals.add(SkippedScope(scope=OHIO, code="RegionOff", message="off"))
    assert (totals.total.skipped_scopes, totals.complete, totals.looked_into) == (1, True, (DUBLIN,))
    assert totals.expected == {DUBLIN: 0}  # a run tells of no other
    assert list(estimate(totals).scopes) == [DUBLIN]  # no call is made in the other


def test_an_operation_with_a_quota_of_its_own_decides_how_long_a_scope_takes() -> None:
    """1,200 PUTs at one in 5 s, of which half is ours; the total would take two minutes."""
    own = {"PutGatewayResponse": Quota(0.2, 2), "DeleteGatewayResponse": Quota(0.01, 1)}
    found = estimate(large(), Work.APPLY, operations=own)
    assert found.seconds == pytest.approx(1198 * 5)
    assert estimate(large(), Work.APPLY, operations=own, share=0.5).seconds == pytest.approx(1198 * 10)
    assert estimate(large(), Work.PLAN, operations=own) == estimate(large(), Work.PLAN)
    late = estimate(large(), Work.APPLY, operations=own, trusted=990).scopes[DUBLIN]
    assert (late.reads, late.writes) == (500, 1200)  # 200 PUTs leave in time


def test_an_api_is_read_once_for_each_kind_that_is_asked_for() -> None:
    one, two = (estimate(large(), Work.APPLY_SAVED, reads=n, trusted=0) for n in (1, 2))
    assert two.scopes[DUBLIN].reads == 2 * one.scopes[DUBLIN].reads == 4 * 600


@pytest.mark.parametrize(
    ("calls", "rate", "burst", "share", "seconds"),
    [
        (0, 10, 40, 1, 0),
        (40, 10, 40, 1, 0),
        (41, 10, 40, 1, 0.1),
        (602, 10, 40, 1, 56.2),  # 600 APIs: 2 pages, 600 reads
        (1200, 10, 40, 1, 116),  # 600 APIs x 2 types
        (140, 10, 40, 0.5, 20),  # half of the rate is ours
        (12, 0.2, 2, 1, 50),
    ],
)
def test_duration_is_what_exceeds_the_burst_over_the_rate(
    calls: int, rate: float, burst: int, share: float, seconds: float
) -> None:
    assert duration(calls, rate=rate, burst=burst, share=share) == pytest.approx(seconds)


def large() -> PlanTotals:
    """600 APIs with 1200 writes in Dublin, 501 unchanged in Tokyo, none in Ohio, one id found nowhere."""
    totals = PlanTotals([DUBLIN, OHIO])
    for _ in range(600):
        totals.add(planned(DUBLIN, Action.CREATE, Action.UPDATE, Action.NO_OP))
    for _ in range(501):
        totals.add(planned(TOKYO, Action.NO_OP))
    totals.add(unread(NOWHERE, "NoSuchApi", 1))
    return totals


def test_estimate_counts_pages_reads_and_writes_and_takes_the_longest_scope() -> None:
    found = estimate(large())
    assert [(str(scope), e.listings, e.reads, e.writes) for scope, e in found.scopes.items()] == [
        ("111111111111/eu-west-1", 2, 600, 1200),
        ("111111111111/us-east-2", 1, 0, 0),
        ("222222222222/ap-northeast-1", 2, 501, 0),
    ]
    assert [e.seconds for e in found.scopes.values()] == pytest.approx([176.2, 0, 46.3])
    assert found.calls == 1802 + 1 + 503
    assert found.seconds == pytest.approx(176.2)
    assert record(record(found.to_json()["scopes"])["222222222222/ap-northeast-1"])["calls"] == 503


@pytest.mark.parametrize(
    ("work", "calls", "seconds"),
    [
        (Work.PLAN, 602 + 1 + 503, 56.2),
        (Work.APPLY, 1200, 116.0),
        (Work.APPLY_SAVED, 1800 + 501, 176.0),
    ],
)
def test_estimate_of_a_part_of_the_work(work: Work, calls: int, seconds: float) -> None:
    found = estimate(large(), work)
    assert found.calls == calls
    assert found.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("work", "level", "seconds"),
    [
        (Work.APPLY, 40, 116.0),  # (1200 - 40) / 10
        (Work.APPLY, 0, 120.0),
        (Work.APPLY_SAVED, 0, 180.0),
        (Work.APPLY_SAVED, 15, 178.5),
    ],
)
def test_what_was_just_read_is_missing_from_the_bucket(work: Work, level: float, seconds: float) -> None:
    asked = []

    def left(scope: Scope) -> float:
        asked.append(scope)
        return level

    assert estimate(large(), work, level=left).seconds == pytest.approx(seconds)
    assert asked == [DUBLIN, OHIO, TOKYO]  # and not the scope that stands for nowhere


@pytest.mark.parametrize(
    ("work", "burst", "trusted", "reads", "seconds"),
    [
        # 900 of 1,200 writes in time, then 300: a quarter of the 600 APIs is read again, which takes as long
        (Work.APPLY, 0, 900, 150, 1350),
        (Work.APPLY, 300, 900, 0, 900),
        (Work.APPLY, 0, math.inf, 0, 1200),
        # 902 of 1,802 calls in time, and so 900 of the writes late: three quarters of the APIs
        (Work.ALL, 2, 900, 600 + 450, 2250),
        (Work.ALL, 2, 1, 600 + 600, 2400),
        (Work.PLAN, 0, 1, 600, 602),
    ],
)
def test_what_is_written_late_is_read_once_more(
    work: Work, burst: float, trusted: float, reads: int, seconds: float
) -> None:
    found = estimate(large(), work, rate=1, burst=burst, trusted=trusted).scopes[DUBLIN]
    assert found.reads == reads
    assert found.seconds == pytest.approx(seconds)


def test_estimate_at_another_quota_and_of_nothing() -> None:
    assert estimate(large(), Work.APPLY, rate=20, burst=200, share=0.5).seconds == pytest.approx(100.0)
    assert estimate(PlanTotals()) == Estimate(scopes={})
    assert estimate(PlanTotals()).seconds == 0.0


def test_pages_are_estimated_as_large_as_they_are_asked_for() -> None:
    assert PAGE_SIZE == operations.PAGE_SIZE
