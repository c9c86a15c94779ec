"""Nothing accepted: attempts decay to about five a minute per bucket, and one accepted call re-opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from batchgw.throttle.bucket.mirror import MirrorBucket
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.world import Played, World, play

CLOSED, OPEN = 600.0, 900.0
"""Seconds: until when nothing is let through, and when the run shall be over."""

MIRRORS: Mapping[str, Callable[[], MirrorBucket]] = {
    "trusted": lambda: MirrorBucket(TOTAL),
    "strict": lambda: MirrorBucket(TOTAL, trust=Trust.STRICT),
    "guess": lambda: MirrorBucket(TOTAL, trust=Trust.GUESS),
    "share": lambda: MirrorBucket(TOTAL, share=0.9),
    "unknown": lambda: MirrorBucket(None),
    "fast": lambda: MirrorBucket(Quota(100, 200)),
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


def refused_five_times() -> tuple[MirrorBucket, float]:
    """A mirror whose five calls were refused, one after the other, and what time it is."""
    mirror, now = MirrorBucket(TOTAL), 0.0
    for _ in range(5):
        now += mirror.delay(now)
        mirror.sent(now)
        now += 0.1
        mirror.throttled(now - 0.1, now)
    return mirror, now


def test_a_shorter_retry_after_does_not_end_it() -> None:
    mirror, now = refused_five_times()
    mirror.throttled(now - 0.1, now, 1.0)
    assert mirror.delay(now) == pytest.approx(12.0)


def test_what_is_accepted_does_not_end_what_a_refusal_asked_for() -> None:
    mirror, now = refused_five_times()
    mirror.throttled(now - 0.1, now, 30.0)
    mirror.ok(now - 0.1, now)
    assert mirror.delay(now) == pytest.approx(30.0)


def test_quiet_begins_after_five_reactions_without_success() -> None:
    mirror, now = refused_five_times()
    assert mirror.delay(now) == pytest.approx(12.0)
    mirror.sent(now + 12)
    assert mirror.delay(now + 12) == pytest.approx(12.0)  # one at a time, answered or not
    mirror.ok(now + 12, now + 12.1)
    assert mirror.delay(now + 12.1) < 5


def test_one_success_in_between_keeps_it_awake() -> None:
    """Four are refused, one is taken, four are refused: at no time were there five."""
    mirror, now = MirrorBucket(TOTAL), 0.0
    for taken in (False, False, False, False, True, False, False, False, False):
        now += mirror.delay(now, 1)
        mirror.sent(now)
        now += 0.1
        if taken:
            mirror.ok(now - 0.1, now)
        else:
            mirror.throttled(now - 0.1, now)
    assert mirror.delay(now, 1) < 12
    mirror.sent(now + 5)
    mirror.throttled(now + 5, now + 5.1)
    assert mirror.delay(now + 5.1, 1) == pytest.approx(12)
