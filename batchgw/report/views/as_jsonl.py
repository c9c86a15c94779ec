"""JSON lines: a record a line, each as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from batchgw.model.shape import JSON, record
from batchgw.report.outcomes import outcome_to_json
from batchgw.report.records import (
    header_to_json,
    limit_to_json,
    run_to_json,
    shown_item_to_json,
    totals_to_json,
)
from batchgw.report.runs.deployments import ShownDeployment
from batchgw.report.views.as_json import compact
from batchgw.report.views.interface import CheckedPolicy, RunReport, View

if TYPE_CHECKING:  # SQLAlchemy and pydantic are behind these
    from batchgw.journal import Limit, RunRecord
    from batchgw.policy.meaning.explain import Explanation
    from batchgw.policy.presets.index import PresetInfo
    from batchgw.report.discovered import Discovered
    from batchgw.report.plan_report import PlanReport
    from batchgw.report.runs.difference import RunDifference
    from batchgw.report.runs.pruning import Pruning


class JsonLinesView(View):
    """Shows a JSON object a line."""

    async def apis(self, found: Discovered) -> None:
        """Show a line an API, as `--targets` reads them. Lines with a `kind` are about something else."""
        async for api in found:
            self._line(found.api(api))
        self._lines(found.rest())
        self.out.flush()

    async def plan(self, plan: PlanReport) -> None:
        """Show what a plan file has, and what else there is to know of the plan after them."""
        self._line(header_to_json(plan.plan))
        async for item in plan.items():
            self._line(shown_item_to_json(item))
        self._line({"kind": "totals", **totals_to_json(plan.plan.totals)})
        self._line({"kind": "estimate", **plan.estimate.to_json()})
        self._line({"kind": "customised", **plan.fold.customised.to_json()})
        self._line({"kind": "extent", **plan.extent_to_json()})
        self._line({"kind": "verdict", **plan.verdict})
        if plan.not_live:
            self._line({"kind": "not-live", "message": plan.not_live})
        self.out.flush()

    async def review(self, plan: PlanReport) -> None:
        """Show the same."""
        await self.plan(plan)

    async def summary(self, report: RunReport) -> None:
        """Show every outcome, and the summary last."""
        async for outcome in report.outcomes:
            self._line(outcome_to_json(outcome))
        self._line({"kind": "summary", **report.summary_to_json()})
        self.out.flush()

    def runs(self, runs: Sequence[RunRecord]) -> None:
        """Show a line a run."""
        self._lines(run_to_json(run) for run in runs)

    async def run(self, run: RunRecord, report: RunReport) -> None:  # noqa: ARG002 - the summary names it
        """Show its outcomes and its summary."""
        await self.summary(report)

    async def difference(self, found: RunDifference) -> None:
        """Show a line of counts, then a line for each API and account-region that differs."""
        self._line({"kind": "difference", **found.to_json()})
        async for row in found.rows():
            self._line(row.to_json())
        self.out.flush()

    def pruning(self, found: Pruning) -> None:
        """Show a line a run."""
        self._lines(record(each) for each in found.to_json())

    def deployments(self, found: Sequence[ShownDeployment]) -> None:
        """Show a line a deployment."""
        self._lines(each.to_json() for each in found)

    def limits(self, limits: Sequence[Limit], now: float) -> None:
        """Show a line a quota."""
        self._lines(limit_to_json(limit, now) for limit in limits)

    def policies(self, checked: Iterable[CheckedPolicy]) -> None:
        """Show a line a problem."""
        self._lines(asdict(problem) for each in checked for problem in each.problems)

    def explanation(self, explanation: Explanation) -> None:
        """Show an object a response type."""
        for each in explanation.types:
            self.out.text(compact({"api": str(explanation.api), **each.to_json()}))
        self.out.flush()

    def presets(self, presets: Sequence[PresetInfo]) -> None:
        """Show a line a preset."""
        self._lines(preset.to_json() for preset in presets)

    def schema(self, schema: JSON) -> None:
        """Show the schema on one line."""
        self.out.text(compact(schema))

    def version(self, version: str) -> None:
        """Show an object."""
        self._line({"batchgw": version})

    def _lines(self, records: Iterable[Mapping[str, JSON]]) -> None:
        for each in records:
            self._line(each)
        self.out.flush()

    def _line(self, record: Mapping[str, JSON]) -> None:
        self.out.text(compact(record))
