"""The work of `rollback`: show the way back of a run, ask, and take it as a run of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from batchgw import api
from batchgw.cli.flags.options import JournalFlags, RunFlags
from batchgw.cli.flags.targets_file import parsed
from batchgw.cli.output.console import console_for
from batchgw.cli.proposing import Proposal
from batchgw.cli.run_options import targets_with_run_options, with_run_options
from batchgw.cli.session import Run
from batchgw.cli.verbs.rollout.carrying_out import Applying
from batchgw.control_plane.aws import Access
from batchgw.journal import Journal, RunRecord, open_journal
from batchgw.model import ExplicitApi, Targets
from batchgw.model.deploy import NAME as STAGE
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.summary import counted
from batchgw.report.views.text import line
from batchgw.times import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingBack:
    """How a run is taken back. Unless flags say otherwise, APIs are reached as the run reached them."""

    flags: RunFlags
    journal: JournalFlags
    yes: bool
    role: str | None = None
    wave: int | None = None
    apis: Sequence[str] = ()
    failed: bool = False
    force: bool = False
    redeploy: bool = False
    force_lock: bool = False
    take_over_dead: bool = False

    def refuse_impossible(self) -> None:
        """Raise UsageError for flags that contradict each other, and where nobody can be asked."""
        self._applying(self.flags).refuse_impossible(self.flags)

    def run(self, typed: str) -> int:
        """Take a run back and return the exit code. Raises as `refuse_impossible` does."""
        self.refuse_impossible()
        return anyio.run(self._run, typed, [parsed(text, "--api") for text in self.apis])

    async def _run(self, typed: str, named: Sequence[ExplicitApi]) -> int:
        async with open_journal(self.journal.journal, durable=True) as store:
            record = await store.find(typed)
            flags = with_run_options(self.flags, record.options)
            counts = await counted(store.run(record.id))
            proposal = Proposal(
                make=lambda run: self._plan(record, named, run, store),
                targets=targets_with_run_options(Targets(role=self.role), record.options),
                flags=flags,
                allow_empty=True,  # a run that made nothing has nothing to take back
                access=Access.DEPLOY if any(STAGE in each.by_kind for each in counts) else Access.WRITE,
            )
            return await self._applying(flags).carry_out(proposal, store)

    async def _plan(self, record: RunRecord, named: Sequence[ExplicitApi], run: Run, store: Journal) -> Plan:
        console = console_for(self.flags.output)
        began = timestamp(record.started)
        of_run = f"run {record.id}, {record.verb} of {record.policy_source}, begun {began}"
        console.note(line(f"The way back of {of_run}:"))
        return await api.rollback(
            record.id,
            plane=run.plane,
            journal=store,
            wave=self.wave,
            apis=named or None,
            failed=self.failed,
            force=self.force,
            redeploy=self.redeploy,
            options=record.options,
        )

    def _applying(self, flags: RunFlags) -> Applying:
        return Applying(
            flags=flags,
            journal=self.journal,
            yes=self.yes,
            force_lock=self.force_lock,
            take_over_dead=self.take_over_dead,
            verb="rollback",
        )
