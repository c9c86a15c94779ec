"""The question before the first write. Where nobody can answer it, --yes is needed."""

from __future__ import annotations

import sys

import anyio

from batchgw.cli.output.console import Console
from batchgw.cli.signals import Interrupts
from batchgw.errors import NotConfirmed, UsageError
from batchgw.model import Action
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.kinds import KINDS
from batchgw.planning.totals import PlanTotals
from batchgw.report.plan_fold import PlanFold
from batchgw.report.views.text import Span, line
from batchgw.wording import amount

ACCEPTED = "yes"


def refuse_unasked(console: Console, shows: str = "`batchgw plan` shows what would be written.") -> None:
    """Raise UsageError where nobody can be asked, so that the user learns it before the plan is made.

    `shows` says how to see what would be done.
    """
    if not console.interactive:
        raise UsageError(
            "nobody can be asked, since this is not a terminal: nothing was written. Give --yes (or "
            f"BATCHGW_YES=1) to write without asking. {shows}"
        )


def question(fold: PlanFold, totals: PlanTotals) -> str:
    """Ask whether to make a plan's changes."""
    total, stages = totals.total, fold.counted(STAGE, Action.UPDATE)
    apis = amount(total.changed_apis, "REST API")
    live, changes = amount(stages, KINDS[STAGE].counted), total.writes - stages
    where = amount(sum(counts.writes > 0 for counts in totals.scopes.values()), "account-region")
    if not stages:
        return f"Make {amount(changes, 'change')} to {apis} in {where}?"
    if not changes:
        return f"Make {live} of {apis} live, in {where}?"
    return f"Make {amount(changes, 'change')} to {apis}, and {live} live, in {where}?"


async def confirm(question: str, *, console: Console, interrupts: Interrupts) -> None:
    """Return when the user agrees. Raises NotConfirmed when they do not."""
    answer: str | None = None
    with console.question():
        console.tell(line(), line(Span(question, "bold")), line("  Only 'yes' will be accepted."), line())
        console.ask("  Enter a value: ")
        try:
            with interrupts.question():
                answer = await _typed_line()
        finally:
            if answer is None:
                console.ask("\n")  # the answer came by a signal, or from elsewhere, and ended no line
    if answer.strip() != ACCEPTED:
        raise NotConfirmed("not confirmed, nothing was written.")


async def _typed_line() -> str:
    """Read a line from the terminal. A signal can end the wait, since the event loop goes on."""
    await anyio.wait_readable(sys.stdin)
    try:
        return sys.stdin.readline()
    except OSError:  # the terminal hung up: nobody agreed
        return ""
