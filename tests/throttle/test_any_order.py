"""Answers may come in any order: the invariants hold, and the model learns the true values in the end."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota
from tests.throttle.worlds.remote import Others, TokenBucket
from tests.throttle.worlds.world import World, play

STRAGGLING = World(straggling=0.3, patience=3.0)
"""Three of ten answers are up to 3 s late. Meanwhile some thirty other calls leave and are answered."""


@pytest.mark.parametrize(
    ("world", "quota", "rate"),
    [
        (STRAGGLING, TOTAL, 10),
        (STRAGGLING, Quota(20, 40), 10),
        (STRAGGLING, None, 10),
        (replace(STRAGGLING, others=Others(rate=4)), TOTAL, 6),
    ],
    ids=["known", "stated 2x too high", "unknown", "neighbour 4/s"],
)
def test_the_belief_is_true_in_the_end(world: World, quota: Quota | None, rate: float) -> None:
    believed = []
    for seed in range(1000, 1005):
        model = BucketModel(quota)
        played = play(world, model, calls=1500, seed=seed)
        assert played.refused <= 0.025
        assert played.makespan <= 1.03 * played.limit + world.patience
        believed.append(model.statistics(played.makespan).rate)
    assert fmean(believed) == pytest.approx(rate, rel=0.1)


@given(order=st.randoms(use_true_random=False), calls=st.integers(1, 120))
def test_the_order_of_one_moment_does_not_matter(order: Random, calls: int) -> None:
    """All answers of a volley come at one moment. In any order they lead to the same belief."""
    told = [_volley(calls, shuffle) for shuffle in (None, order)]
    assert told[0][0] == pytest.approx(told[1][0])
    assert told[0][1] == pytest.approx(told[1][1])


def _volley(calls: int, order: Random | None) -> tuple[float, float]:
    """Send a call every 20 ms to a bucket of 10/s that holds 30 of 40. Give rate and level in the end."""
    model, remote = BucketModel(TOTAL, belief=Belief(rate=10, burst=40, level=30)), TokenBucket(10, 40)
    remote.level = 30
    sent = [(0.02 * number, remote.take(0.02 * number)) for number in range(calls)]
    for moment, _ in sent:
        model.sent(moment)
    if order is not None:
        order.shuffle(sent)
    now = 0.02 * calls + 0.2
    for moment, taken in sent:
        if taken:
            model.accepted(moment, now)
        else:
            model.refused(moment, now)
    statistics = model.statistics(now)
    return statistics.rate, statistics.level
