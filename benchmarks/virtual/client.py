"""The client of a run: batchgw as a scenario wants it, with what it remembers of an earlier run."""

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
from benchmarks.virtual.scenarios import Scenario
from benchmarks.virtual.settings import pace
from benchmarks.virtual.stage import Stage

Pacing = Callable[[ControlPlane, Observer, int], PacedControlPlane]
"""How a client is made: of the plane, an observer, and a seed."""

PAUSE = 1800.0
"""Seconds between a run and the next that remembers it."""


def pacing(scenario: Scenario, memory: Memory | None = None) -> Pacing:
    """The client that a scenario means, with what it remembers."""
    told = pace(scenario.settings)

    def make(plane: ControlPlane, observer: Observer, seed: int) -> PacedControlPlane:
        dice = Random(seed)  # noqa: S311 - jitter, not cryptography
        return PacedControlPlane(plane, pace=told, observer=observer, random=dice, memory=memory)

    return make


def remembered(stage: Stage) -> Memory | None:
    """What a run of the same kind has learned before, where the scenario says that there was one."""
    memory = LearnedBefore()
    if stage.scenario.believed is not None:
        memory.believe(stage.scenario.believed)
        return memory
    if not stage.scenario.remembered:
        return None
    virtually(stage.seed, partial(_learn, Stage(stage.scenario, stage.calls, stage.seed), memory))
    return memory


async def _learn(stage: Stage, memory: LearnedBefore) -> None:
    paced = pacing(stage.scenario)(stage.begin(), NullObserver(), stage.seed)
    await stage.apply(paced)
    memory.take(paced.learned())


class LearnedBefore:
    """Remembers what a run has learned, `PAUSE` after it."""

    def __init__(self) -> None:
        self._beliefs: dict[BucketKey, Belief] = {}
        self._every: Belief | None = None

    def take(self, learned: Iterable[Learned]) -> None:
        """Remember it."""
        self._beliefs.update({each.key: replace(each.belief, age=PAUSE) for each in learned})

    def believe(self, belief: Belief) -> None:
        """Remember this of every total."""
        self._every = belief

    def recall(self, key: BucketKey) -> Belief | None:
        """What was believed."""
        return self._every if key.operation is None and self._every else self._beliefs.get(key)
