"""Cases that are known to be hard, and the bounds that hold for them."""

from __future__ import annotations

import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.gates import SEEDS
from tests.throttle.worlds.remote import Others
from tests.throttle.worlds.world import Mean, World, play


def mean(world: World, *, calls: int = 2000, quota: Quota = TOTAL, trust: Trust = Trust.TRUSTED) -> Mean:
    return Mean.of([play(world, BucketModel(quota, trust=trust), calls=calls, seed=seed) for seed in SEEDS])


def test_a_throttle_spread_over_four_hosts() -> None:
    """Each call goes by chance to one of four buckets (2.5/s, burst 10). One may refuse, another be full."""
    sharded = mean(World(hosts=4))
    assert sharded.ratio <= 1.16
    assert sharded.refused <= 0.02


@pytest.mark.parametrize(("theirs", "share"), [(5, 0.2), (3, 0.4), (0, 0.7)])
@pytest.mark.parametrize("calls", [200, 2000])
def test_refusals_that_consume_tokens_at_a_load_of_70_percent(
    calls: int, theirs: float, share: float
) -> None:
    """Others and we together take 7 of 10 calls/s. None of ours is refused, and only the share limits us."""
    world = World(consuming=True, others=Others(rate=theirs))
    for seed in SEEDS:
        played = play(world, BucketModel(TOTAL, share=share), calls=calls, seed=seed)
        assert not played.refusals
        assert played.makespan <= 1.02 * (calls - 40) / (10 * share) + 0.3


@pytest.mark.parametrize(("rate", "ratio", "theirs"), [(5, 1.03, 0.05), (7, 1.03, 0.05)])
def test_refusals_that_consume_tokens_when_we_take_all_that_others_leave(
    rate: float, ratio: float, theirs: float
) -> None:
    """We keep no part of the rate free, and still it does not collapse: the reserve keeps refusals few."""
    full = mean(World(consuming=True, others=Others(rate=rate)))
    assert full.ratio <= ratio
    assert full.refused <= 0.03
    assert full.theirs <= theirs


@pytest.mark.parametrize(("calls", "ratio", "refused"), [(200, 1.4, 0.09), (2000, 1.04, 0.02)])
def test_half_the_true_quota_is_stated_as_a_guess(calls: int, ratio: float, refused: float) -> None:
    low = mean(World(), calls=calls, quota=Quota(5, 20), trust=Trust.GUESS)
    assert low.ratio <= ratio
    assert low.refused <= refused


def test_half_the_true_quota_is_stated_and_trusted() -> None:
    """More than a trusted quota is tried only after five minutes, so the run is slow until then."""
    low = mean(World(), calls=2000, quota=Quota(5, 20))
    assert 1.5 <= low.ratio <= 2.1
    assert low.refused <= 0.01
