"""One run in virtual time, and what came of it. Makespan is from the first departure to the last success."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random

import anyio

from batchgw.events import NullObserver, Observer
from benchmarks.virtual.client import Pacing, pacing, remembered
from benchmarks.virtual.clock import virtually
from benchmarks.virtual.rivals import Gate, put_all
from benchmarks.virtual.stage import Stage

PATIENCE = 10.0
"""A run that takes so many times its limit, and ten minutes more, is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of one run. Times are virtual seconds; `cpu` is real seconds of this process for all of it.

    `theirs` are the neighbour's calls, `their_refused` those of them that were refused, `their_given_up` what
    it tried in vain until it gave it up. `given_up` API-types were not applied by batchgw's own account,
    `wrong` ones are not as desired in the world at the end.
    `failure` says how a run ended that did not end well.
    """

    scenario: str
    calls: int
    seed: int
    limit: float
    makespan: float = 0.0
    sent: int = 0
    refused: int = 0
    theirs: int = 0
    their_refused: int = 0
    their_given_up: int = 0
    attempts: int = 0
    given_up: int = 0
    wrong: int = 0
    cpu: float = 0.0
    failure: str | None = None

    @property
    def ratio(self) -> float:
        """Makespan in units of the limit."""
        return self.makespan / self.limit

    @property
    def refused_share(self) -> float:
        """Of our calls."""
        return self.refused / max(1, self.sent)

    @property
    def their_refused_share(self) -> float:
        """Of the neighbour's calls."""
        return self.their_refused / max(1, self.theirs)

    @property
    def their_lost_share(self) -> float:
        """What the neighbour has given up, of what it has done with."""
        return self.their_given_up / max(1, self.theirs - self.their_refused + self.their_given_up)


def measure(stage: Stage, make: Pacing | None = None, *, observer: Observer | None = None) -> Measured:
    """Run it; whatever ends it is its result."""
    make = make or pacing(stage.scenario, remembered(stage))
    began = time.process_time()
    measured = virtually(stage.seed, partial(_measured, stage, make, observer or NullObserver()))
    return replace(measured, cpu=time.process_time() - began)


def measure_rival(stage: Stage, gate: Callable[[], Gate]) -> Measured:
    """Run it with somebody else in batchgw's place."""

    async def run() -> Measured:
        watched, dice = stage.begin(), Random(stage.seed)  # noqa: S311 - jitter, not cryptography
        return await _told(stage, lambda: put_all(watched, stage.puts(), gate(), dice))

    began = time.process_time()
    measured = virtually(stage.seed, run)
    return replace(measured, cpu=time.process_time() - began)


async def _measured(stage: Stage, make: Pacing, observer: Observer) -> Measured:
    paced = make(stage.begin(), observer, stage.seed)

    async def applied() -> int:
        return (await stage.apply(paced)).total.applied

    return await _told(stage, applied)


async def _told(stage: Stage, run: Callable[[], Awaitable[int]]) -> Measured:
    """Let it run, which answers how many calls have been made, and tell what came of it."""
    given_up, failure = stage.calls, None
    try:
        with anyio.fail_after(PATIENCE * stage.limit() + 600):
            given_up -= await run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this run's result
        failure = f"{type(error).__name__}: {error}"
    wrong = stage.wrong()
    if failure is None and (given_up or wrong):
        failure = f"{given_up:,} puts given up, {wrong:,} not as desired"
    watched, others = stage.watched, stage.plane.engine.quotas.neighbours().values()
    return Measured(
        scenario=stage.scenario.key,
        calls=stage.calls,
        seed=stage.seed,
        limit=stage.limit(),
        makespan=max(0.0, watched.finished - watched.began) if watched.left else 0.0,
        sent=len(watched.left),
        refused=len(watched.refused),
        theirs=sum(other["accepted"] + other["refused"] for other in others),
        their_refused=sum(other["refused"] for other in others),
        their_given_up=stage.plane.engine.quotas.given_up(),
        attempts=max(watched.tries.values(), default=0),
        given_up=given_up,
        wrong=wrong,
        failure=failure,
    )
