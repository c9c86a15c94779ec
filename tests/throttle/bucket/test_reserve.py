"""The reserve is small until the bucket has shown that it holds its stated burst. Then it is most of that."""

from __future__ import annotations

from math import inf

import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.bucket.reserve import Reserve, held_burst, large, small
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota

SMALL, LARGE = small(40).least, large(40).least


@pytest.mark.parametrize(
    ("burst", "kind", "polite", "expected"),
    [
        (40, small, False, Reserve(6.5, 15.5)),
        (40, large, False, Reserve(28.0, 30.0)),
        (40, large, True, Reserve(0.75 * 39, 32.0)),  # three quarters of the burst less one call
        (21, large, False, Reserve(15.0, 17.0)),
        (9, large, False, Reserve(2.0, 4.0)),  # no room for a large one
        (1, large, True, Reserve(0.0, 0.0)),
    ],
)
def test_the_bounds_of_a_reserve(burst: float, kind: object, polite: bool, expected: Reserve) -> None:  # noqa: FBT001
    assert (small(burst) if kind is small else large(burst, polite=polite)) == expected


@pytest.mark.parametrize(("taken", "proof"), [(40 + 20, True), (23 + 20, True), (22 + 20, False)])
def test_a_burst_is_proven_by_more_than_half_of_it(taken: int, proof: bool) -> None:  # noqa: FBT001
    """20 tokens were refilled until the first refusal. Of the stated burst of 40, 23 must have been there."""
    assert held_burst(taken=taken, refilled=20.0, burst=40.0) == proof


def spend(model: BucketModel, calls: int, now: float = 0.0) -> float:
    """Send the first `calls` of 1,000 as early as the model allows. Each is accepted at once.

    Returns the time.
    """
    for place in range(calls):
        now += model.delay(now, 1000.0 - place)
        model.sent(now)
        model.accepted(now, now)
    return now


def kept(model: BucketModel, now: float, left: float = 500.0) -> float:
    """Calls that stay in the bucket when the next one leaves: the level then, less that call's own token."""
    statistics = model.statistics(now)
    return statistics.level + statistics.rate * model.delay(now, left) - 1


def test_the_reserve_becomes_large_once_the_first_burst_is_spent_without_a_refusal() -> None:
    """Calls leave at 20/s until 6.5 are left. From then on 28 are kept; they are refilled first."""
    model = BucketModel(TOTAL)
    assert model.delay(spend(model, 55), 500.0) == pytest.approx(0.05)
    model = BucketModel(TOTAL)
    assert kept(model, spend(model, 70)) == pytest.approx(LARGE)


def test_after_an_early_first_refusal_the_reserve_stays_small() -> None:
    """The bucket is empty after ten calls, so it never held 40."""
    model = BucketModel(TOTAL)
    now = spend(model, 10)
    model.sent(now)
    model.refused(now, now)
    assert kept(model, spend(model, 70, now + 60.0)) < LARGE


@pytest.mark.parametrize("quota", [None, Quota(10, 9)])
def test_an_unknown_quota_and_a_small_burst_have_a_small_reserve(quota: Quota | None) -> None:
    model = BucketModel(quota)
    now = spend(model, 200)
    assert model._probe.reserve <= small(40).least
    assert model.delay(now, 500.0) < 3


def test_with_a_belief_from_an_earlier_run_the_reserve_is_large_at_once() -> None:
    model = BucketModel(TOTAL, belief=Belief(rate=10, burst=40, level=20))
    assert kept(model, 0.0) == pytest.approx(LARGE)


def test_while_the_number_of_calls_is_unknown_the_reserve_is_small_unless_polite() -> None:
    """A reserve that is not spent at the end costs time: 28 calls cost 2.8 s."""
    model = BucketModel(TOTAL)
    now = spend(model, 70)
    assert model.statistics(now).level > SMALL + 1
    assert model.delay(now, inf) == pytest.approx(0.05)
    polite = BucketModel(TOTAL, polite=True)
    assert kept(polite, spend(polite, 70), inf) == pytest.approx(large(40, polite=True).least)


@pytest.mark.parametrize("calls", [20, 57])
def test_the_last_calls_may_spend_the_whole_reserve(calls: int) -> None:
    """They leave at twice the rate, so half a token is refilled for each."""
    model = BucketModel(TOTAL, belief=Belief(rate=10, burst=40, level=28.5))
    departures, now = [], 0.0
    for left in range(calls, 0, -1):
        now += model.delay(now, left)
        departures.append(now)
        model.sent(now)
        model.accepted(now, now)
    assert departures[-1] == pytest.approx((calls - 2) * 0.05, abs=0.11)
