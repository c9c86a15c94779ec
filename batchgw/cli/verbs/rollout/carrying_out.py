"""The work of `apply` and `put`, from a plan to a summary: show, ask, write, account for every target."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio

from batchgw import api
from batchgw.cli.confirm import confirm, question, refuse_unasked
from batchgw.cli.empty_selection import refuse_empty_selection
from batchgw.cli.flags.options import JournalFlags, RunFlags
from batchgw.cli.flags.pace import chosen_pace
from batchgw.cli.loading import (
    at_pace,
    paced_estimate,
)
from batchgw.cli.memory.organization import age_lines
from batchgw.cli.moved_accounts import account_options, recorded_selection, telling_moves
from batchgw.cli.output.console import Console, console_for
from batchgw.cli.proposing import NEVER, Proposal
from batchgw.cli.run_end import carried_out
from batchgw.cli.run_options import REREAD_AFTER, SHIP_PENDING, run_options
from batchgw.cli.session import Run, again
from batchgw.cli.verbs.rollout.conducting import RolloutFlags, conduct_of
from batchgw.errors import CallError, PlanStale
from batchgw.execution.rollout.before import check_rollout
from batchgw.execution.writing.executor import TRUSTED
from batchgw.journal import Journal, open_journal
from batchgw.model import OnStale
from batchgw.model.shape import JSON
from batchgw.planning.estimate import Work
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.not_live import PLANNED, deploys
from batchgw.report.plan_report import PlanReport
from batchgw.report.summary import Summary
from batchgw.report.verdict import exit_code
from batchgw.report.views.lines.plan import PlanScreen
from batchgw.report.views.text import Span, line
from batchgw.times import duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """How a proposal is carried out.

    Attributes:
        reread_after: seconds for which a reading is trusted; None leaves that to the proposal.
        clock: gives seconds, and goes on while the machine sleeps.
    """

    flags: RunFlags
    journal: JournalFlags
    yes: bool
    on_stale: OnStale = OnStale.REFUSE
    reread_after: float | None = None
    force_lock: bool = False
    take_over_dead: bool = False
    ship_pending: bool = False
    rollout: RolloutFlags = field(default_factory=RolloutFlags)
    verb: str = "apply"
    clock: Callable[[], float] = time.time
    console: Console = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "console", console_for(self.flags.output))

    def run(self, proposal: Proposal) -> int:
        """Carry it out and return the exit code.

        Raises UsageError for flags that contradict each other, and where the user must be asked and cannot
        be.
        """
        self.refuse_impossible(proposal.flags)
        return anyio.run(self._run, proposal)

    def refuse_impossible(self, flags: RunFlags) -> None:
        """Raise UsageError as `run` does, before anything is opened."""
        chosen_pace(flags.pace)
        self.rollout.refuse_unexplained()
        if not self.yes:
            refuse_unasked(self.console)

    async def _run(self, proposal: Proposal) -> int:
        async with open_journal(self.journal.journal, durable=True) as store:
            return await self.carry_out(proposal, store)

    async def carry_out(self, proposal: Proposal, store: Journal) -> int:
        """Carry a proposal out in a journal that is open."""
        return await carried_out(
            lambda run: self._apply(proposal, run, store),
            targets=proposal.targets,
            flags=proposal.flags,
            journal=self.journal,
            store=store,
            console=self.console,
            access=proposal.access,
            stopped=f"nothing was written: this came before the first write. {again(self.verb)}",
        )

    async def _apply(self, proposal: Proposal, run: Run, journal: Journal) -> Summary:
        with await proposal.make(run) as plan:
            made = self.clock()
            check_rollout(plan, self.rollout.allow)
            await self._confirm(plan, proposal, run)
            recorded = run_options(proposal.flags, run.targets_with_region(proposal.targets))
            planned = tuple(plan.totals.frozen.accounts.values())
            before = planned if plan.saved else ()
            if run.identity() is None:  # a saved plan makes no call that would have asked for it
                with suppress(CallError):  # the calls that follow tell what is wrong
                    await run.plane.current_account()
            async with (
                telling_moves(run, before, recorded_selection(plan.header.options)),
                _naming_who_applied(plan, journal),
            ):
                return await api.apply(
                    plan,
                    plane=run.plane,
                    journal=journal,
                    recheck=self._recheck_due(proposal, self.clock() - made),
                    trusted=self._trusted(proposal),
                    on_stale=self.on_stale,
                    force_lock=self.force_lock,
                    take_over_dead=self.take_over_dead,
                    ship_pending=self.ship_pending,
                    allow=self.rollout.allow,
                    conduct=conduct_of(self.rollout, self.console, run.interrupts, home=run.home),
                    live=run.live,
                    data_plane=run.data_plane,
                    verb=self.verb,
                    options={
                        **recorded,
                        **account_options(planned, plan.header.options),
                        **proposal.options,
                        **self._own_options(),
                        "identity": run.identity(),
                        "planned_as": plan.header.plan,
                    },
                )

    def _own_options(self) -> dict[str, JSON]:
        """Give what a resume keeps to, besides how APIs are reached."""
        options: dict[str, JSON] = {SHIP_PENDING: True} if self.ship_pending else {}
        return options if self.reread_after is None else {**options, REREAD_AFTER: self.reread_after}

    def _trusted(self, proposal: Proposal) -> float:
        if self.reread_after is not None:
            return self.reread_after
        return NEVER if proposal.recheck_after == NEVER else TRUSTED

    def _recheck_due(self, proposal: Proposal, seconds: float) -> bool:
        """Tell whether the APIs of a plan that is so old are read again."""
        if max(0.0, seconds) < proposal.recheck_after:
            return False
        if proposal.recheck_after:
            self.console.note(line(f"The plan is {duration(seconds)} old: its APIs are read again."))
        return True

    async def _confirm(self, plan: Plan, proposal: Proposal, run: Run) -> None:
        """Show what will be done, and return when the user agrees. Raises Stopped when not."""
        run.interrupts.stop.check()  # a signal may have come with the last answer
        kinds = Work.APPLY if proposal.recheck_after else Work.APPLY_SAVED
        pace, plane = chosen_pace(proposal.flags.pace), run.plane
        work = paced_estimate(plan, kinds, pace, trusted=self._trusted(proposal), level=plane.level)
        report = PlanReport(
            plan=plan,
            estimate=work,
            estimated=at_pace(pace),
            exit_code=exit_code(plan.totals, allow_empty=proposal.allow_empty),
            stop=run.interrupts.stop,
        )
        await report.read()
        screen = PlanScreen.of(report)
        if not plan.saved:
            self.console.note(*age_lines(plan.totals.frozen.as_of))
        if plan.totals.nothing and not proposal.allow_empty:
            self.console.note(*screen.lines())
            refuse_empty_selection(plan)
        total = plan.totals.total
        backs = plan.header.takes_back is not None  # what was live is made live again
        by_hand = total.writes and not backs and not deploys(variant.desired for variant in plan.variants)
        live = [line(Span(PLANNED, "dim"))] if by_hand else []
        if self.yes or not total.writes:
            seen = self.yes and plan.saved  # the person who saved it has seen it
            self.console.note(*(screen.conclusion() if seen else screen.lines()), *live)
            return
        self.console.tell(*screen.lines(), *live)
        asked = question(report.fold, plan.totals)
        await confirm(asked, console=self.console, interrupts=run.interrupts)


@asynccontextmanager
async def _naming_who_applied(plan: Plan, journal: Journal) -> AsyncIterator[None]:
    """Where a plan is stale because a run of this journal has applied it, say so."""
    try:
        yield
    except PlanStale as error:
        for run in await journal.runs():
            if run.options.get("planned_as") == plan.header.plan and run.totals.applied:
                left = "`batchgw plan POLICY` shows what is left to do."
                raise PlanStale(f"{error}\nRun {run.id} has applied this plan already: {left}") from error
        raise
