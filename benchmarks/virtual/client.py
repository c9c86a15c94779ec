"""The client of a run: batchgw with the settings of a scenario, and what an earlier run has learned."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from random import Random

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.events import NullObserver, Observer
from batchgw.throttle.memory import BucketKey, Learned, Memory
from batchgw.throttle.pacer import Belief
from benchmarks.virtual.clock import virtually
from benchmarks.virtual.stage import Stage
from benchmarks.virtual.worlds.scenario import Scenario
from benchmarks.virtual.worlds.settings import pace

MakeClient = Callable[[ControlPlane, Observer, int], PacedControlPlane]
"""Makes a client from the plane it calls, an observer, and a seed."""

PAUSE = 1800.0
"""Seconds between a run and the next one, which remembers it."""


def client_of(scenario: Scenario, memory: Memory | None = None) -> MakeClient:
    """The client of a scenario, with what it remembers."""
    settings = pace(scenario.settings)

    def make(plane: ControlPlane, observer: Observer, seed: int) -> PacedControlPlane:
        dice = Random(seed)  # noqa: S311 - jitter, not cryptography
        return PacedControlPlane(plane, pace=settings, observer=observer, random=dice, memory=memory)

    return make


def remembered(stage: Stage) -> Memory | None:
    """What an earlier run of the scenario has learned; None where the scenario has no earlier run."""
    memory = LearnedBefore()
    if stage.scenario.believed is not None:
        memory.believe(stage.scenario.believed)
        return memory
    if not stage.scenario.remembered:
        return None
    virtually(stage.seed, partial(_learn, Stage(stage.scenario, stage.calls, stage.seed), memory))
    return memory


async def _learn(stage: Stage, memory: LearnedBefore) -> None:
    paced = client_of(stage.scenario)(stage.begin(), NullObserver(), stage.seed)
    await stage.apply(paced)
    memory.remember(paced.learned())


class LearnedBefore:
    """What a run has learned of the quota, as it is known `PAUSE` later."""

    def __init__(self) -> None:
        self._beliefs: dict[BucketKey, Belief] = {}
        self._every: Belief | None = None

    def remember(self, learned: Iterable[Learned]) -> None:
        """Remember what a run has learned."""
        self._beliefs.update({each.key: replace(each.belief, age=PAUSE) for each in learned})

    def believe(self, belief: Belief) -> None:
        """Remember this belief for the total quota of every scope."""
        self._every = belief

    def recall(self, key: BucketKey) -> Belief | None:
        """What is remembered of a bucket."""
        return self._every if key.operation is None and self._every else self._beliefs.get(key)
