"""Operations with quotas of their own: one call in some seconds, and no room for a reserve."""

from __future__ import annotations

from statistics import fmean

import pytest

from batchgw.throttle.mirror import MirrorBucket
from batchgw.throttle.quota import OPERATIONS, Quota, Trust
from tests.throttle.world import Played, World, play

SEEDS = range(1000, 1020)


def runs(
    quota: Quota, calls: int, *, trust: Trust = Trust.TRUSTED, up: tuple[float, float] = (0.45, 0.45)
) -> list[Played]:
    """Runs of a client that knows the quota, alone."""
    world = World(rate=quota.rate, burst=quota.burst, up=up)
    return [play(world, MirrorBucket(quota, trust=trust), calls=calls, seed=seed) for seed in SEEDS]


TOO_LITTLE_GUARD = pytest.mark.xfail(
    reason="1.5 deviations of the latency are too few where ways up differ on their own", strict=True
)


@pytest.mark.parametrize("up", [(0.45, 0.45), pytest.param((0.3, 0.6), marks=TOO_LITTLE_GUARD)])
@pytest.mark.parametrize("trust", [Trust.TRUSTED, Trust.STRICT])
def test_forty_deployments(trust: Trust, up: tuple[float, float]) -> None:
    """39 x 5 s = 195 s. Latencies differ by tens of milliseconds, and that is all it may cost."""
    played = runs(OPERATIONS["CreateDeployment"], 40, trust=trust, up=up)
    assert fmean(len(p.refusals) for p in played) <= 1
    assert fmean(p.ratio for p in played) <= 1.03


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_documented_operation(name: str) -> None:
    quota = OPERATIONS[name]
    played = runs(quota, 30)
    assert fmean(len(p.refusals) for p in played) <= 1.5
    assert fmean(p.makespan for p in played) <= 1.06 * (30 - quota.burst) / quota.rate + 0.3


def test_no_two_deployments_leave_within_their_five_seconds() -> None:
    for played in runs(OPERATIONS["CreateDeployment"], 40, trust=Trust.STRICT):
        gaps = [b - a for a, b in zip(played.departures, played.departures[1:], strict=False)]
        assert min(gaps) >= 5
