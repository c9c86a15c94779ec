"""The verb `show`: a saved plan, all of it, for whoever is to approve it. It needs no network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from batchgw.cli.flags.flag import flag
from batchgw.cli.flags.options import Output, OutputFlags
from batchgw.cli.flags.verb import verb

PANEL = "Rollout"


class Form(StrEnum):
    """The form of a plan on stdout."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowFlags(OutputFlags):
    """As everywhere, but for the forms there are."""

    output: Annotated[
        Form, flag("--output", "Form of the data on stdout.", "-o", of="show", panel="Output")
    ] = Form.TEXT  # type: ignore[assignment]  # this verb has other forms than the rest


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    verb(app, rich_help_panel=PANEL)(show)


def show(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="What `plan --out` saved.")],
    output: ShowFlags,
) -> None:
    """Show a saved plan: its id, what it was made from, and every change of every API. Needs no network."""
    from batchgw.cli.loading import allows_empty  # noqa: PLC0415 - the whole engine
    from batchgw.cli.output.plan import apply_of, show_plan  # noqa: PLC0415 - as above
    from batchgw.cli.session import console_for, run_async  # noqa: PLC0415 - as above
    from batchgw.cli.signals import Interrupts  # noqa: PLC0415 - as above
    from batchgw.cli.verbs.plan import exit_code  # noqa: PLC0415 - as above
    from batchgw.control_plane.stack import Pace  # noqa: PLC0415 - as above
    from batchgw.planning.plan_file.plan import Plan  # noqa: PLC0415 - as above
    from batchgw.report.views.every_api import markdown, text  # noqa: PLC0415 - as above

    console = console_for(output)
    with Plan.open(plan) as opened:
        form = Form(output.output)
        if form in (Form.TEXT, Form.MARKDOWN):
            console.data(text(opened) if form is Form.TEXT else markdown(opened))
            console.flush()
            return

        async def body(interrupts: Interrupts) -> None:
            await show_plan(
                opened,
                console,
                output=Output(form.value),
                code=exit_code(opened.totals, allow_empty=allows_empty(opened)),
                work=apply_of(opened, Pace(), saved=True),
                stop=interrupts.stop,
            )

        run_async(body, console)
