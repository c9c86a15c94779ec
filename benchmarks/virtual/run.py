"""One run in virtual time: a plan, then the real `api.apply` against the simulated service; what came of it.

The plan is made before, on a plane without quota: the first call that the quota sees is the first write, and
its bucket is full then. Makespan is from the first departure to the last success.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random

import anyio
import trio.testing
from trio._core import _run as trio_run

from batchgw import api
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.paced import Pace, PacedControlPlane
from batchgw.events import NullObserver, Observer
from batchgw.journal import Journal
from batchgw.model import AccountId, Desired, Policy, Region, ResponseType, Rule, Targets
from batchgw.model import Settings as Response
from batchgw.planning.planfile import Plan
from batchgw.report.summary import Summary
from batchgw.simulator import gateway_responses
from batchgw.simulator.estate import Proportions
from batchgw.simulator.latency import Latency
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.world import REGIONS, World
from benchmarks.virtual.clairvoyant import arrivals, limit
from benchmarks.virtual.scenarios import Scenario
from benchmarks.virtual.settings import pace
from benchmarks.virtual.watched import Watched

ACCOUNT = "111111111111"

RESPONSE = Response(parameters={"gatewayresponse.header.X-Benchmark": "'virtual time'"})
"""What is put everywhere. No generated API has it yet, so that every API-type is a call."""

FEW_TYPES, MANY_TYPES = 5, 20
"""Types put on each API. AWS allows 1,320 REST APIs a region, so that 20,000 calls take many types."""

PATIENCE = 10.0
"""A run that takes so many times its limit, and ten minutes more, is given up."""

Pacing = Callable[[ControlPlane, Observer, int], PacedControlPlane]
"""How the client is made: of the plane, an observer, and a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of one run. Times are virtual seconds; `cpu` is real seconds of this process for all of it.

    `theirs` are the neighbour's calls, `their_refused` those of them that were refused. `given_up` API-types
    were not applied by batchgw's own account, `wrong` ones are not as desired in the world at the end.
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


class Stage:
    """The world of one run, its plan, and what is watched in it."""

    def __init__(
        self, scenario: Scenario, calls: int, seed: int, *, looking: Callable[[float], None] | None = None
    ) -> None:
        types = MANY_TYPES if calls >= FEW_TYPES * 1320 else min(FEW_TYPES, calls)
        if calls % types:
            raise ValueError(f"{calls} calls cannot be spread evenly over APIs with {types} types each")
        self.scenario, self.calls, self.seed = scenario, calls, seed
        self.types = tuple(ResponseType)[:types]
        self.rules = scenario.rules(calls, seed)
        self.world = World(
            accounts=(ACCOUNT,),
            regions=REGIONS[: scenario.regions],
            apis=calls // types,
            proportions=Proportions(exempt=0),
        )
        self._looking = looking

    def begin(self) -> Watched:
        """Set the service up; virtual time must be running."""
        self.plane: SimulatedControlPlane = simulate(
            self.world,
            quota=self.rules,
            latency=Latency(seed=self.seed),
            script=self.scenario.script,
            seed=self.seed,
        )
        self.watched = Watched(self.plane, uplink=self.scenario.way(self.seed), looking=self._looking)
        return self.watched

    @property
    def policy(self) -> Policy:
        """What is meant to be everywhere."""
        return Policy(
            desired=Desired(rules={t: Rule(settings=RESPONSE) for t in self.types}),
            targets=Targets(
                accounts=(AccountId(ACCOUNT),), regions=tuple(Region(r) for r in self.world.regions)
            ),
        )

    async def plan(self, folder: Path) -> Plan:
        """Read the world without a quota."""
        return await api.plan(
            self.policy, plane=simulate(self.world), out=folder / "plan", pace=Pace(rate=1e9, burst=1e9)
        )

    def limit(self) -> float:
        """The clairvoyant limit: of the bucket that needs longest, when there are several."""
        if self.scenario.scoping == "account":
            return self._limit(ACCOUNT, self.calls)
        return max(
            self._limit(f"{cell.account}/{cell.region}", len(cell) * len(self.types))
            for cell in self.world.cells()
        )

    def arrivals(self, scope: str) -> Iterable[float]:
        """When the neighbour calls in a scope."""
        neighbour = self.rules.neighbour
        return () if neighbour is None else arrivals(neighbour, seed=self.rules.seed, scope=scope)

    def _limit(self, scope: str, calls: int) -> float:
        return limit(
            calls,
            rate=self.scenario.quota,
            schedule=self.rules.schedule,
            others=self.arrivals(scope),
        )

    def wrong(self) -> int:
        """API-types that are not as desired, read from the world itself; virtual time must be running."""
        return sum(
            shown.default_response or shown.settings.parameters != RESPONSE.parameters
            for cell in self.plane.engine.service.world.cells()
            for number in cell.numbers()
            for kind, shown in gateway_responses.read_all(cell, cell.id(number)).items()
            if kind in self.types
        )


def pacing(scenario: Scenario) -> Pacing:
    """The client that a scenario means."""
    told = pace(scenario.settings)

    def make(plane: ControlPlane, observer: Observer, seed: int) -> PacedControlPlane:
        return PacedControlPlane(plane, pace=told, observer=observer, random=Random(seed))  # noqa: S311

    return make


def measure(stage: Stage, make: Pacing | None = None, *, observer: Observer | None = None) -> Measured:
    """Run it; whatever ends it is its result."""
    make = make or pacing(stage.scenario)
    began = time.process_time()
    _shuffle_alike(stage.seed)
    clock = trio.testing.MockClock(autojump_threshold=0)
    work = partial(_measured, stage, make, observer or NullObserver())
    measured = anyio.run(work, backend="trio", backend_options={"clock": clock})
    return replace(measured, cpu=time.process_time() - began)


def _shuffle_alike(seed: int) -> None:
    """Make a seed decide in which order trio wakes those whose time comes at the same moment.

    Trio shuffles them, lest anybody rely on an order. It has no public way to shuffle alike every time; what
    is set here is what Hypothesis sets for the same end.
    """
    vars(trio_run).update(_ALLOW_DETERMINISTIC_SCHEDULING=True)
    trio_run._r.seed(seed)  # noqa: SLF001 - see above


async def _measured(stage: Stage, make: Pacing, observer: Observer) -> Measured:
    paced = make(stage.begin(), observer, stage.seed)
    given_up, failure = stage.calls, None
    try:
        with tempfile.TemporaryDirectory() as folder, anyio.fail_after(PATIENCE * stage.limit() + 600):
            given_up -= (await _applied(stage, paced, Path(folder))).total.applied
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
        attempts=max(watched.tries.values(), default=0),
        given_up=given_up,
        wrong=wrong,
        failure=failure,
    )


async def _applied(stage: Stage, paced: PacedControlPlane, folder: Path) -> Summary:
    """Plan and apply."""
    with await stage.plan(folder) as plan, Journal.open(os.fspath(folder / "journal.db")) as journal:
        return await api.apply(plan, plane=paced, journal=journal)
