"""The work of `resume`: finish one run that was stopped or died, or all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import anyio

from batchgw import api
from batchgw.cli.confirm import confirm, refuse_unasked
from batchgw.cli.flags.options import JournalFlags, RunFlags
from batchgw.cli.moved_accounts import recorded_accounts, recorded_selection, telling_moves
from batchgw.cli.output.console import Console, console_for
from batchgw.cli.output.failure import report
from batchgw.cli.output.summary import resume_hint
from batchgw.cli.run_end import carried_out
from batchgw.cli.run_options import reread_after, ships_pending, targets_with_run_options, with_run_options
from batchgw.cli.session import Run
from batchgw.cli.verbs.rollout.conducting import RolloutFlags, conduct_of
from batchgw.control_plane.aws import Access
from batchgw.errors import UsageError
from batchgw.execution.writing.executor import TRUSTED
from batchgw.exit_codes import FAILED, HELD_BACK, INCOMPLETE, INTERRUPTED, LOCKED, OK, USAGE
from batchgw.journal import Journal, RunRecord, ScopeCounts, open_journal
from batchgw.model import Targets
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.kinds import amounts
from batchgw.report.not_live import PLANNED
from batchgw.report.summary import Summary, counted
from batchgw.report.views.forms import view_of
from batchgw.report.views.text import Line, Span, line, plain
from batchgw.times import timestamp
from batchgw.wording import amount

_SEVERITY = (OK, INCOMPLETE, HELD_BACK, LOCKED, FAILED, USAGE, INTERRUPTED)
"""Exit codes of runs, the worst last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resuming:
    """How runs are finished. Unless flags say otherwise, APIs are reached as the runs reached them.

    With `failed` what has failed is tried again, too.
    """

    flags: RunFlags
    journal: JournalFlags
    yes: bool
    role: str | None
    force_lock: bool
    take_over_dead: bool
    rollout: RolloutFlags = field(default_factory=RolloutFlags)
    ship_pending: bool = False
    failed: bool = False
    console: Console = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "console", console_for(self.flags.output))

    def one(self, run: str) -> int:
        """Finish a run and return the exit code."""
        return anyio.run(self._one, run)

    async def _one(self, run: str) -> int:
        async with open_journal(self.journal.journal, durable=True) as store:
            found = await (store.find(run) if self.failed else store.find_unfinished(run))
            return await self._finish(found, store)

    def all_unfinished(self) -> int:
        """Finish every unfinished run, the oldest first, and return the worst of their exit codes.

        Where one cannot be finished, the next is tried. An interruption ends them all.
        """
        if view_of(self.flags.output.output, "summary", self.console).one_document:
            raise UsageError(
                "--unfinished may finish several runs, and this form shows one: use --output jsonl."
            )
        return anyio.run(self._all_unfinished)

    async def _all_unfinished(self) -> int:
        async with open_journal(self.journal.journal, durable=True) as store:
            found = await store.unfinished()
            if not found:
                self.console.note(
                    line(f"Nothing to resume: {store.location} has no run that is not finished.")
                )
            worst = OK
            for record in found:
                code = await self._reported(record, store)
                worst = max(worst, code, key=_severity)
                if code == INTERRUPTED:
                    break
            return worst

    async def _reported(self, record: RunRecord, store: Journal) -> int:
        try:
            return await self._finish(record, store)
        except Exception as error:  # noqa: BLE001 - reported as for a verb; the other runs come next
            return report(error, self.console, debug=self.flags.output.debug)

    async def _finish(self, record: RunRecord, store: Journal) -> int:
        if self._to_make(record) and not self.yes:
            refuse_unasked(self.console)

        flags = with_run_options(self.flags, record.options)
        trusted = reread_after(record.options)
        ship_pending = self.ship_pending or ships_pending(record.options)
        counts = await counted(store.run(record.id))
        stages = any(STAGE in each.by_kind for each in counts)

        async def work(under_way: Run) -> Summary:
            await self._confirm(record, counts, under_way)
            before, selection = recorded_accounts(record.options), recorded_selection(record.options)
            async with telling_moves(under_way, before, selection):
                conduct = conduct_of(self.rollout, self.console, under_way.interrupts, home=under_way.home)
                finish = api.retry if self.failed else partial(api.resume, conduct=conduct)
                return await finish(
                    record.id,
                    plane=under_way.plane,
                    journal=store,
                    force_lock=self.force_lock,
                    take_over_dead=self.take_over_dead,
                    trusted=TRUSTED if trusted is None else trusted,
                    ship_pending=ship_pending,
                    live=under_way.live,
                    data_plane=under_way.data_plane,
                )

        return await carried_out(
            work,
            targets=targets_with_run_options(Targets(role=self.role), record.options),
            flags=flags,
            journal=self.journal,
            store=store,
            console=self.console,
            access=Access.DEPLOY if stages else Access.WRITE,
            stopped="nothing more was written: this came before the next write. "
            + plain(resume_hint(record.id, self.journal.journal)),
        )

    async def _confirm(self, record: RunRecord, counts: Sequence[ScopeCounts], run: Run) -> None:
        """Show what is left to do, and return when the user agrees."""
        to_make = self._to_make(record)
        scopes = sum(each.tally.left > 0 or (self.failed and each.tally.failed > 0) for each in counts)
        if self.yes or not to_make:
            self.console.note(*_left(record, counts))
            return
        self.console.tell(*_left(record, counts))
        await confirm(
            f"Read what {'has failed or ' if self.failed else ''}is left, and make up to "
            f"{amount(to_make, 'change')} "
            f"in {amount(scopes, 'account-region')}?",
            console=self.console,
            interrupts=run.interrupts,
        )

    def _to_make(self, record: RunRecord) -> int:
        return record.totals.left + (record.totals.failed if self.failed else 0)


def _left(record: RunRecord, counts: Sequence[ScopeCounts]) -> Iterator[Line]:
    totals, begun = record.totals, timestamp(record.started)
    scopes = sum(each.tally.left > 0 for each in counts)
    kinds = {kind for each in counts for kind in each.by_kind}
    of_kind = {
        kind: sum(each.by_kind[kind].left for each in counts if kind in each.by_kind) for kind in kinds
    }
    left = amounts(of_kind)
    yield line(f"Run {record.id}, {record.verb} of {record.policy_source}, begun {begun}:")
    where = "nothing is left to do"
    if left:
        where = f"{left} of {totals.expected:,} left in {amount(scopes, 'account-region')}"
    yield line(f"  {where}; {totals.applied:,} applied, {totals.failed:,} failed before.")
    if totals.left and STAGE not in kinds:
        yield line(Span(PLANNED, "dim"))


def _severity(code: int) -> int:
    return _SEVERITY.index(code if code in _SEVERITY else FAILED)
