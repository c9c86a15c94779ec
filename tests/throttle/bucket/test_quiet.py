"""Nothing accepted: attempts decay to about five a minute per bucket, and one accepted call re-opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.world import Played, World, play

CLOSED, OPEN = 600.0, 900.0
"""Seconds: until when nothing is let through, and when the run shall be over."""

MIRRORS: Mapping[str, Callable[[], BucketModel]] = {
    "trusted": lambda: BucketModel(TOTAL),
    "strict": lambda: BucketModel(TOTAL, trust=Trust.STRICT),
    "guess": lambda: BucketModel(TOTAL, trust=Trust.GUESS),
    "share": lambda: BucketModel(TOTAL, share=0.9),
    "unknown": lambda: BucketModel(None),
    "fast": lambda: BucketModel(Quota(100, 200)),
}
"""Each makes a new one: a process that runs part of the tests makes a storm more than once."""


@pytest.fixture(scope="module", params=MIRRORS)
def storm(request: pytest.FixtureRequest) -> Played:
    """500 calls, to a service that lets nothing through for ten minutes, and then 10 calls/s."""
    world = World(level=0, steps=((0.0, 0.0), (CLOSED, 1.0)))
    return play(world, MIRRORS[request.param](), calls=500, seed=7, horizon=OPEN)


def during(moments: Played, start: float, end: float) -> int:
    """Calls that left in a time."""
    return sum(start <= moment < end for moment in moments.departures)


def test_attempts_decay_to_five_a_minute(storm: Played) -> None:
    for minute in range(2, 10):
        assert 3 <= during(storm, 60 * minute, 60 * (minute + 1)) <= 6
    assert during(storm, 0, 60) <= 60


def test_one_accepted_call_reopens(storm: Played) -> None:
    """It is tried within 12 s, and two minutes later all of the 500 calls are made, which take 46 s."""
    assert during(storm, CLOSED, CLOSED + 13) >= 1
    assert storm.makespan <= CLOSED + 120


def test_the_storm_costs_little(storm: Played) -> None:
    """Of 500 calls so many are refused as there are tries in ten minutes, and few more."""
    assert len(storm.refusals) <= 120


def refused_five_times() -> tuple[BucketModel, float]:
    """A model whose five calls were refused, one after the other, and what time it is."""
    model, now = BucketModel(TOTAL), 0.0
    for _ in range(5):
        now += model.delay(now)
        model.sent(now)
        now += 0.1
        model.refused(now - 0.1, now)
    return model, now


def test_a_shorter_retry_after_does_not_end_it() -> None:
    model, now = refused_five_times()
    model.refused(now - 0.1, now, 1.0)
    assert model.delay(now) == pytest.approx(12.0)


def test_what_is_accepted_does_not_end_what_a_refusal_asked_for() -> None:
    model, now = refused_five_times()
    model.refused(now - 0.1, now, 30.0)
    model.accepted(now - 0.1, now)
    assert model.delay(now) == pytest.approx(30.0)


def test_quiet_begins_after_five_reactions_without_success() -> None:
    model, now = refused_five_times()
    assert model.delay(now) == pytest.approx(12.0)
    model.sent(now + 12)
    assert model.delay(now + 12) == pytest.approx(12.0)  # one at a time, answered or not
    model.accepted(now + 12, now + 12.1)
    assert model.delay(now + 12.1) < 5


def test_one_success_in_between_keeps_it_awake() -> None:
    """Four are refused, one is taken, four are refused: at no time were there five."""
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
