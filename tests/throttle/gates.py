"""The gates a mirror must pass: scenarios, and bounds on what they may cost in the mean over many seeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from batchgw.throttle.mirror import MirrorBucket
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.remote import Others
from tests.throttle.world import Mean, Played, Starved, World, play

CALLS = 2000

SEEDS = range(1000, 1008)
"""Held out: nothing was tuned on them."""

Make = type[MirrorBucket]
"""The mirror itself, or a crippled one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A world, what the client is told of it, and bounds: makespan / limit, parts refused (ours, theirs)."""

    name: str
    ratio: float
    refused: float
    theirs: float = inf
    world: World = field(default_factory=World)
    quota: Quota | None = TOTAL
    trust: Trust = Trust.TRUSTED

    def run(self, make: Make, seed: int) -> Played:
        """One run. A client three times as slow as the limit is not worth waiting for."""
        pacer = make(self.quota, trust=self.trust)
        horizon = 3 * self.world.limit(CALLS, seed)
        return play(self.world, pacer, calls=CALLS, seed=seed, horizon=horizon)

    def mean(self, make: Make) -> Mean:
        """The means over all seeds."""
        return Mean.of([self.run(make, seed) for seed in SEEDS])

    def passes(self, make: Make) -> bool:
        """Whether the means are within the bounds."""
        try:
            mean = self.mean(make)
        except Starved:
            return False
        return mean.ratio <= self.ratio and mean.refused <= self.refused and mean.theirs <= self.theirs


GATES = (
    Gate(name="alone", ratio=1.005, refused=0.0),
    Gate(name="neighbour 3/s", ratio=1.005, refused=0.015, theirs=0.04, world=World(others=Others(rate=3))),
    Gate(name="neighbour 6/s", ratio=1.01, refused=0.025, theirs=0.06, world=World(others=Others(rate=6))),
    Gate(
        name="neighbour on and off",
        ratio=1.05,
        refused=0.02,
        world=World(others=Others(rate=6, on=30, off=30)),
    ),
    Gate(name="unknown", ratio=1.01, refused=0.01, quota=None),
    Gate(name="stated 2x too high", ratio=1.005, refused=0.012, quota=Quota(20, 80)),
    Gate(name="halves and returns", ratio=1.005, refused=0.01, world=World(steps=((60, 0.5), (120, 1)))),
)
"""The goals at 2,000 calls of a service of 10 calls/s and burst 40."""
