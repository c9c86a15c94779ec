"""A plan API by API as Markdown, for a review. Changes are fenced: nothing in them is taken for markup."""

from __future__ import annotations

from batchgw.model import SkippedScope
from batchgw.report.plan_report import PlanReport
from batchgw.report.views.as_text import facts, item_lines, remarks, total_of
from batchgw.report.views.interface import View
from batchgw.report.views.text import line, plain


class MarkdownView(View):
    """Shows a saved plan as Markdown."""

    async def review(self, plan: PlanReport) -> None:
        """Show what the text form shows, the sum first."""
        self.out.data([line(f"# Plan {plan.plan.header.plan}"), line()])
        self.out.data(line(f"- {name}: {_code(value)}") for name, value in facts(plan.plan))
        self.out.data([line(), line(f"**{total_of(plan.plan)}**")])
        async for item in plan.items():
            if isinstance(item, SkippedScope):
                continue  # told at the end, by reason
            head, *rest = item_lines(item, plan.plan.variants)
            shown = [plain(line(each)) for each in rest]
            fence = "`" * max(3, 1 + max((_longest_run(each) for each in shown), default=0))
            self.out.data([line(), line(f"## {_code(head)}"), line(), line(f"{fence}diff")])
            self.out.data([*(line(each) for each in shown), line(fence)])
        self.out.data([line(), *(line(f"- {_code(plain(each))}") for each in remarks(plan))])
        self.out.flush()


def _code(value: str) -> str:
    """Quote as code, with more backticks than the value has in a row."""
    shown = plain(line(value))
    ticks = "`" * (_longest_run(shown) + 1)
    pad = " " if "`" in shown else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _longest_run(value: str) -> int:
    longest = run = 0
    for character in value:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
