"""Budgets of failures and guard rails, in tables worked out by hand."""

from __future__ import annotations

import pytest

from batchgw.model import AccountId, Region, Scope
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.limits import Limits, MaxFailures
from batchgw.planning.rollout.budgets import Budgets
from batchgw.planning.rollout.guard_rails import Extent, exceeded, refusal

ONE, OTHER = (Scope(account=AccountId(n * 12), region=Region("eu-west-1")) for n in "12")
SHARE = Amount(percent=2.0)


def budgets(**most: Amount) -> Budgets:
    found = Budgets(
        max_failures=MaxFailures(**most),
        scopes={ONE: {"response": 200, "stage": 90}, OTHER: {"response": 100, "stage": 10}},
    )
    found.begin_wave(2, {"response": 290, "stage": 40})
    return found


@pytest.mark.parametrize(
    ("most", "failures", "says"),
    [
        ({"per_wave": SHARE}, 5, None),
        ({"per_wave": SHARE}, 6, "6 failures in wave 2 > 2 % of 290 API-types = 5"),
        ({"run": SHARE}, 6, None),
        ({"run": SHARE}, 7, "7 failures in the run > 2 % of 300 API-types = 6"),
        ({"run": Amount(count=1)}, 2, "2 failures in the run > 1"),
        ({"per_scope": SHARE}, 5, f"5 failures in {ONE} > 2 % of 200 API-types = 4"),
        ({"per_scope": Amount(count=0)}, 1, f"1 failure in {ONE} > 0"),
        ({"per_wave": Amount(percent=0.1)}, 1, "1 failure in wave 2 > 0.1 % of 290 API-types = 0"),
        ({}, 200, None),
    ],
)
def test_a_budget_is_exceeded_in_figures(most: dict[str, Amount], failures: int, says: str | None) -> None:
    counting = budgets(**most)
    for _ in range(failures):
        counting.failed(ONE, "response")
    assert counting.exceeded() == says


def test_where_there_is_one_kind_it_is_not_named() -> None:
    counting = Budgets(max_failures=MaxFailures(per_wave=SHARE), scopes={ONE: {"response": 290}})
    counting.begin_wave(2, {"response": 290})
    for _ in range(6):
        counting.failed(ONE, "response")
    assert counting.exceeded() == "6 failures in wave 2 > 2 % of 290 = 5"


def test_a_share_is_one_of_the_targets_of_its_kind_and_a_number_of_all() -> None:
    shares, number = budgets(per_wave=Amount(percent=5.0)), budgets(per_wave=Amount(count=5))
    for counting in (shares, number):
        for _ in range(3):
            counting.failed(ONE, "stage")
            counting.failed(OTHER, "response")
    assert (shares.exceeded() or "").startswith("3 failures in wave 2 > 5 % of 40")
    assert number.exceeded() == "6 failures in wave 2 > 5"


def test_a_new_wave_begins_with_no_failures_and_the_run_keeps_them() -> None:
    counting = budgets(per_wave=Amount(count=1), run=Amount(count=2), per_scope=Amount(count=1))
    counting.failed(ONE, "response")
    counting.begin_wave(3, {"response": 10})
    counting.failed(OTHER, "response")
    assert counting.exceeded() is None
    counting.failed(OTHER, "response")
    assert counting.exceeded() == "3 failures in the run > 2"


def test_a_scope_that_is_given_up_is_one_failure_against_scopes_and_no_more() -> None:
    counting = budgets(run=Amount(count=0), scopes=Amount(percent=50.0))
    counting.gave_up(ONE)
    counting.gave_up(ONE)
    counting.failed(ONE, "response")  # what is left in it counts as nothing
    assert counting.exceeded() is None
    counting.gave_up(OTHER)
    assert counting.exceeded() == "2 account-regions given up > 50 % of 2 account-regions = 1"


EXTENT = Extent(apis=2310, all_apis=7000, resets=1, status_changes=50, stages=201)


def test_limits_that_are_exceeded_are_told_with_both_figures() -> None:
    limits = Limits(apis=2000, percent=30.0, resets=0, status_changes=50, stages=200)
    found = exceeded(limits, EXTENT, ["stages"])
    assert [str(each) for each in found] == [
        "2,310 REST APIs that are changed or made live > apis: 2,000",
        "33 per cent of all REST APIs > percent: 30",
        "1 response types that are reset to the service's default > resets: 0",
    ]
    assert "allow it with `--allow apis,percent,resets`" in refusal(found)


def test_what_is_not_limited_is_allowed_and_what_is_no_limit_is_refused() -> None:
    assert exceeded(Limits(), EXTENT) == ()
    with pytest.raises(ValueError, match="apix: limits are apis, percent, resets, status_changes, stages"):
        exceeded(Limits(), EXTENT, ["apix"])
