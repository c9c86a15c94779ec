"""A refusal that the level does not explain is tested by a volley before it is believed. Worked by hand."""

from __future__ import annotations

from math import inf

import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.bucket.spurious import (
    LARGEST,
    LEAVING,
    PATIENCE,
    PAUSE,
    PROOF,
    RARER,
    SEVERAL,
    SHORT_PAUSE,
    SpuriousRefusals,
)
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.bucket.test_ceiling import kept
from tests.throttle.worlds.adversary import Rig, Step
from tests.throttle.worlds.gates import SEEDS
from tests.throttle.worlds.world import Mean, World, play


def accepting() -> SpuriousRefusals:
    """A detector that has seen an accepted call."""
    doubt = SpuriousRefusals()
    doubt.accepted(0.0)
    return doubt


def refuse(doubt: SpuriousRefusals, sent_at: float, *, rate: float = 10.0, odd: bool = True) -> bool:
    """Report a refusal after 0.1 s. Returns whether it is dismissed."""
    return doubt.dismiss(sent_at, sent_at + 0.1, rate=rate, odd=odd)


def volley(doubt: SpuriousRefusals, at: float, *, taken: int, refused: int = 0) -> list[bool]:
    """An odd refusal, and its volley, which is answered 0.1 s after it left.

    Returns for each refused call of the volley whether its refusal is dismissed.
    """
    assert refuse(doubt, at)
    left = at + 0.1
    while doubt.wants(left):
        doubt.sent()
    said = [doubt.dismiss(left, left + 0.1, rate=10.0, odd=False) for _ in range(refused)]
    for _ in range(taken):
        doubt.accepted(left)
    return said


def proven() -> SpuriousRefusals:
    """A detector to which refusals are proven to be spurious."""
    doubt = accepting()
    for number in range(PROOF):
        volley(doubt, 10.0 * (number + 1), taken=2)
    assert doubt.proven
    return doubt


@pytest.mark.parametrize(
    ("rate", "calls"),
    [(1.0, 2), (10.0, 2), (26.0, 4), (76.0, LARGEST), (86.0, 0)],
    ids=["one runs in", "still one", "2.6 + 0.5 run in", "the largest volley", "too many: no volley"],
)
def test_a_volley_is_one_more_than_the_tokens_that_may_run_in_meanwhile(rate: float, calls: int) -> None:
    """In the 0.1 s until the refusal is back, a tenth of the rate runs into an empty bucket, and no more."""
    doubt = accepting()
    assert refuse(doubt, 10.0, rate=rate) == bool(calls)
    assert doubt.left == calls


def test_after_an_accepted_volley_the_next_odd_refusal_is_tested_at_once() -> None:
    doubt = accepting()
    volley(doubt, 10.0, taken=2)
    assert not doubt.tried
    assert refuse(doubt, 11.0)


def test_the_first_refused_call_ends_a_volley() -> None:
    """Then there is no volley for five minutes, and after each further failure for three times as long."""
    doubt, at = accepting(), 10.0
    for pause in (PAUSE, RARER * PAUSE, RARER**2 * PAUSE):
        assert volley(doubt, at, taken=0, refused=1) == [False]
        assert doubt.left == 0
        doubt.accepted(at + 1)
        assert not refuse(doubt, at + pause - 1)
        doubt.accepted(at + pause)
        at += pause + 1


def test_once_proven_each_refusal_is_tested_and_a_volley_fails_with_its_second_refusal() -> None:
    doubt = proven()
    assert refuse(doubt, 100.0, odd=False)
    assert doubt.left == 1 + SEVERAL
    doubt.accepted(100.1)
    doubt.accepted(100.1)
    assert not doubt.tried
    assert volley(doubt, 110.0, taken=0, refused=SEVERAL) == [True] * (SEVERAL - 1) + [False]
    doubt.accepted(111.0)
    assert not refuse(doubt, 110.2 + SHORT_PAUSE - 0.2)


def test_refused_volleys_undo_the_proof() -> None:
    doubt, at = proven(), 100.0
    for _ in range(4):
        if not doubt.proven:
            break
        doubt.accepted(at)
        volley(doubt, at, taken=0, refused=SEVERAL)
        at += 1000
    assert not doubt.proven


