"""The quota is known, strict, and used by us alone: no call is refused, and a run takes 1.02 of the limit."""

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
def test_nothing_is_refused_and_nothing_lost(
    rate: float, burst: float, calls: int, median: float, p99: float
) -> None:
    """Two latencies are not caused by the limiter: that of the first call, and that of the last answer."""
    world = World(rate=rate, burst=burst, median=median, p99=p99)
    for seed in SEEDS:
        played = run(world, Trust.STRICT, calls, seed)
        assert not played.refusals
        assert played.makespan <= 1.02 * played.limit + 2 * p99


@pytest.mark.parametrize("trust", [Trust.TRUSTED, Trust.STRICT])
@pytest.mark.parametrize("calls", [1, 2, 20, 39, 40])
def test_a_short_run_is_over_at_once(trust: Trust, calls: int) -> None:
    """Calls that fit into the burst leave at twice the rate, and a single call leaves at once."""
    for seed in SEEDS:
        played = run(World(), trust, calls, seed)
        assert not played.refusals
        assert played.departures[-1] <= calls / 20


def run(world: World, trust: Trust, calls: int, seed: int) -> Played:
    """Run a client that knows the quota."""
    return play(world, BucketModel(Quota(world.rate, world.burst), trust=trust), calls=calls, seed=seed)


@pytest.mark.parametrize("seconds", [1.0, 5.0])
@pytest.mark.parametrize("arrives", ["late", "in time"])
def test_a_first_call_that_connects_for_long_costs_what_it_must(seconds: float, arrives: str) -> None:
    """The bucket is refilled from the first arrival on: that of the second call, if the first is later."""
    played = play(
        World(first=seconds, late=arrives == "late"),
        BucketModel(Quota(10, 40), trust=Trust.STRICT),
        calls=300,
        seed=3,
    )
    assert not played.refusals
    assert played.makespan <= max(1.02 * played.limit, seconds) + 0.5
