"""The work of `apply` and `put`, from a plan to a summary: show, ask, write, account for every target."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from batchgw import api
from batchgw.cli.confirm import confirm, refuse_unasked
from batchgw.cli.empty_selection import refuse_empty_selection
from batchgw.cli.flags.flag import from_environment
from batchgw.cli.flags.options import JournalFlags, OwnerFlags, RunFlags, SelectionFlags
from batchgw.cli.flags.pace import chosen_pace
from batchgw.cli.flags.selection import chosen_targets
from batchgw.cli.loading import (
    Source,
    allows_empty,
    loaded,
    paced_estimate,
    plan_options,
    refuse_other_endpoint,
    refuse_other_policy,
    targets_of,
)
from batchgw.cli.moved_accounts import account_options, recorded_selection, telling_moves
from batchgw.cli.organization_memory import age_lines
from batchgw.cli.output.console import Console, console_for
from batchgw.cli.run_end import carried_out
from batchgw.cli.run_options import REREAD_AFTER, run_options, with_run_options
from batchgw.cli.session import Run, again
from batchgw.errors import CallError, PlanStale, UsageError
from batchgw.execution.writing.executor import TRUSTED
from batchgw.journal import Journal, open_journal
from batchgw.model import OnStale, Targets
from batchgw.model.owner import OnManaged
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
from batchgw.wording import amount

NEVER = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """How to make a plan, and how to reach its APIs.

    Attributes:
        recheck_after: when the plan is so many seconds old, its APIs are read again before the first write:
            0 for a saved plan, NEVER with --no-recheck.
        options: what the run records in addition.
        allow_empty: a selection that matches nothing is accepted.
    """

    make: Callable[[Run], Awaitable[Plan]]
    targets: Targets
    flags: RunFlags
    recheck_after: float = api.FRESH
    options: Mapping[str, JSON] = field(default_factory=dict)
    allow_empty: bool = False


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
        chosen_pace(proposal.flags.pace)
        if not self.yes:
            refuse_unasked(self.console)
        return anyio.run(self._carry_out, proposal)

    async def _carry_out(self, proposal: Proposal) -> int:
        async with open_journal(self.journal.journal, durable=True) as store:
            return await carried_out(
                lambda run: self._apply(proposal, run, store),
                targets=proposal.targets,
                flags=proposal.flags,
                journal=self.journal,
                store=store,
                console=self.console,
                stopped=f"nothing was written: this came before the first write. {again(self.verb)}",
            )

    async def _apply(self, proposal: Proposal, run: Run, journal: Journal) -> Summary:
        with await proposal.make(run) as plan:
            made = self.clock()
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
                    verb=self.verb,
                    options={
                        **recorded,
                        **account_options(planned, plan.header.options),
                        **proposal.options,
                        **self._reread_option(),
                        "identity": run.identity(),
                        "planned_as": plan.header.plan,
                    },
                )

    def _reread_option(self) -> dict[str, float]:
        return {} if self.reread_after is None else {REREAD_AFTER: self.reread_after}

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
        by_hand = total.writes and not deploys(variant.desired for variant in plan.variants)
        live = [line(Span(PLANNED, "dim"))] if by_hand else []
        if self.yes or not total.writes:
            seen = self.yes and plan.saved  # the person who saved it has seen it
            self.console.note(*(screen.conclusion() if seen else screen.lines()), *live)
            return
        self.console.tell(*screen.lines(), *live)
        scopes = sum(counts.writes > 0 for counts in plan.totals.scopes.values())
        await confirm(
            f"Make {amount(total.writes, 'change')} to {amount(total.changed_apis, 'REST API')} "
            f"in {amount(scopes, 'account-region')}?",
            console=self.console,
            interrupts=run.interrupts,
        )


def fresh_plan(
    files: Sequence[Path],
    selection: SelectionFlags,
    owners: OwnerFlags,
    flags: RunFlags,
    console: Console,
    *,
    recheck: bool,
) -> Proposal:
    """Propose to make the changes of policy files."""
    source = loaded(files, console)
    targets = chosen_targets(source.policy.targets, selection, flags.connection)
    return policy_plan(
        source,
        targets,
        flags,
        recheck=recheck,
        allow_empty=selection.allow_empty,
        on_managed=owners.on_managed,
    )


def policy_plan(
    source: Source,
    targets: Targets,
    flags: RunFlags,
    *,
    recheck: bool,
    allow_empty: bool,
    on_managed: OnManaged | None = None,
) -> Proposal:
    """Propose to make a policy's changes, on targets that flags chose."""

    async def make(run: Run) -> Plan:
        policy = run.with_region(source.with_targets(targets))
        options = plan_options(source.policy, flags, policy.targets, allow_empty=allow_empty)
        return await api.plan(
            policy,
            plane=run.plane,
            options=options,
            on_managed=on_managed,
            home=run.home,
            remembering=run.remembering,
        )

    return Proposal(
        make=make,
        targets=targets,
        flags=flags,
        recheck_after=api.FRESH if recheck else NEVER,
        allow_empty=allow_empty,
    )


def saved_plan(
    path: Path, files: Sequence[Path], selection: SelectionFlags, flags: RunFlags, *, recheck: bool
) -> Proposal:
    """Propose to make a saved plan's changes. A policy beside it must be the one it was made from."""
    _refuse_selection(selection)
    plan = Plan.open(path)
    source = loaded(files, Console(quiet=True)) if files else None
    if source is not None:
        refuse_other_policy(plan, source.policy)
    role = SelectionFlags(role_name=selection.role_name, external_id=selection.external_id)
    given = chosen_targets(source.policy.targets if source else Targets(), role, flags.connection)
    targets = targets_of(plan, given)
    laid = with_run_options(flags, plan.header.options)
    refuse_other_endpoint(plan, laid)

    async def make(_run: Run) -> Plan:
        return plan

    return Proposal(
        make=make,
        targets=targets,
        flags=laid,
        recheck_after=0.0 if recheck else NEVER,
        options={"plan": str(path.absolute())},
        allow_empty=selection.allow_empty or allows_empty(plan),
    )


def _refuse_selection(selection: SelectionFlags) -> None:
    """Raise UsageError for flags that select APIs: the plan says which APIs it is about.

    Environment variables are meant for every command, so they are ignored here, as Terraform does with a
    saved plan.
    """
    given = {
        "--region": selection.region,
        "--account": selection.account,
        "--exclude-account": selection.exclude_account,
        "--api-id": selection.api_id,
        "--name": selection.name,
        "--tag": selection.tag,
        "--select": selection.select,
        "--targets": selection.targets,
    }
    named = [name for name, value in given.items() if value and not from_environment(name, value)]
    if named:
        raise UsageError(
            f"{', '.join(named)} cannot be combined with --plan: a plan is applied as a whole. Plan again "
            "with these flags instead."
        )


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