@pytest.mark.parametrize("odd", [True, False])
def test_only_an_odd_refusal_is_dismissed(odd: bool) -> None:  # noqa: FBT001
    assert refuse(accepting(), 10.0, odd=odd) == odd


def test_no_refusal_is_tested_before_a_call_is_accepted_or_soon_after_a_quiet_time() -> None:
    doubt = SpuriousRefusals()
    assert not refuse(doubt, 10.0)
    doubt.accepted(10.2)
    doubt.believed(10.2, quiet=True)
    assert not refuse(doubt, 10.2 + PAUSE - 1)


def test_a_believed_refusal_ends_a_volley() -> None:
    doubt = accepting()
    assert refuse(doubt, 10.0)
    doubt.believed(10.2)
    assert not doubt.wants(10.2)
    assert not doubt.tried


def test_a_volley_stops_leaving_after_a_while_and_fails_without_an_answer() -> None:
    doubt = accepting()
    assert refuse(doubt, 10.0)
    assert doubt.wants(10.1 + LEAVING - 0.01)
    assert not doubt.wants(10.1 + LEAVING + 0.01)
    assert not refuse(doubt, 10.0 + PATIENCE + 0.01)
    assert not doubt.tried


def mean(odds: float, *, polite: bool = False) -> Mean:
    """Means over runs in which the part `odds` of all calls is refused by chance."""
    world = World(odds=odds)
    runs = [play(world, BucketModel(TOTAL, polite=polite), calls=2000, seed=seed) for seed in SEEDS]
    return Mean.of(runs)


@pytest.mark.parametrize(("odds", "ratio"), [(0.01, 1.10), (0.02, 1.50), (0.05, 2.0)])
def test_refusals_by_chance_cost_little_time(odds: float, ratio: float) -> None:
    """If each counted as an empty bucket, the runs would take 1.26, 1.8 and 7 times the limit."""
    by_chance = mean(odds)
    assert by_chance.ratio <= ratio
    assert by_chance.refused <= 1.5 * odds


def test_refusals_by_chance_cost_a_polite_run_at_most_twice_the_limit() -> None:
    """Without volleys it took 5 times the limit, because a polite run notices slowly that more is there."""
    assert mean(0.02, polite=True).ratio <= 2


@pytest.mark.parametrize(("trust", "share"), [(Trust.STRICT, 1.0), (Trust.TRUSTED, 0.9)])
def test_volleys_keep_below_a_ceiling(trust: Trust, share: float) -> None:
    """Every twentieth call is refused, however much is in the bucket."""
    rig = Rig(BucketModel(TOTAL, trust=trust, share=share))
    for _ in range(200):
        rig.run([Step("send"), Step("wait", 0.05), Step("accepted")] * 19)
        rig.run([Step("send"), Step("wait", 0.05), Step("refused", -1.0)])
    assert kept(rig.departures, share * TOTAL.rate, TOTAL.burst)


def delay_after_odd_refusal(model: BucketModel, retry_after: float | None) -> float:
    """A first refusal is believed. Half a minute later an odd one comes. Returns the delay after that."""
    rig = Rig(model)
    rig.run([Step("send"), Step("wait", 0.1), Step("accepted")] * 100)
    rig.run([Step("send"), Step("wait", 0.1), Step("refused", -1.0), Step("wait", 30.0)])
    rig.run([Step("send"), Step("wait", 0.1), Step("accepted"), Step("send"), Step("wait", 0.1)])
    model.refused(rig.in_flight.pop(), rig.now, retry_after)
    return model.delay(rig.now, inf)


def test_a_volley_leaves_at_once_unless_a_refusal_asks_to_wait() -> None:
    assert delay_after_odd_refusal(BucketModel(TOTAL), None) == 0
    assert delay_after_odd_refusal(BucketModel(TOTAL), 3.0) == pytest.approx(3.0)


@pytest.mark.parametrize("quota", [Quota(10, 5), Quota(0.2, 1)])
def test_a_small_bucket_has_no_room_for_volleys(quota: Quota) -> None:
    model = BucketModel(quota)
    delay_after_odd_refusal(model, None)
    assert not model._spurious.tried
