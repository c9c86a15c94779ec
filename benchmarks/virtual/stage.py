"""All that one run needs: its world, its quota, its plan, and its limit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from math import inf
from pathlib import Path

from batchgw import api
from batchgw.control_plane.operations import PutGatewayResponse
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.journal import open_journal
from batchgw.model import (
    AccountId,
    Desired,
    Policy,
    Region,
    ResponseType,
    RestApiId,
    Rule,
    Scope,
    Targets,
)
from batchgw.model import Settings as Response
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.summary import Summary
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import Neighbour
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.organization.regions import REGIONS
from batchgw.simulator.world.world import World
from benchmarks.virtual.call_log import CallLog
from benchmarks.virtual.optimum import arrivals, limit
from benchmarks.virtual.worlds.neighbours import served_alone
from benchmarks.virtual.worlds.scenario import Scenario

ACCOUNT = "111111111111"

RESPONSE = Response(parameters={"gatewayresponse.header.X-Benchmark": "'virtual time'"})
"""What is put on every API. No generated API has it yet, so that every API-type is one call."""

FEW_TYPES, MANY_TYPES = 5, 20
"""Types put on each API. AWS allows 1,320 REST APIs a region, so that 20,000 calls take many types."""


class Stage:
    """The world of one run, its plan, and the log of its calls."""

    def __init__(
        self, scenario: Scenario, calls: int, seed: int, *, on_answer: Callable[[float], None] | None = None
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
        self._on_answer = on_answer

    def begin(self) -> CallLog:
        """Set up the service. Virtual time must be running."""
        self.plane: SimulatedControlPlane = simulate(
            self.world,
            quota=self.rules,
            latency=Latency(seed=self.seed),
            script=self.scenario.script,
            seed=self.seed,
        )
        self.log = CallLog(self.plane, uplink=self.scenario.uplink_of(self.seed), on_answer=self._on_answer)
        return self.log

    @property
    def policy(self) -> Policy:
        """What every API shall have."""
        return Policy(
            desired=Desired(rules={t: Rule(settings=RESPONSE) for t in self.types}),
            targets=Targets(
                accounts=(AccountId(ACCOUNT),), regions=tuple(Region(r) for r in self.world.regions)
            ),
        )

    async def apply(self, paced: PacedControlPlane) -> Summary:
        """Plan without a quota, so that the bucket is full at the first write; then apply.

        No API is read again because it was read long ago: those calls are not part of the comparison.
        """
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with await self._plan(folder) as plan:
                async with open_journal(str(folder / "journal.db")) as journal:
                    return await api.apply(plan, plane=paced, journal=journal, trusted=inf)

    def puts(self) -> Iterator[PutGatewayResponse]:
        """All calls to make, one type after another, because an API takes one write at a time."""
        for kind in self.types:
            for scope_apis in self.plane.engine.service.world.scopes():
                scope = Scope(account=AccountId(scope_apis.account), region=Region(scope_apis.region))
                for number in scope_apis.numbers():
                    rest_api = RestApiId(scope_apis.id(number))
                    yield PutGatewayResponse(scope=scope, api=rest_api, type=kind, settings=RESPONSE)

    def limit(self) -> float:
        """The shortest possible time: of the bucket that needs longest, when there are several."""
        if self.scenario.scoping == "account":
            return self._limit(ACCOUNT, self.calls)
        return max(
            self._limit(f"{scope_apis.account}/{scope_apis.region}", len(scope_apis) * len(self.types))
            for scope_apis in self.world.scopes()
        )

    def arrivals(self, scope: str) -> Iterable[float]:
        """When the neighbour calls in a scope. Of one that retries: when it is accepted without us."""
        match self.rules.neighbour:
            case None:
                return ()
            case Neighbour() as neighbour:
                return arrivals(neighbour, seed=self.rules.seed, scope=scope)
            case caller:
                quota, schedule = self.scenario.quota, self.rules.schedule
                seed = f"{self.rules.seed}/{scope}"
                return served_alone(caller, rate=quota, schedule=schedule, seed=seed)

    async def _plan(self, folder: Path) -> Plan:
        unlimited = Pace(rate=1e9, burst=1e9, strict=True)
        return await api.plan(self.policy, plane=simulate(self.world), out=folder / "plan", pace=unlimited)

    def _limit(self, scope: str, calls: int) -> float:
        return limit(
            calls,
            rate=self.scenario.quota,
            schedule=self.rules.schedule,
            others=self.arrivals(scope),
        )

    def wrong(self) -> int:
        """API-types that are not as desired, read from the world itself. Virtual time must be running."""
        return sum(
            shown.default_response or shown.settings.parameters != RESPONSE.parameters
            for scope_apis in self.plane.engine.service.world.scopes()
            for number in scope_apis.numbers()
            for kind, shown in gateway_responses.read_all(scope_apis, scope_apis.id(number)).items()
            if kind in self.types
        )
