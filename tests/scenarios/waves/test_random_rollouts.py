"""Whatever is rolled out and goes wrong: the sums are right, waves wait, budgets hold, and all goes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchgw import api
from batchgw.control_plane.interface import ControlPlane, Execution, Request, T
from batchgw.control_plane.operations.ssm import GetCalendarState
from batchgw.control_plane.stack import Pace
from batchgw.events import Event, WaveEntered
from batchgw.execution.rollout.conduct import Conduct
from batchgw.execution.writing.second_lane import SPARE
from batchgw.journal import open_journal
from batchgw.model import Failed, Outcome, PlannedApi, RestApiId
from batchgw.model.deploy import Deploy
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.gate import CalendarCheck, Gate
from batchgw.model.rollout.limits import MaxFailures
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave, WaveOrder
from batchgw.report.summary import Summary
from batchgw.simulator.traffic.faults import FaultScript
from tests.scenarios.deploying.staged import StoppingAfter, deploying, state
from tests.scenarios.waves.rolled import RolledEstate, Waiting, clock
from tests.virtual import virtually

FREEZE = Gate(name="freeze", check=CalendarCheck(calendar="change-freeze"))
SIGNALS = {"calendars": [{"name": "change-freeze"}]}


class Looking(Waiting):
    """Notes which waves have passed."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: set[int] = set()

    def notify(self, event: Event) -> None:
        super().notify(event)
        if isinstance(event, WaveEntered) and event.state == "passed":
            self.passed.add(event.number)


