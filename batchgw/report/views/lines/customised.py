"""What a plan does to targets that APIs have set themselves, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from batchgw.report.customised_counts import CustomisedCounts
from batchgw.report.views.text import Line, Span, line
from batchgw.wording import amount


def customised_lines(counts: CustomisedCounts) -> Iterator[Line]:
    """Render the counts; no lines where there is nothing to say."""
    for first, *rest in counts.remarks():
        yield line()
        yield line(first)
        yield from (line(f"  {each}") for each in rest)
    for _, group in groupby(counts.gaps(), key=lambda each: each.target.kind):
        uncovered = list(group)
        yield line()
        yield line(Span("Not covered: ", "warning"), uncovered[0].gap.meaning)
        for each in uncovered:
            names = ", ".join(each.gap.lacks)
            yield line(f"  {each.target} in {amount(each.apis, 'API')}" + (f": {names}" if names else ""))
        yield from (line(f"  {each}") for each in uncovered[0].gap.remedy)
