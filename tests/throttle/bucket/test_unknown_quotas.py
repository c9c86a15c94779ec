"""Nothing is known of the quota: it is found out, whether it is slow or fast."""

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
def test_it_is_found_out(rate: float, burst: float, ratio: float, refused: float) -> None:
    """100 calls/s take 18 s for 2,000: of these, finding out from 10/s takes half.

    Forty calls are assumed to fit into the bucket. When they do not, the first measurement is a guess.
    """
    world = World(rate=rate, burst=burst)
    mean = Mean.of([play(world, BucketModel(None), calls=2000, seed=seed) for seed in SEEDS])
    assert mean.ratio <= ratio
    assert mean.refused <= refused


@pytest.mark.parametrize(("rate", "burst"), [(3, 20), (40, 100), (100, 200)])
def test_the_rate_is_known_in_the_end(rate: float, burst: float) -> None:
    model = BucketModel(None)
    played = play(World(rate=rate, burst=burst), model, calls=5000, seed=1)
    assert model.statistics(played.makespan).rate == pytest.approx(rate, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_a_few_calls_of_an_unknown_quota(seed: int) -> None:
    """It begins as if it were the documented one, with nothing in the bucket."""
    played = play(World(), BucketModel(None), calls=20, seed=seed)
    assert not played.refusals
    assert played.makespan <= 3.5


@pytest.mark.parametrize(("burst", "ratio"), [(5, 1.6), (10, 1.15), (40, 1.0), (100, 1.0)])
def test_whatever_fits_into_the_bucket_a_neighbour_is_spared(burst: float, ratio: float) -> None:
    """The reserve is of a bucket of 40: in one of 5 it costs time, and no refusals."""
    world = World(burst=burst, others=Others(rate=3))
    mean = Mean.of([play(world, BucketModel(None), calls=2000, seed=seed) for seed in SEEDS])
    assert mean.refused <= 0.02
    assert mean.theirs <= 0.04
    assert mean.ratio <= ratio