class Watched(StoppingAfter):
    """Notes each write to an API of a wave that may not have begun."""

    def __init__(self, inner: ControlPlane, world: RandomEstate) -> None:
        super().__init__(inner, world.case.stop_at)
        self._world = world
        self._asked = 0
        self.early: list[object] = []

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        self._asked += isinstance(request, GetCalendarState)
        if request.operation.writes and request.api_id is not None:
            before = set(range(1, self._world.wave_of[request.api_id]))
            if not before <= self._world.looking.passed or self._asked < len(before):
                self.early.append(request)
        return await super().send(request, execution)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A world, how it is rolled out, and what goes wrong.

    Attributes:
        sizes: of the waves before the rest.
        fails: every so many of these calls are refused for good; 0 for none.
        stop_at: the write at which the run is asked to stop; 0 for none.
    """

    seed: int
    apis: int
    accounts: int
    regions: int
    sizes: Sequence[Amount]
    order: WaveOrder
    canary: bool
    bake: float
    budgets: MaxFailures
    operation: str
    fails: int
    stop_at: int
    workers: int
    most_scopes: int | None

    @property
    def script(self) -> list[Mapping[str, object]]:
        match = {"operation": self.operation, "every": self.fails}
        return [{"match": match, "fault": "bad_request"}] if self.fails else []

    @property
    def rollout(self) -> Rollout:
        return Rollout(
            waves=(
                *(Wave(size=size, allow_empty=True) for size in self.sizes),
                Wave(rest=True, allow_empty=True),
            ),
            order=self.order,
            bake=self.bake,
            gates=(FREEZE,),
            max_failures=self.budgets,
            max_parallel_scopes=self.most_scopes,
        )


class RandomEstate(RolledEstate):
    """The world of a case."""

    def __init__(self, case: Case) -> None:
        deploy = Deploy(stages=("*",), canary=(20.0, 100.0) if case.canary else (), bake=60.0)
        super().__init__(
            apis=case.apis,
            accounts=case.accounts,
            regions=case.regions,
            seed=case.seed,
            desired=deploying(deploy),
            rollout=case.rollout,
            pace=Pace(workers=case.workers),
            script=case.script,
            signals=SIGNALS,
        )
        self.case = case
        self.wave_of: dict[RestApiId, int] = {}
        self.targets: Counter[str] = Counter()
        self.observer = self.seen = self.looking = Looking()

    async def rolled(self, journal: Path) -> tuple[Summary, list[Outcome], list[object]]:
        """Roll out. Also gives the writes that came too early."""
        with await api.plan(self.policy, plane=self.plane) as plan:
            assert plan.waves is not None
            self.wave_of = {a: n for n, _, members in plan.waves for apis in members.values() for a in apis}
            planned = [item for item in plan.items() if isinstance(item, PlannedApi)]
            self.targets = Counter(change.target.kind for item in planned for change in item.changes)
        simulated = self.raw
        watched = self.raw = Watched(simulated, self)  # type: ignore[assignment]
        self.plane = self.paced()
        watched.stop = self.stop
        summary, outcomes = await self.roll(journal)
        self.raw = simulated
        return summary, outcomes, watched.early


def adds_up(world: RandomEstate, summary: Summary, outcomes: Sequence[Outcome]) -> None:
    """Every target of either kind has one outcome."""
    assert summary.proves, summary.reasons
    assert Counter(outcome.target.kind for outcome in outcomes) == world.targets
    assert len({(outcome.api.id, outcome.target) for outcome in outcomes}) == len(outcomes)
    assert summary.total.expected == len(outcomes)


def overruns(world: RandomEstate, outcomes: Sequence[Outcome]) -> Iterator[int]:
    """Give by how many failures each budget is exceeded."""
    budgets = world.case.budgets
    for amount, of in (
        (budgets.run, lambda _outcome: 0),
        (budgets.per_scope, lambda outcome: outcome.api.scope),
        (budgets.per_wave, lambda outcome: world.wave_of.get(outcome.api.id)),
    ):
        if amount is None:
            continue
        kind = (lambda _outcome: "") if amount.percent is None else (lambda outcome: outcome.target.kind)
        whole = Counter((of(each), kind(each)) for each in outcomes)
        failed = Counter((of(each), kind(each)) for each in outcomes if isinstance(each, Failed))
        yield from (number - amount.down(whole[key]) for key, number in failed.items())


def in_flight(world: RandomEstate) -> int:
    """Give how many failures may be under way at once: one for each worker.

    A worker of the second lane has an API in hands, with up to three stages.
    """
    scopes = min(world.case.accounts * world.case.regions, world.case.most_scopes or 4)
    if world.case.operation == "PutGatewayResponse":
        return scopes * world.case.workers
    return scopes * (SPARE + 1) * 3


amounts = st.builds(Amount, count=st.integers(0, 3)) | st.builds(Amount, percent=st.sampled_from([0, 10, 50]))
budgets = st.builds(
    MaxFailures,
    per_scope=st.none() | amounts,
    per_wave=st.none() | amounts,
    run=st.none() | amounts,
)
cases = st.builds(
    Case,
    seed=st.integers(0, 10_000),
    apis=st.integers(1, 5),
    accounts=st.integers(1, 2),
    regions=st.integers(1, 2),
    sizes=st.lists(
        st.builds(Amount, count=st.integers(1, 3)) | st.builds(Amount, percent=st.sampled_from([20, 60])),
        max_size=2,
    ),
    order=st.sampled_from(WaveOrder),
    canary=st.booleans(),
    bake=st.sampled_from([0.0, 10.0]),
    budgets=budgets,
    operation=st.sampled_from(["PutGatewayResponse", "UpdateStage", "CreateDeployment"]),
    fails=st.integers(0, 3),
    stop_at=st.sampled_from([0, 0, 1, 4, 9, 15]),
    workers=st.integers(1, 3),
    most_scopes=st.none() | st.integers(1, 2),
)


@settings(max_examples=14, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases)
def test_any_rollout_keeps_its_promises(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    journal = tmp_path_factory.mktemp("random") / "journal.db"

    async def main() -> None:
        async with RandomEstate(case) as world:
            before = state(world)
            summary, outcomes, early = await world.rolled(journal)
            adds_up(world, summary, outcomes)
            assert early == []
            most = max(overruns(world, outcomes), default=0)
            assert most <= in_flight(world)
            assert most <= 0 or summary.halted
            if summary.left:
                world.engine.faults = FaultScript()
                summary, outcomes = await world.go_on(journal)
                adds_up(world, summary, outcomes)
            world.engine.faults = FaultScript()
            world.plane = world.paced()
            async with open_journal(str(journal), clock=clock) as opened:
                conduct = Conduct(clock=clock)
                with await api.rollback(summary.run, plane=world.plane, journal=opened) as plan:
                    back = await api.apply(plan, plane=world.plane, journal=opened, conduct=conduct)
            assert (back.exit_code, back.proves) == (0, True), back.reasons
            assert state(world) == before

    virtually(main)
