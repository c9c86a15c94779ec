"""The work of `plan` and `check`: read every API once, compare it with the policy, show the difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from batchgw import api
from batchgw.cli.flags.options import JournalFlags, OwnerFlags, RunFlags, SelectionFlags
from batchgw.cli.flags.pace import chosen_pace
from batchgw.cli.flags.selection import chosen_targets
from batchgw.cli.flags.stdin import refuse_shared
from batchgw.cli.loading import Source, at_pace, later_apply, loaded, plan_options
from batchgw.cli.memory.organization import age_lines
from batchgw.cli.output.console import Console, console_for
from batchgw.cli.output.next_command import apply_command
from batchgw.cli.role_options import has_external_ids
from batchgw.cli.session import again, open_run, run_reading
from batchgw.cli.signals import Interrupts
from batchgw.errors import ExplainedStop, Stopped
from batchgw.model import Policy, Targets
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.plan_report import PlanReport
from batchgw.report.verdict import exit_code
from batchgw.report.views.forms import view_of
from batchgw.report.views.lines.rules import idle_lines
from batchgw.report.views.lines.selection import nothing_lines
from batchgw.report.views.lines.unread import unread_scope_lines
from batchgw.report.views.text import Line, line


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """A plan, or a check when `drift` is set. `out`: the file to save the plan in, if any."""

    files: Sequence[Path]
    selection: SelectionFlags
    owners: OwnerFlags
    flags: RunFlags
    journal: JournalFlags
    out: Path | None = None
    drift: bool = False
    pending: bool = False
    ship_pending: bool = False
    console: Console = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "console", console_for(self.flags.output))

    def run(self) -> int:
        """Compare, show, and return the exit code."""
        refuse_shared(self.flags, policies=self.files, targets=self.selection.targets)
        view_of(self.flags.output.output, "plan", self.console)
        source = loaded(self.files, self.console)
        chosen = source.with_targets(
            chosen_targets(source.policy.targets, self.selection, self.flags.connection)
        )
        missed = "whether anything has drifted is not known" if self.drift else "there is no plan"
        return run_reading(
            lambda interrupts: self._compared(source, chosen, interrupts),
            self.console,
            stopped=f"not everything was read, so {missed}. {self._again}",
        )

    @property
    def _again(self) -> str:
        return again("check" if self.drift else "plan")

    async def _compared(self, source: Source, chosen: Policy, interrupts: Interrupts) -> int:
        opened = open_run(
            chosen.targets,
            console=self.console,
            interrupts=interrupts,
            flags=self.flags,
            journal=self.journal,
        )
        allow_empty = self.selection.allow_empty
        with ExitStack() as kept:
            async with opened as run:
                placed = run.with_region(chosen)
                options = plan_options(source.policy, self.flags, placed.targets, allow_empty=allow_empty)
                verb = api.check if self.drift else api.plan
                plan = await verb(
                    placed,
                    plane=run.plane,
                    out=self.out,
                    options=options,
                    home=run.home,
                    remembering=run.remembering,
                    live=run.live,
                    data_plane=run.data_plane,
                    on_managed=self.owners.on_managed,
                    pending=self.pending,
                    ship_pending=self.ship_pending,
                )
                kept.enter_context(plan)
                code = exit_code(plan.totals, allow_empty=allow_empty)
                run.ended(code, plan.totals.total.to_json())
            await self._show(plan, chosen.targets, code, interrupts)
            return code

    def _needed(self, targets: Targets) -> Sequence[Path]:
        """Name the policy files if external ids stand in it: a plan does not carry them."""
        links = (*targets.roles, *targets.organization_roles)
        in_policy = targets.external_id is not None and not self.selection.external_id
        return self.files if in_policy or has_external_ids(links) else ()

    def _saved(self, out: Path, plan: Plan, targets: Targets) -> Iterator[Line]:
        """Say where the plan is, and how to apply it where there is something that `apply` would do."""
        refused = plan.totals.nothing and not self.selection.allow_empty
        if refused or not plan.totals.total.writes:
            yield line(f"Saved: {out}.")
            return
        needed = self._needed(targets)
        yield line(f"Saved: {out}. To do exactly this:")
        yield line(f"  {apply_command(out, self.selection, self.flags.connection, self.journal, needed)}")

    async def _show(self, plan: Plan, targets: Targets, code: int, interrupts: Interrupts) -> None:
        view = view_of(self.flags.output.output, "plan", self.console)
        pace = chosen_pace(self.flags.pace)
        report = PlanReport(
            plan=plan,
            estimate=later_apply(plan, pace, saved=self.out is not None),
            estimated=at_pace(pace),
            exit_code=code,
            stop=interrupts.stop,
            drift=self.drift,
        )
        try:
            await view.plan(report)
        except Stopped as error:
            raise ExplainedStop(str(error) if self.out else f"{error} {self._again}") from error
        finally:
            if self.out is not None:
                self.console.note(*self._saved(self.out, plan, targets))
        self.console.note(*age_lines(plan.totals.frozen.as_of))
        if view.names_missing:
            return
        self.console.tell(*unread_scope_lines(report.fold.unread_scopes))
        self.console.tell(*idle_lines(plan.totals))
        if plan.totals.selected is not None:
            unread = len(plan.totals.unread_scopes)
            self.console.tell(*nothing_lines(plan.totals.selected, unread=unread))
