"""The entry point. Knows the verbs' modules and nothing of what they do."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from batchgw.cli.output.console import Console
from batchgw.cli.output.failure import report
from batchgw.cli.output.help import Group
from batchgw.cli.verbs import apply, discover, plan, policy, put, show, simulate
from batchgw.cli.verbs.journal import deployments, limits, runs
from batchgw.cli.verbs.policies import explain, iam_policy
from batchgw.cli.verbs.rollout import deciding, returning
from batchgw.exit_codes import FAILED, INTERRUPTED, OK, PENDING
from batchgw.report.views.text import Span, line

EPILOG = (
    "Every flag has an environment variable: --rate is BATCHGW_RATE. In a variable, commas and line "
    "breaks separate the items of a list. For --name and other flags whose values may contain commas, "
    "only line breaks do. Exit codes: 0 ok, 1 some targets failed, 2 drift or pending changes (plan, "
    "check), runs that differ, or a stage is held back, 3 not confirmed, or the journal cannot be written, "
    "4 not everything was read or nothing is selected, 5 the plan is stale, 64 usage, or a policy, plan or "
    "journal that cannot be used, 75 another run holds an account-region, 130 interrupted."
)

app = typer.Typer(
    name="batchgw",
    help="Bring the gateway responses of many API Gateway REST APIs to one written policy.",
    epilog=EPILOG,
    cls=Group,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
"""Values of a variable that the parser takes for yes."""


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer's way
    if wanted:
        from batchgw.version import VERSION  # noqa: PLC0415 - read from the installed package

        console = Console()
        console.data([line(f"batchgw {VERSION}")])
        console.flush()
        raise typer.Exit


for module in (
    policy,
    explain,
    iam_policy,
    discover,
    plan,
    show,
    apply,
    put,
    deciding,
    returning,
    runs,
    deployments,
    limits,
    simulate,
):
    module.register(app)


@app.callback()
def _root(
    version: Annotated[  # noqa: FBT002 - a flag
        bool,
        typer.Option("--version", help="Show batchgw's version and exit.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    console = Console(color="--no-color" not in arguments)
    try:
        code = app(list(arguments), prog_name="batchgw", standalone_mode=False)
    except typer.Abort:
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - usage errors of the parser, whatever class they have
        code = report(error, console, debug=os.environ.get("BATCHGW_DEBUG", "").casefold() in _TRUE)
    console.drain()
    return _with_lost_output(code if isinstance(code, int) else OK if code is None else FAILED, console)


def _with_lost_output(code: int, console: Console) -> int:
    """Give the exit code. It is not 0 when data was lost, so that nobody takes what was printed for all."""
    if console.unwritten is None:
        return code
    console.tell(
        line(
            Span("error:", "error"),
            f" standard output cannot be written: {console.unwritten}. What was printed is incomplete; what "
            "is in the journal is safe.",
        )
    )
    return FAILED if code in {OK, PENDING} else code
