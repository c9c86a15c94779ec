"""A run begins with what the run before it learned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.throttle.bucket.beginning import FORGOTTEN
from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.world import Played, World, play

EMPTY = Belief(rate=10, burst=40, level=0.5)


def believed(model: BucketModel, now: float = 0.0) -> tuple[float, float]:
    statistics = model.statistics(now)
    return statistics.rate, statistics.level


def second(model: BucketModel, *, seed: int) -> Played:
    """A second run, right after the first has emptied the bucket."""
    return play(World(level=0.5), model, calls=200, seed=seed)


@pytest.mark.parametrize("seed", range(1000, 1005))
@pytest.mark.parametrize("trust", [Trust.TRUSTED, Trust.STRICT])
def test_a_second_run_begins_at_the_remembered_level(seed: int, trust: Trust) -> None:
    """It is refused nothing. Without memory it would be refused, since it would expect a full bucket."""
    remembers = second(BucketModel(TOTAL, trust=trust, belief=EMPTY), seed=seed)
    assert not remembers.refusals
    assert remembers.makespan <= 1.03 * (200 - 0.5) / 10
    assert second(BucketModel(TOTAL, trust=trust), seed=seed).refusals


def test_two_runs_one_after_the_other() -> None:
    """The second begins with the belief of the first, plus the refill of 1.5 s. That is the truth."""
    first = BucketModel(TOTAL)
    ended = play(World(), first, calls=200, seed=3).makespan
    belief = first.belief(ended)
    assert belief.rate == 10
    assert belief.level < 2
    later = BucketModel(TOTAL, belief=replace(belief, age=1.5))
    assert later.statistics(0.0).level == pytest.approx(belief.level + 15)


def test_an_unknown_quota_is_learned_once() -> None:
    """The second run knows the rate within some percent. It does not double it again, and is refused less.

    It finds one token, so the bucket must refill 999.
    """
    world = World(rate=25, burst=60)
    first = BucketModel(None)
    played = play(world, first, calls=2000, seed=5)
    belief = first.belief(played.makespan)
    assert belief.rate == pytest.approx(25, rel=0.1)
    again = play(replace(world, level=1), BucketModel(None, belief=belief), calls=1000, seed=6)
    anew = play(replace(world, level=1), BucketModel(None), calls=1000, seed=6)
    assert again.makespan <= 1.01 * 999 / 25
    assert again.refused < anew.refused <= 0.02


def test_the_level_is_refilled_for_the_time_between_and_no_fuller_than_full() -> None:
    belief = Belief(rate=10, burst=40, level=-5.0, age=2.0)
    assert believed(BucketModel(TOTAL, belief=belief)) == (10, 15)
    assert believed(BucketModel(TOTAL, belief=replace(belief, age=3600.0))) == (10, 39.5)


@pytest.mark.parametrize(
    ("trust", "age", "rate"),
    [
        (Trust.TRUSTED, FORGOTTEN - 1, 6),
        (Trust.TRUSTED, FORGOTTEN + 1, 10),
        (Trust.STRICT, FORGOTTEN + 1, 10),
        (Trust.GUESS, FORGOTTEN - 1, 6),
        (Trust.GUESS, 10 * FORGOTTEN, 6),
    ],
)
def test_an_old_belief_below_a_trusted_quota_is_forgotten(trust: Trust, age: float, rate: float) -> None:
    """Other callers come and go. But where a quota was guessed, what was learned stays the best value."""
    belief = Belief(rate=6, burst=40, level=1, age=age)
    assert believed(BucketModel(TOTAL, trust=trust, belief=belief))[0] == rate


@pytest.mark.parametrize(
    ("trust", "remembered", "rate"),
    [(Trust.TRUSTED, 30, 10), (Trust.STRICT, 30, 10), (Trust.GUESS, 30, 30), (Trust.GUESS, 0.001, 0.2)],
)
def test_a_belief_is_kept_within_floor_and_ceiling(trust: Trust, remembered: float, rate: float) -> None:
    """A rate above the quota, found by a run that may probe, is used only by another run that may probe."""
    belief = Belief(rate=remembered, burst=40, level=10)
    assert believed(BucketModel(TOTAL, trust=trust, belief=belief))[0] == rate


def test_a_remembered_neighbour_is_looked_for() -> None:
    """2/s were left to us before, and 10/s are left now. The run finds out by itself."""
    belief = Belief(rate=2, burst=40, level=1, age=60)
    model = BucketModel(TOTAL, belief=belief)
    played = play(World(), model, calls=600, seed=4)
    assert model.statistics(played.makespan).rate == 10
    assert played.makespan <= 2 * played.limit


def test_a_belief_of_another_quota_does_no_harm() -> None:
    model = BucketModel(Quota(0.2, 1), belief=Belief(rate=10, burst=40, level=40))
    assert believed(model) == (0.2, 1)
