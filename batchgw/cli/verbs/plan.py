"""The verbs `plan` and `check`: read every API once, compare, show. They write nothing to AWS."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchgw.cli.flags.flag import file_flag
from batchgw.cli.flags.options import JournalFlags, Output, RunFlags, SelectionFlags
from batchgw.cli.flags.stdin import refuse_shared
from batchgw.cli.flags.verb import verb
from batchgw.cli.output.failure import INCOMPLETE, OK, PENDING, ToldStop
from batchgw.cli.verbs.policy import PolicyFile
from batchgw.errors import Stopped
from batchgw.report.views.text import line

if TYPE_CHECKING:  # the engine takes its time to load
    from batchgw.cli.signals import Interrupts
    from batchgw.planning.totals import PlanTotals

PANEL = "Rollout"
AS_DATA = "`--output jsonl` prints the plan as data"


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    for function in (plan, check):
        verb(app, rich_help_panel=PANEL)(function)


def plan(
    policy: PolicyFile,
    selection: SelectionFlags,
    flags: RunFlags,
    journal: JournalFlags,
    out: Annotated[
        Path | None,
        file_flag("--out", "Save the plan here, for `apply --plan`.", metavar="PLAN", dash=AS_DATA),
    ] = None,
) -> int:
    """Show what an apply would change. Exit 0: nothing, 2: something, 4: not everything could be read."""
    return _compared(policy, selection, flags, journal, out=out, drift=False)


def check(
    policy: PolicyFile,
    selection: SelectionFlags,
    flags: RunFlags,
    journal: JournalFlags,
) -> int:
    """Tell what has drifted from the policy. Exit 0: nothing, 2: drift, 4: not everything could be read."""
    return _compared(policy, selection, flags, journal, out=None, drift=True)


def _compared(
    file: Path,
    selection: SelectionFlags,
    flags: RunFlags,
    journal: JournalFlags,
    *,
    out: Path | None,
    drift: bool,
) -> int:
    from batchgw import api  # noqa: PLC0415 - the whole engine, which --help does without
    from batchgw.cli.flags.pace import chosen_pace  # noqa: PLC0415 - as above
    from batchgw.cli.flags.selection import chosen_targets  # noqa: PLC0415 - as above
    from batchgw.cli.loading import loaded, plan_options  # noqa: PLC0415 - as above
    from batchgw.cli.output.next_command import apply_command  # noqa: PLC0415 - as above
    from batchgw.cli.output.plan import apply_of, show_plan  # noqa: PLC0415 - as above
    from batchgw.cli.session import again, console_for, open_run, run_reading  # noqa: PLC0415 - as above
    from batchgw.report.selection import nothing_lines  # noqa: PLC0415 - as above

    refuse_shared(flags, policy=file, targets=selection.targets)
    console = console_for(flags.output)
    source = loaded(file, console)
    chosen = source.aimed(chosen_targets(source.policy.targets, selection, flags.connection))
    begin = again("check" if drift else "plan")

    async def body(interrupts: Interrupts) -> int:
        opened = open_run(
            chosen.targets, console=console, interrupts=interrupts, flags=flags, journal=journal
        )
        with ExitStack() as kept:
            async with opened as run:
                placed = run.placed(chosen)
                options = plan_options(
                    source.policy, flags, placed.targets, allow_empty=selection.allow_empty
                )
                verb_of_engine = api.check if drift else api.plan
                made = await verb_of_engine(placed, plane=run.plane, out=out, options=options)
                kept.enter_context(made)
                code = exit_code(made.totals, allow_empty=selection.allow_empty)
                run.ended(code, made.totals.total.to_json())
            try:
                await show_plan(
                    made,
                    console,
                    output=flags.output.output,
                    code=code,
                    work=apply_of(made, chosen_pace(flags.pace), saved=out is not None),
                    stop=interrupts.stop,
                    drift=drift,
                )
            except Stopped as error:
                raise ToldStop(str(error) if out else f"{error} {begin}") from error
            finally:
                if out is not None:
                    command = apply_command(out, selection, flags.connection, journal)
                    console.note(line(f"Saved: {out}. To do exactly this:"), line(f"  {command}"))
            if made.totals.selected is not None and flags.output.output is not Output.TABLE:
                unread = len(made.totals.unread_scopes)
                console.tell(*nothing_lines(made.totals.selected, unread=unread))
        return code

    missed = "whether anything has drifted is not known" if drift else "there is no plan"
    return run_reading(body, console, stopped=f"not everything was read, so {missed}. {begin}")


def exit_code(totals: PlanTotals, *, allow_empty: bool) -> int:
    """What `plan` and `check` answer: an incomplete picture counts for more than what is pending in it.

    So does a selector that matches nothing, where the user did not accept that.
    """
    if not totals.complete or (totals.nothing and not allow_empty):
        return INCOMPLETE
    return PENDING if totals.total.writes else OK
