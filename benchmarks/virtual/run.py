"""One run in virtual time, and its result. The makespan is from the first call to the last success."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random

import anyio

from batchgw.events import NullObserver, Observer
from benchmarks.virtual.client import MakeClient, client_of, remembered
from benchmarks.virtual.clock import virtually
from benchmarks.virtual.peers import Limiter, put_all
from benchmarks.virtual.stage import Stage

PATIENCE = 10.0
"""A run is given up when it takes this many times its limit plus ten minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The result of one run. Times are virtual seconds, but `cpu` is real CPU seconds of this process.

    Attributes:
        theirs: the neighbour's calls.
        their_refused: those of them that were refused.
        their_given_up: calls that the neighbour gave up after its last attempt.
        attempts: the largest number of attempts of one call.
        given_up: API-types that were not applied, as the client reports.
        wrong: API-types that are not as desired in the world at the end.
        failure: how the run ended, if it did not end well.
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
        """Makespan / limit."""
        return self.makespan / self.limit

    @property
    def refused_share(self) -> float:
        """The share of our calls that was refused."""
        return self.refused / max(1, self.sent)

    @property
    def their_refused_share(self) -> float:
        """The share of the neighbour's calls that was refused."""
        return self.their_refused / max(1, self.theirs)

    @property
    def their_lost_share(self) -> float:
        """The share of the neighbour's calls that it gave up, of those accepted or given up."""
        return self.their_given_up / max(1, self.theirs - self.their_refused + self.their_given_up)


def measure(stage: Stage, make: MakeClient | None = None, *, observer: Observer | None = None) -> Measured:
    """Make the run with batchgw. Whatever ends it is its result: nothing is raised."""
    make = make or client_of(stage.scenario, remembered(stage))
    began = time.process_time()
    measured = virtually(stage.seed, partial(_measured, stage, make, observer or NullObserver()))
    return replace(measured, cpu=time.process_time() - began)


def measure_peer(stage: Stage, limiter: Callable[[], Limiter]) -> Measured:
    """Make the run with another limiter in the place of batchgw."""

    async def run() -> Measured:
        log, dice = stage.begin(), Random(stage.seed)  # noqa: S311 - jitter, not cryptography
        return await _result(stage, lambda: put_all(log, stage.puts(), limiter(), dice))

    began = time.process_time()
    measured = virtually(stage.seed, run)
    return replace(measured, cpu=time.process_time() - began)


async def _measured(stage: Stage, make: MakeClient, observer: Observer) -> Measured:
    paced = make(stage.begin(), observer, stage.seed)

    async def applied() -> int:
        return (await stage.apply(paced)).total.applied

    return await _result(stage, applied)


async def _result(stage: Stage, run: Callable[[], Awaitable[int]]) -> Measured:
    """Make the run, which returns how many calls succeeded, and collect its figures."""
    given_up, failure = stage.calls, None
    try:
        with anyio.fail_after(PATIENCE * stage.limit() + 600):
            given_up -= await run()
    except Exception as error:  # noqa: BLE001 - any error is this run's result
        failure = f"{type(error).__name__}: {error}"
    wrong = stage.wrong()
    if failure is None and (given_up or wrong):
        failure = f"{given_up:,} puts given up, {wrong:,} not as desired"
    log, others = stage.log, stage.plane.engine.quotas.neighbours().values()
    return Measured(
        scenario=stage.scenario.key,
        calls=stage.calls,
        seed=stage.seed,
        limit=stage.limit(),
        makespan=max(0.0, log.finished - log.began) if log.sent else 0.0,
        sent=len(log.sent),
        refused=len(log.refused),
        theirs=sum(other["accepted"] + other["refused"] for other in others),
        their_refused=sum(other["refused"] for other in others),
        their_given_up=stage.plane.engine.quotas.given_up(),
        attempts=max(log.attempts.values(), default=0),
        given_up=given_up,
        wrong=wrong,
        failure=failure,
    )
