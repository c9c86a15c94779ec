"""A whole rollout in virtual time. Its result is read from the simulated world itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from batchgw import api
from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.events import Observer
from batchgw.journal import open_journal
from batchgw.model import (
    AccountId,
    Applied,
    Desired,
    NotAttempted,
    Outcome,
    Policy,
    Region,
    ResponseType,
    RoleLink,
    Rule,
    Scope,
    Selection,
    Settings,
    Targets,
    Unchanged,
)
from batchgw.model.response_change import response_type
from batchgw.report.summary import Summary
from batchgw.simulator.iam.roles import NO_POLICIES, Iam
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.plane import simulate
from batchgw.simulator.simulated_data_plane import SimulatedDataPlane
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import QuotaRules
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World
from tests.unit.journal_plans import listed

CORS = Settings(parameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"})
ENVELOPE = Settings(
    parameters=CORS.parameters,
    templates={
        "application/json": '{"message":$context.error.messageString,"code":"$context.error.responseType"}'
    },
)
DESIRED = Desired(
    rules={
        ResponseType.DEFAULT_4XX: Rule(settings=ENVELOPE),
        ResponseType.DEFAULT_5XX: Rule(settings=CORS),
        ResponseType.THROTTLED: Rule(settings=None),
    }
)
"""Two types to customise and one to reset, so that every action occurs in a generated world."""


@dataclass
class Estate:
    """A world, a control plane over it, and a policy for all of its APIs."""

    apis: int = 60
    accounts: int = 2
    regions: int = 2
    seed: int = 7
    script: Sequence[Mapping[str, object]] = ()
    denied: Collection[str] = ()
    quota: QuotaRules = field(default_factory=QuotaRules)
    pace: Pace = field(default_factory=Pace)
    desired: Desired = DESIRED
    observer: Observer | None = None
    selection: Selection = field(default_factory=Selection)
    iam: Iam = NO_POLICIES
    roles: Sequence[RoleLink] = ()
    session_policy: str | None = None
    propagation: float = 0.0
    signals: Mapping[str, object] | None = None
    now: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self.world = World.generate(
            apis=self.apis, accounts=self.accounts, regions=self.regions, seed=self.seed
        )
        self.before = self.customisations()

    async def __aenter__(self) -> Self:
        self.raw = simulate(
            self.world,
            quota=self.quota,
            latency=Latency(),
            script=self.script,
            denied=self.denied,
            trust=Trust(iam=self.iam),
            roles=self.roles,
            session_policy=self.session_policy,
            signals=self.signals,
            write_log=100_000,
            propagation=self.propagation,
            now=self.now,
            seed=self.seed,
        )
        self.engine = self.raw.engine
        self.stop = StopSignal()
        self.plane = self.paced()
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    @property
    def data_plane(self) -> DataPlane:
        """What answers callers of the deployed APIs."""
        return SimulatedDataPlane(self.engine)

    def paced(self) -> PacedControlPlane:
        """A new session: new limiters, and no scope is given up."""
        self.stop = StopSignal()
        return PacedControlPlane(self.raw, pace=self.pace, observer=self.observer, stop=self.stop)

    @property
    def policy(self) -> Policy:
        return Policy(
            desired=self.desired,
            targets=Targets(
                accounts=tuple(AccountId(a) for a in self.world.accounts),
                regions=tuple(Region(r) for r in self.world.regions),
                apis=self.selection,
            ),
        )

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return tuple(
            Scope(account=AccountId(a), region=Region(r))
            for a in self.world.accounts
            for r in self.world.regions
        )

    @property
    def expected(self) -> int:
        """How many outcomes a run must have: one per target."""
        return self.apis * len(self.desired.types)

    async def apply(self, journal: Path, *, recheck: bool = False) -> tuple[Summary, list[Outcome]]:
        """Plan and apply. Returns the summary and every outcome."""
        with await api.plan(self.policy, plane=self.plane) as plan:
            async with open_journal(str(journal)) as opened:
                summary = await api.apply(
                    plan, plane=self.plane, journal=opened, recheck=recheck, data_plane=self.data_plane
                )
                return summary, await listed(opened.run(summary.run).outcomes())

    async def resume(self, journal: Path) -> tuple[Summary, list[Outcome]]:
        """Resume the last run in a new session."""
        self.plane = self.paced()
        async with open_journal(str(journal)) as opened:
            summary = await api.resume("last", plane=self.plane, journal=opened, data_plane=self.data_plane)
            return summary, await listed(opened.run(summary.run).outcomes())

    def customisations(self) -> dict[tuple[str, ResponseType], Settings | None]:
        """What each API customises each named type to, as the world has it; None if it is not customised."""
        found: dict[tuple[str, ResponseType], Settings | None] = {}
        for scope_apis in self.world.scopes():
            for number in scope_apis.numbers():
                shown = gateway_responses.read_all(scope_apis, scope_apis.id(number))
                for t in self.desired.types:
                    own = shown[t]
                    found[scope_apis.id(number), t] = None if own.default_response else own.settings
        return found

    def refute(self, outcomes: Sequence[Outcome]) -> list[str]:
        """Return a line for each outcome that the world contradicts. There must be none."""
        lies: list[str] = []
        now = self.customisations()
        for outcome in outcomes:
            key = (outcome.api.id, response_type(outcome.target))
            if key not in now:
                if isinstance(outcome, Applied | Unchanged) and not self._was_deleted(outcome.api.id):
                    lies.append(f"{key}: there is no such API")
                continue
            done = self._as_desired(now[key], response_type(outcome.target))
            if isinstance(outcome, Applied | Unchanged) and not done:
                lies.append(f"{key}: said to be done, and is not")
            if (
                isinstance(outcome, NotAttempted)
                and now[key] != self.before[key]
                and outcome.code != "InDoubt"
            ):
                lies.append(f"{key}: said to be not attempted, and was changed")
        return lies

    def _as_desired(self, now: Settings | None, response_type: ResponseType) -> bool:
        wanted = self.desired.rules[response_type].settings
        if wanted is None or now is None:
            return wanted is now
        return now.parameters == wanted.parameters and (
            not wanted.templates or now.templates == wanted.templates
        )

    def _was_deleted(self, api_id: str) -> bool:
        return any(known == api_id for known, _ in self.before)
