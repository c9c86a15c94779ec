"""A small estate that is rolled out in waves, its plan, and what is to come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from batchgw import api
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.model import Action, PlannedApi
from batchgw.model.deploy import Deploy
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.gate import AlarmCheck, CalendarCheck, Gate
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from tests.scenarios.deploying.staged import deploying
from tests.scenarios.waves.rolled import RolledEstate
from tests.virtual import virtually

GATES = (
    Gate(name="errors", check=AlarmCheck(alarm="api-errors")),
    Gate(name="freeze", check=CalendarCheck(calendar="change-freeze")),
)
"""Both always pass. The second is asked after a wave alone, and at no other time."""

ROLLOUT = Rollout(
    waves=(Wave(size=Amount(count=1)), Wave(size=Amount(percent=50)), Wave(rest=True)),
    bake=5.0,
    gates=GATES,
)

SIGNALS = {
    "alarms": [{"name": "api-errors", "states": [{"state": "OK"}]}],
    "calendars": [{"name": "change-freeze"}],
}

APIS = 4

Target = tuple[str, str, str]
"""API, kind and name."""


class SmallEstate(RolledEstate):
    """One of few APIs with up to two stages each, made live by a canary that bakes."""

    def __init__(self, seed: int) -> None:
        canary = Deploy(stages=("*",), canary=(25.0, 100.0), bake=1.0)
        super().__init__(
            apis=APIS, accounts=1, regions=1, seed=seed, desired=deploying(canary), rollout=ROLLOUT
        )

    @property
    def account(self) -> str:
        return self.world.accounts[0]

    def simulated(self, script: Sequence[Mapping[str, object]] = ()) -> SimulatedControlPlane:
        """Give what answers for this world, without latency and quotas."""
        return simulate(self.world, signals=SIGNALS, script=script, seed=self.seed)

    def deployments(self) -> dict[str, set[str]]:
        return {str(id_): set(detail.deployments) for id_, detail in self.details()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A plan, and what it says.

    Attributes:
        seed: of the world.
        plan: its file.
        targets: each must have one outcome.
        stages: those that are to be moved.
        wave_of: the wave of each API that has one.
    """

    seed: int
    plan: Path
    targets: frozenset[Target]
    stages: frozenset[tuple[str, str]]
    wave_of: Mapping[str, int]


def planned(seed: int, folder: Path) -> Truth:
    """Plan for a world."""
    estate, file = SmallEstate(seed), folder / f"{seed}.plan"

    async def main() -> Truth:
        plan = await api.plan(estate.policy, plane=PacedControlPlane(estate.simulated()), out=file)
        assert plan.waves is not None
        apis = [item for item in plan.items() if isinstance(item, PlannedApi)]
        changes = [(item.api.id, change) for item in apis for change in item.changes]
        return Truth(
            seed=seed,
            plan=file,
            targets=frozenset((id_, c.target.kind, c.target.name) for id_, c in changes),
            stages=frozenset(
                (id_, c.target.name)
                for id_, c in changes
                if c.target.kind == "stage" and c.action is not Action.NO_OP
            ),
            wave_of={
                api: number for number, _, members in plan.waves for apis in members.values() for api in apis
            },
        )

    return virtually(main)
