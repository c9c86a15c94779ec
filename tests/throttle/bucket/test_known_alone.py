"""We know the quota and use it alone: no call is refused, and a run takes 1.02 times the limit at most."""

from __future__ import annotations

import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import Quota, Trust
from tests.throttle.worlds.world import Played, World, play

SEEDS = range(1000, 1010)


@pytest.mark.parametrize(
    ("rate", "burst", "calls"),
    [
        (10, 40, 200),
        (10, 40, 2000),
        (5, 10, 200),
        (2.5, 5, 200),
        (10, 5, 600),
        (20, 100, 2000),
        (0.5, 20, 60),
    ],
)
@pytest.mark.parametrize(("median", "p99"), [(0.11, 0.2), (0.02, 0.08), (0.5, 1.0)])
def test_nothing_is_refused_and_no_time_is_lost(
    rate: float, burst: float, calls: int, median: float, p99: float
) -> None:
    """Two latencies are allowed for: the first call's and the last one's. No limiter can avoid them."""
    world = World(rate=rate, burst=burst, median=median, p99=p99)
    for seed in SEEDS:
        played = run(world, Trust.STRICT, calls, seed)
        assert not played.refusals
        assert played.makespan <= 1.02 * played.limit + 2 * p99


@pytest.mark.parametrize("trust", [Trust.TRUSTED, Trust.STRICT])
@pytest.mark.parametrize("calls", [1, 2, 20, 39, 40])
def test_calls_that_fit_into_the_burst_leave_at_twice_the_rate(trust: Trust, calls: int) -> None:
    """A single call leaves at once."""
    for seed in SEEDS:
        played = run(World(), trust, calls, seed)
        assert not played.refusals
        assert played.departures[-1] <= calls / 20


def run(world: World, trust: Trust, calls: int, seed: int) -> Played:
    """Run a client that knows the quota."""
    return play(world, BucketModel(Quota(world.rate, world.burst), trust=trust), calls=calls, seed=seed)


@pytest.mark.parametrize("seconds", [1.0, 5.0])
@pytest.mark.parametrize("arrives", ["late", "in time"])
def test_a_slow_first_call_causes_no_refusal_and_no_further_delay(seconds: float, arrives: str) -> None:
    """A full bucket is refilled from the first arrival on: the second call's, if the first call is late."""
    played = play(
        World(first=seconds, late=arrives == "late"),
        BucketModel(Quota(10, 40), trust=Trust.STRICT),
        calls=300,
        seed=3,
    )
    assert not played.refusals
    assert played.makespan <= max(1.02 * played.limit, seconds) + 0.5
