"""While nothing is accepted, attempts decay to five a minute per bucket. One accepted call ends that."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.world import Played, World, play

CLOSED, OPEN = 600.0, 900.0
"""Seconds: nothing is accepted until CLOSED, and the run must be over at OPEN."""

MODELS: Mapping[str, Callable[[], BucketModel]] = {
    "trusted": lambda: BucketModel(TOTAL),
    "strict": lambda: BucketModel(TOTAL, trust=Trust.STRICT),
    "guess": lambda: BucketModel(TOTAL, trust=Trust.GUESS),
    "share": lambda: BucketModel(TOTAL, share=0.9),
    "unknown": lambda: BucketModel(None),
    "fast": lambda: BucketModel(Quota(100, 200)),
}
"""Each entry makes a new model, because a process that runs part of the tests may run a storm twice."""


@pytest.fixture(scope="module", params=MODELS)
def storm(request: pytest.FixtureRequest) -> Played:
    """500 calls to a service that accepts nothing for ten minutes, and then 10 calls/s."""
    world = World(level=0, steps=((0.0, 0.0), (CLOSED, 1.0)))
    return play(world, MODELS[request.param](), calls=500, seed=7, horizon=OPEN)


def during(played: Played, start: float, end: float) -> int:
    """How many calls left from `start` on and before `end`."""
    return sum(start <= moment < end for moment in played.departures)


def test_attempts_decay_to_five_a_minute(storm: Played) -> None:
    for minute in range(2, 10):
        assert 3 <= during(storm, 60 * minute, 60 * (minute + 1)) <= 6
    assert during(storm, 0, 60) <= 60


def test_one_accepted_call_ends_the_quiet(storm: Played) -> None:
    """A call leaves within 13 s. After two minutes all 500 are done, which take 46 s at the full rate."""
    assert during(storm, CLOSED, CLOSED + 13) >= 1
    assert storm.makespan <= CLOSED + 120


def test_few_calls_are_refused_in_a_storm(storm: Played) -> None:
    """At most 60 in the first minute, about five in each of the next nine, and few after the opening."""
    assert len(storm.refusals) <= 120


def refused_five_times() -> tuple[BucketModel, float]:
    """A model whose five calls were refused one after the other, and the time."""
    model, now = BucketModel(TOTAL), 0.0
    for _ in range(5):
        now += model.delay(now)
        model.sent(now)
        now += 0.1
        model.refused(now - 0.1, now)
    return model, now


def test_a_shorter_retry_after_does_not_end_the_quiet() -> None:
    model, now = refused_five_times()
    model.refused(now - 0.1, now, 1.0)
    assert model.delay(now) == pytest.approx(12.0)


def test_an_accepted_call_ends_the_quiet_but_not_a_retry_after() -> None:
    model, now = refused_five_times()
    model.refused(now - 0.1, now, 30.0)
    model.accepted(now - 0.1, now)
    assert model.delay(now) == pytest.approx(30.0)


def test_quiet_begins_after_five_episodes_without_an_accepted_call() -> None:
    model, now = refused_five_times()
    assert model.delay(now) == pytest.approx(12.0)
    model.sent(now + 12)
    assert model.delay(now + 12) == pytest.approx(12.0)  # the last call need not be answered
    model.accepted(now + 12, now + 12.1)
    assert model.delay(now + 12.1) < 5


def test_an_accepted_call_in_between_prevents_the_quiet() -> None:
    """Four are refused, one is accepted, four are refused: never five in a row. Then comes the fifth."""
    model, now = BucketModel(TOTAL), 0.0
    for taken in (False, False, False, False, True, False, False, False, False):
        now += model.delay(now, 1)
        model.sent(now)
        now += 0.1
        if taken:
            model.accepted(now - 0.1, now)
        else:
            model.refused(now - 0.1, now)
    assert model.delay(now, 1) < 12
    model.sent(now + 5)
    model.refused(now + 5, now + 5.1)
    assert model.delay(now + 5.1, 1) == pytest.approx(12)
