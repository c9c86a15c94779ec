"""Tables: what people read at a terminal. What is long is folded; `--output json` has all of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import anyio.lowlevel

from batchgw.model.shape import JSON
from batchgw.report.runs.deployments import ShownDeployment
from batchgw.report.views.interface import CheckedPolicy, RunReport, View
from batchgw.report.views.lines.limits import limit_table
from batchgw.report.views.lines.presets import preset_lines
from batchgw.report.views.lines.problems import problem_line
from batchgw.report.views.lines.runs import run_lines, run_table
from batchgw.report.views.text import Line, Span, line, shorten, table
from batchgw.times import timestamp
from batchgw.wording import amount

if TYPE_CHECKING:  # SQLAlchemy and pydantic are behind these
    from batchgw.discovery.estate import Estate
    from batchgw.journal import Limit, RunRecord
    from batchgw.model import RestApi
    from batchgw.policy.meaning.explain import Explanation
    from batchgw.policy.presets.index import PresetInfo
    from batchgw.report.discovered import Discovered
    from batchgw.report.plan_report import PlanReport
    from batchgw.report.runs.difference import RunDifference
    from batchgw.report.runs.pruning import Pruning


_ENDPOINT = len("REGIONAL")
"""Cells of the longest kind of endpoint."""

_BY_AWS = "aws:"
"""Keys of tags that nobody but AWS sets begin with it (tagging user guide)."""


class TableView(View):
    """Shows tables and sentences."""

    names_missing = True

    async def apis(self, found: Discovered) -> None:
        """Show a line an API as it comes: in columns of fixed width, since the widest comes perhaps last."""
        async for api in found:
            self.out.data([_api_line(api, _stages_of(api, found.estate))])
        self.out.flush()

    async def plan(self, plan: PlanReport) -> None:
        """Show a screenful, whatever the size of the plan."""
        from batchgw.report.views.lines.plan import PlanScreen  # noqa: PLC0415 - only plans need it

        await plan.read()
        await anyio.lowlevel.checkpoint()  # to lay out a screenful takes ten milliseconds
        self.out.data(PlanScreen.of(plan).lines())
        if plan.not_live:
            self._remark(plan.not_live)
        self.out.flush()

    async def summary(self, report: RunReport) -> None:
        """Show the outcomes by scope, and the reasons."""
        from batchgw.report.views.lines.summary import summary_lines  # noqa: PLC0415 - SQLAlchemy is behind it

        self.out.data(summary_lines(report.summary))
        if report.summary.taken_back is not None:
            self.out.data([line(), *summary_lines(report.summary.taken_back)])
        self.out.note(line(Span(f"Journal: {report.journal}", "dim")))
        if report.summary.not_live:
            self._remark(report.summary.not_live)
        self.out.flush()

    def runs(self, runs: Sequence[RunRecord]) -> None:
        """Show a row a run."""
        self.out.data(run_table(runs))

    async def run(self, run: RunRecord, report: RunReport) -> None:
        """Show what it was, then how it ended."""
        self.out.data(run_lines(run))
        if report.rollout is not None:
            from batchgw.report.views.lines.rollout import rollout_lines  # noqa: PLC0415 - few runs have waves

            self.out.data(rollout_lines(report.rollout))
        await self.summary(report)

    async def difference(self, found: RunDifference) -> None:
        """Show the counts, then a line a target, by scope and API."""
        from batchgw.report.views.lines.journal.difference import counted_lines, row_lines  # noqa: PLC0415 - rare

        self.out.data(counted_lines(found))
        async for row in found.rows():
            self.out.data(row_lines(row))
        self.out.flush()

    def pruning(self, found: Pruning) -> None:
        """Show a row a run."""
        from batchgw.report.views.lines.journal.pruning import pruning_lines  # noqa: PLC0415 - rare

        self.out.data(pruning_lines(found))
        self.out.flush()

    def deployments(self, found: Sequence[ShownDeployment]) -> None:
        """Show a row a deployment."""
        rows: list[list[str | Span]] = [
            [
                str(each.api),
                each.id,
                each.description,
                each.when or "",
                Span("delete", "remove") if each.kept is None else Span(f"kept: {each.kept}", "dim"),
            ]
            for each in found
        ]
        if rows:
            self.out.data(table(["api", "deployment", "description", "created", ""], rows, indent=""))
        self.out.flush()

    def limits(self, limits: Sequence[Limit], now: float) -> None:
        """Show a row a quota."""
        self.out.data(limit_table(limits, now))

    def policies(self, checked: Iterable[CheckedPolicy]) -> None:
        """Show a line a valid file as data, and problems as remarks."""
        for each in checked:
            self.out.flush()
            if each.content is None:
                self.out.tell(*each.refusal)
                continue
            self.out.tell(*map(problem_line, each.problems))
            warnings = f", {amount(len(each.problems), 'warning')}" if each.problems else ""
            valid = line(f"{each.name}: ", Span("valid", "good"), f", {each.content}{warnings}")
            self.out.data([valid])

    def explanation(self, explanation: Explanation) -> None:
        """Show what matches, and each value with the line that decided it."""
        from batchgw.report.views.lines.explanation import explanation_lines  # noqa: PLC0415 - rarely shown

        self.out.data(explanation_lines(explanation))
        self.out.flush()

    def presets(self, presets: Sequence[PresetInfo]) -> None:
        """Show a paragraph a preset."""
        for preset in presets:
            self.out.data(preset_lines(preset))

    def schema(self, schema: JSON) -> None:
        """Show the schema as a JSON document: it has no table."""
        self.out.text(json.dumps(schema, indent=2))

    def version(self, version: str) -> None:
        """Show name and version."""
        self.out.data([line(f"batchgw {version}")])

    def _remark(self, text: str) -> None:
        """Say what is true of every run alike.

        `--quiet` leaves it out, so that a scheduled job in which all is well tells nothing on stderr.
        The forms for machines always have it, as data.
        """
        self.out.note(line(Span(text, "dim")))


def _stages_of(api: RestApi, estate: Estate) -> str:
    """Name an API's stages; nothing where nobody asked for them."""
    if (api.scope, api.id) in estate.unread_stages:
        return "stages: not read"
    stages = estate.stages.get((api.scope, api.id))
    return "" if stages is None else f"stages: {', '.join(stages) or 'none'}"


def _api_line(api: RestApi, stages: str) -> Line:
    """Render an API: its name, what kind of endpoint it has, its age, its owner, its stages, its tags.

    The tags that AWS sets are left out: they are long, and say no more than the owner does.
    """
    more = [
        f"{','.join(api.endpoint_types):<{_ENDPOINT}}",
        "" if api.created is None else timestamp(api.created)[:10],
        "" if api.owner is None else f"[{api.owner}]",
        stages,
        " ".join(f"{key}={value}" for key, value in api.tags.items() if not key.startswith(_BY_AWS)),
    ]
    shown = "  ".join(each for each in more if each.strip())
    name = f"  {shorten(api.name, 40):<40}" if api.name or shown else ""
    return line(f"{api!s:<40}", name, Span(f"  {shown.rstrip()}" if shown else "", "dim"))
