"""How much is kept: little until the bucket has shown that it holds what was said, then most of it."""

from __future__ import annotations

from math import inf

import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.bucket.reserve import Reserve, held_burst, large, small
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota

SMALL, LARGE = small(40).least, large(40).least


@pytest.mark.parametrize(
    ("burst", "of_it", "polite", "expected"),
    [
        (40, small, False, Reserve(6.5, 15.5)),
        (40, large, False, Reserve(28.0, 30.0)),
        (40, large, True, Reserve(0.75 * 39, 32.0)),  # three quarters of what is beside one call
        (21, large, False, Reserve(15.0, 17.0)),
        (9, large, False, Reserve(2.0, 4.0)),  # no room for more
        (1, large, True, Reserve(0.0, 0.0)),
    ],
)
def test_what_is_kept_of_a_bucket(burst: float, of_it: object, polite: bool, expected: Reserve) -> None:  # noqa: FBT001
    assert (small(burst) if of_it is small else large(burst, polite=polite)) == expected


@pytest.mark.parametrize(("taken", "proof"), [(40 + 20, True), (23 + 20, True), (22 + 20, False)])
def test_a_burst_is_proven_by_more_than_half_of_it(taken: int, proof: bool) -> None:  # noqa: FBT001
    """20 were refilled until the first refusal; of the 40 that were said, 23 must have been there."""
    assert held_burst(taken=taken, refilled=20.0, burst=40.0) == proof


def spent(model: BucketModel, calls: int, now: float = 0.0) -> float:
    """Send so many as early as the model allows, of 1,000; all are accepted at once. Answers the time."""
    for place in range(calls):
        now += model.delay(now, 1000.0 - place)
        model.sent(now)
        model.accepted(now, now)
    return now


def kept(model: BucketModel, now: float, left: float = 500.0) -> float:
    """Calls that stay in the bucket: how much longer one waits than for a token, times the rate."""
    statistics = model.statistics(now)
    return statistics.level + statistics.rate * model.delay(now, left) - 1


def test_a_first_burst_that_was_all_there_is_the_proof() -> None:
    """Calls leave at 20/s until 6.5 are left. From then on 28 are kept: they are refilled before the next."""
    model = BucketModel(TOTAL)
    assert model.delay(spent(model, 55), 500.0) == pytest.approx(0.05)
    model = BucketModel(TOTAL)
    assert kept(model, spent(model, 70)) == pytest.approx(LARGE)


def test_a_first_refusal_that_comes_too_early_refutes_it_for_good() -> None:
    """Ten calls, and the bucket is empty: it never held_burst 40."""
    model = BucketModel(TOTAL)
    now = spent(model, 10)
    model.sent(now)
    model.refused(now, now)
    assert kept(model, spent(model, 70, now + 60.0)) < LARGE


@pytest.mark.parametrize("quota", [None, Quota(10, 9)])
def test_what_is_unknown_or_has_no_room_keeps_little(quota: Quota | None) -> None:
    model = BucketModel(quota)
    now = spent(model, 200)
    assert model._probe.reserve <= small(40).least
    assert model.delay(now, 500.0) < 3


def test_a_run_that_remembers_knows_what_the_bucket_holds() -> None:
    model = BucketModel(TOTAL, belief=Belief(rate=10, burst=40, level=20))
    assert kept(model, 0.0) == pytest.approx(LARGE)


def test_where_nobody_knows_which_calls_are_the_last_little_is_kept() -> None:
    """It could not be spent at the end: it would cost 2.8 s."""
    model = BucketModel(TOTAL)
    now = spent(model, 70)
    assert model.statistics(now).level > SMALL + 1
    assert model.delay(now, inf) == pytest.approx(0.05)
    polite = BucketModel(TOTAL, polite=True)
    assert kept(polite, spent(polite, 70), inf) == pytest.approx(large(40, polite=True).least)


@pytest.mark.parametrize("calls", [20, 57])
def test_the_last_calls_may_spend_it_all(calls: int) -> None:
    """Half a token is refilled for each while they leave at twice the rate."""
    model = BucketModel(TOTAL, belief=Belief(rate=10, burst=40, level=28.5))
    departures, now = [], 0.0
    for left in range(calls, 0, -1):
        now += model.delay(now, left)
        departures.append(now)
        model.sent(now)
        model.accepted(now, now)
    assert departures[-1] == pytest.approx((calls - 2) * 0.05, abs=0.11)
