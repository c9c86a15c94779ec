"""Nothing is known of the quota. The model finds it out, whether it is slow or fast."""

from __future__ import annotations

import pytest

from batchgw.throttle.bucket.model import BucketModel
from tests.throttle.worlds.gates import SEEDS
from tests.throttle.worlds.remote import Others
from tests.throttle.worlds.world import Mean, World, play


@pytest.mark.parametrize(
    ("rate", "burst", "ratio", "refused"),
    [
        (3, 20, 1.1, 0.03),
        (10, 40, 1.01, 0.01),
        (10, 5, 1.08, 0.015),
        (10, 10, 1.03, 0.015),
        (10, 100, 1.01, 0.015),
        (40, 100, 1.15, 0.03),
        (100, 200, 1.6, 0.03),
    ],
)
def test_an_unknown_quota_costs_little_time_and_few_refusals(
    rate: float, burst: float, ratio: float, refused: float
) -> None:
    """The bucket is assumed to hold 40 calls. If it holds fewer, the first measurement is a guess.

    At 100 calls/s, 2,000 calls take 18 s. Growing from 10/s to that rate takes half as long.
    """
    world = World(rate=rate, burst=burst)
    mean = Mean.of([play(world, BucketModel(None), calls=2000, seed=seed) for seed in SEEDS])
    assert mean.ratio <= ratio
    assert mean.refused <= refused


@pytest.mark.parametrize(("rate", "burst"), [(3, 20), (40, 100), (100, 200)])
def test_the_true_rate_is_known_after_5000_calls(rate: float, burst: float) -> None:
    model = BucketModel(None)
    played = play(World(rate=rate, burst=burst), model, calls=5000, seed=1)
    assert model.statistics(played.makespan).rate == pytest.approx(rate, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_a_few_calls_of_an_unknown_quota_leave_without_a_refusal(seed: int) -> None:
    """The model begins with the documented rate and an empty bucket."""
    played = play(World(), BucketModel(None), calls=20, seed=seed)
    assert not played.refusals
    assert played.makespan <= 3.5


@pytest.mark.parametrize(("burst", "ratio"), [(5, 1.6), (10, 1.15), (40, 1.0), (100, 1.0)])
def test_beside_an_unknown_quota_s_run_a_neighbour_is_hardly_refused(burst: float, ratio: float) -> None:
    """The reserve is that of a bucket of 40. In a bucket of 5 it costs time, but no refusals."""
    world = World(burst=burst, others=Others(rate=3))
    mean = Mean.of([play(world, BucketModel(None), calls=2000, seed=seed) for seed in SEEDS])
    assert mean.refused <= 0.02
    assert mean.theirs <= 0.04
    assert mean.ratio <= ratio
