"""The verb `show`: all of a saved plan, for the person who approves it. It needs no network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from batchgw.cli.flags.form import form_flag
from batchgw.cli.flags.options import OutputFlags
from batchgw.cli.output.console import console_for
from batchgw.cli.verb import verb
from batchgw.report.views.forms import view_of

PANEL = "Rollout"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowFlags(OutputFlags):
    """As everywhere, but for the forms there are."""

    output: Annotated[str, form_flag("review", of="show", panel="Output")] = "text"


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    verb(app, rich_help_panel=PANEL)(show)


def show(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="What `plan --out` saved.")],
    output: ShowFlags,
) -> None:
    """Show a saved plan: its id, what it was made from, and every change of every API. Needs no network."""
    from batchgw.cli.loading import allows_empty, at_pace, later_apply  # noqa: PLC0415 - the whole engine
    from batchgw.cli.session import run_async  # noqa: PLC0415 - as above
    from batchgw.cli.signals import Interrupts  # noqa: PLC0415 - as above
    from batchgw.control_plane.stack import Pace  # noqa: PLC0415 - as above
    from batchgw.planning.plan_file.plan import Plan  # noqa: PLC0415 - as above
    from batchgw.report.plan_report import PlanReport  # noqa: PLC0415 - as above
    from batchgw.report.verdict import exit_code  # noqa: PLC0415 - as above

    console = console_for(output)
    view = view_of(output.output, "review", console)
    with Plan.open(plan) as opened:

        async def body(interrupts: Interrupts) -> None:
            await view.review(
                PlanReport(
                    plan=opened,
                    estimate=later_apply(opened, Pace(), saved=True),
                    estimated=at_pace(Pace()),
                    exit_code=exit_code(opened.totals, allow_empty=allows_empty(opened)),
                    stop=interrupts.stop,
                )
            )

        run_async(body, console)
