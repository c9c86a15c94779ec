"""JSON: one document. What is long is written as it comes, an element a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import chain, repeat
from typing import TYPE_CHECKING

from batchgw.model.shape import JSON
from batchgw.report.records import (
    header_to_json,
    limit_to_json,
    run_to_json,
    shown_item_to_json,
    totals_to_json,
)
from batchgw.report.runs.deployments import ShownDeployment
from batchgw.report.views.interface import CheckedPolicy, RunReport, View

if TYPE_CHECKING:  # SQLAlchemy and pydantic are behind these
    from batchgw.journal import Limit, RunRecord
    from batchgw.policy.meaning.explain import Explanation
    from batchgw.policy.presets.index import PresetInfo
    from batchgw.report.discovered import Discovered
    from batchgw.report.plan_report import PlanReport
    from batchgw.report.runs.difference import RunDifference
    from batchgw.report.runs.pruning import Pruning


def compact(value: JSON) -> str:
    """Write a value on one line; ASCII only, so that no name can steer a terminal."""
    return json.dumps(value, separators=(",", ":"))


class JsonView(View):
    """Shows one JSON document."""

    one_document = True

    async def apis(self, found: Discovered) -> None:
        """Show an array: the APIs, and then what has a `kind`, such as accounts of the organisation."""
        first = True
        async for api in found:
            self.out.text("[" if first else ",")
            self.out.text(compact(found.api(api)))
            first = False
        for record in found.rest():
            self.out.text("[" if first else ",")
            self.out.text(compact(record))
            first = False
        self.out.text("[]" if first else "]")
        self.out.flush()

    async def plan(self, plan: PlanReport) -> None:
        """Show an object: the header, `items`, and then the totals and the verdict."""
        self.out.text(f'{{"header":{compact(header_to_json(plan.plan))},\n"items":[')
        separators = chain([""], repeat(","))
        async for item in plan.items():
            self.out.text(next(separators) + compact(shown_item_to_json(item)))
        closing = {
            "totals": totals_to_json(plan.plan.totals),
            "estimate": plan.estimate.to_json(),
            "customised": plan.fold.customised.to_json(),
            **plan.extent_to_json(),
            "not_live": plan.not_live,
            **plan.verdict,
        }
        self.out.text("]," + compact(closing)[1:])
        self.out.flush()

    async def review(self, plan: PlanReport) -> None:
        """Show the same."""
        await self.plan(plan)

    async def summary(self, report: RunReport) -> None:
        """Show the summary; its outcomes are in `--output jsonl`."""
        self._document(report.summary_to_json())

    def runs(self, runs: Sequence[RunRecord]) -> None:
        """Show an array."""
        self._document([run_to_json(run) for run in runs])

    async def run(self, run: RunRecord, report: RunReport) -> None:
        """Show the run with its summary."""
        rollout = {} if report.rollout is None else {"rollout": report.rollout.to_json()}
        self._document({**run_to_json(run), **rollout, "summary": report.summary.to_json()})

    async def difference(self, found: RunDifference) -> None:
        """Show an object: counts, and the `rows` that differ."""
        self.out.text(compact(found.to_json())[:-1] + ',"rows":[')
        separators = chain([""], repeat(","))
        async for row in found.rows():
            self.out.text(next(separators) + compact(row.to_json()))
        self.out.text("]}")
        self.out.flush()

    def pruning(self, found: Pruning) -> None:
        """Show an array."""
        self._document(found.to_json())

    def deployments(self, found: Sequence[ShownDeployment]) -> None:
        """Show an array."""
        self._document([each.to_json() for each in found])

    def limits(self, limits: Sequence[Limit], now: float) -> None:
        """Show an array."""
        self._document([limit_to_json(limit, now) for limit in limits])

    def policies(self, checked: Iterable[CheckedPolicy]) -> None:
        """Show an array of all problems."""
        self._document([asdict(problem) for each in checked for problem in each.problems])

    def explanation(self, explanation: Explanation) -> None:
        """Show one object."""
        self.out.text(compact(explanation.to_json()))
        self.out.flush()

    def presets(self, presets: Sequence[PresetInfo]) -> None:
        """Show an array."""
        self._document([preset.to_json() for preset in presets])

    def schema(self, schema: JSON) -> None:
        """Show the schema."""
        self._document(schema)

    def version(self, version: str) -> None:
        """Show an object."""
        self.out.text(compact({"batchgw": version}))

    def _document(self, value: JSON) -> None:
        self.out.text(json.dumps(value, indent=2))
        self.out.flush()
