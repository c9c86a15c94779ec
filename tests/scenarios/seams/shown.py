"""What the views show of a plan and of a run's end, as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from batchgw.concurrency.stop import StopSignal
from batchgw.model import Outcome
from batchgw.planning.estimate import estimate
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.plan_report import PlanReport
from batchgw.report.summary import Summary
from batchgw.report.views.forms import view_of
from batchgw.report.views.interface import RunReport, Subject
from batchgw.report.views.text import Line, plain


class Collected:
    """Where a view writes, for a test to read."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def text(self, text: str) -> None:
        self.shown.append(text)

    def data(self, lines: Iterable[Line]) -> None:
        self.shown += map(plain, lines)

    def note(self, *lines: Line) -> None:
        self.data(lines)

    def tell(self, *lines: Line) -> None:
        self.data(lines)

    def flush(self) -> None:
        return


async def shown(form: str, subject: Subject, plan: Plan) -> str:
    out = Collected()
    report = PlanReport(
        plan=plan, estimate=estimate(plan.totals), estimated=estimate, exit_code=2, stop=StopSignal()
    )
    view = view_of(form, subject, out)
    await (view.review(report) if subject == "review" else view.plan(report))
    return "\n".join(out.shown)


async def ended(form: str, summary: Summary, outcomes: Iterable[Outcome]) -> str:
    async def each() -> AsyncIterator[Outcome]:
        for outcome in outcomes:
            yield outcome

    out = Collected()
    await view_of(form, "summary", out).summary(
        RunReport(summary=summary, outcomes=each(), journal="journal.db")
    )
    return "\n".join(out.shown)
