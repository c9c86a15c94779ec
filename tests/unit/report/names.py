"""A form of output that is as small as one can be: a name a line. It proves that a form is one file."""

from __future__ import annotations

from collections.abc import Sequence

from batchgw.journal import RunRecord
from batchgw.model import PlannedApi
from batchgw.report.discovered import Discovered
from batchgw.report.plan_report import PlanReport
from batchgw.report.views.forms import Form
from batchgw.report.views.interface import RunReport, View

FORM = Form("tests.unit.report.names:NamesView", frozenset({"apis", "plan", "summary", "runs"}))


class NamesView(View):
    """Shows names."""

    async def apis(self, found: Discovered) -> None:
        """The APIs that were found."""
        async for api in found:
            self.out.text(str(api))
        self.out.flush()

    async def plan(self, plan: PlanReport) -> None:
        """The APIs that are to be changed."""
        async for item in plan.items():
            if isinstance(item, PlannedApi) and item.pending:
                self.out.text(str(item.api))
        self.out.flush()

    async def summary(self, report: RunReport) -> None:
        """The APIs that were written to, once a change, and the run."""
        async for outcome in report.outcomes:
            self.out.text(str(outcome.api))
        self.out.text(report.summary.run)
        self.out.flush()

    def runs(self, runs: Sequence[RunRecord]) -> None:
        """The ids of the runs."""
        for run in runs:
            self.out.text(run.id)
