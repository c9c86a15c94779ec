"""An estate that is rolled out in waves, with alarms and calendars that change with its time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio

from batchgw import api
from batchgw.events import Event, WaveEntered
from batchgw.execution.rollout.conduct import Conduct
from batchgw.journal import open_journal
from batchgw.model import Outcome, Policy
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.report.summary import Summary
from tests.scenarios.deploying.staged import StagedEstate
from tests.unit.journal_plans import listed

EPOCH = 1_796_000_000.0
"""When virtual time begins, in seconds since the epoch: Monday 30 November 2026, 00:53 UTC."""

THREE = (Wave(size=Amount(count=1)), Wave(size=Amount(percent=30)), Wave(rest=True))


_looked = [EPOCH]


def clock() -> float:
    """Virtual time; in a thread, which has no loop of its own, that of the last look."""
    with suppress(anyio.NoEventLoopError):
        _looked[:] = [EPOCH + anyio.current_time()]
    return _looked[0]


class Waiting:
    """Notes when each wave came into which state."""

    def __init__(self) -> None:
        self.entered: list[tuple[int, str]] = []
        self.at: dict[tuple[int, str], float] = {}

    def notify(self, event: Event) -> None:
        if isinstance(event, WaveEntered):
            self.entered.append((event.number, event.state))
            self.at[event.number, event.state] = anyio.current_time()


@dataclass
class RolledEstate(StagedEstate):
    """Its policy has a rollout."""

    rollout: Rollout = field(default_factory=lambda: Rollout(waves=THREE))
    now: Callable[[], float] = clock

    def __post_init__(self) -> None:
        super().__post_init__()
        self.observer = self.seen = Waiting()

    @property
    def policy(self) -> Policy:
        return replace(super().policy, rollout=self.rollout)

    async def roll(self, journal: Path, conduct: Conduct | None = None) -> tuple[Summary, list[Outcome]]:
        """Plan and apply in waves."""
        conduct = replace(conduct or Conduct(), clock=clock)
        with await api.plan(self.policy, plane=self.plane) as plan:
            self.waves = plan.waves
            async with open_journal(str(journal), clock=clock) as opened:
                summary = await api.apply(
                    plan, plane=self.plane, journal=opened, conduct=conduct, data_plane=self.data_plane
                )
                return summary, await listed(opened.run(summary.run).outcomes())

    async def go_on(self, journal: Path, conduct: Conduct | None = None) -> tuple[Summary, list[Outcome]]:
        """Resume the last run in a new session."""
        conduct = replace(conduct or Conduct(), clock=clock)
        self.plane = self.paced()
        async with open_journal(str(journal), clock=clock) as opened:
            (record, *_) = await opened.runs()
            summary = await api.resume(
                record.id, plane=self.plane, journal=opened, conduct=conduct, data_plane=self.data_plane
            )
            return summary, await listed(opened.run(summary.run).outcomes())
