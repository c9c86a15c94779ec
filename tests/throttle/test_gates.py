"""The model meets the goals at 2,000 calls. Every model without one of its parts misses a goal."""

from __future__ import annotations

from statistics import fmean

import pytest

from batchgw.throttle.bucket.model import BucketModel
from tests.throttle.worlds.crippled import (
    BelievesDenials,
    HalfPolite,
    NoDecrease,
    NoEpisodes,
    NoHurry,
    NoLevelReset,
    NoMeasuredRefill,
    NoPairs,
    NoProbing,
    NoReserve,
    SmallReserve,
    UnprovenReserve,
)
from tests.throttle.worlds.gates import GATES, SEEDS, Gate, Make
from tests.throttle.worlds.world import Mean, World

BY_NAME = {gate.name: gate for gate in GATES}


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_the_whole_passes(gate: Gate) -> None:
    assert gate.missed(gate.mean(BucketModel)) == {}


@pytest.mark.parametrize(
    ("make", "gate"),
    [
        (NoLevelReset, "neighbour 3/s"),
        (NoLevelReset, "unknown"),
        (NoMeasuredRefill, "unknown"),
        (NoMeasuredRefill, "stated 2x too high"),
        (NoMeasuredRefill, "halves and returns"),
        (NoDecrease, "neighbour 6/s"),
        (NoDecrease, "stated 2x too high"),
        (NoReserve, "neighbour 3/s"),
        (NoReserve, "neighbour on and off"),
        (NoProbing, "neighbour 6/s"),
        (NoProbing, "neighbour on and off"),
        (NoEpisodes, "polite beside 6/s"),
        (SmallReserve, "bursts of 30"),
        (SmallReserve, "CI job"),
        (NoPairs, "CI job"),
        (UnprovenReserve, "holds a fifth"),
        (NoHurry, "Terraform"),
        (NoHurry, "denied for 5 minutes"),
        (BelievesDenials, "after a denial"),
        (HalfPolite, "polite beside 3/s"),
    ],
)
def test_without_a_part_a_gate_is_missed(make: Make, gate: str) -> None:
    assert not BY_NAME[gate].passes(make)


def test_a_quota_that_returns_is_found_soon_however_long_it_was_gone() -> None:
    """Probes come on a schedule, so several lengths are tried. A single length might be lucky."""
    means = []
    for low in range(50, 110, 3):
        gate = Gate(name="", ratio=1, refused=0, world=World(steps=((60, 0.5), (60 + low, 1))))
        means.append(Mean.of([gate.run(BucketModel, seed) for seed in SEEDS[:2]]))
    assert fmean(mean.ratio for mean in means) <= 1.005
    assert max(mean.ratio for mean in means) <= 1.015
    assert max(mean.refused for mean in means) <= 0.01
