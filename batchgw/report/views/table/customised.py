"""What a plan does to types that APIs customised themselves, as lines."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model.response_change import response_type
from batchgw.planning.coverage import header_names
from batchgw.report.customised_counts import CustomisedCounts
from batchgw.report.views.text import Line, Span, line
from batchgw.wording import amount


def customised_lines(counts: CustomisedCounts) -> Iterator[Line]:
    """Render the counts; no lines where there is nothing to say."""
    if counts.changes:
        are = "is to a type" if counts.changes == 1 else "are to types"
        yield line()
        yield line(
            f"{amount(counts.changes, 'change')} in {amount(counts.apis, 'API')} {are} that an API customised"
            " itself."
        )
        yield line("  `wherever_customised` and most presets change those, too;")
        yield line("  with `types: [DEFAULT_4XX, DEFAULT_5XX]` a preset leaves them alone.")
    if counts.uncovered:
        yield line()
        yield line(
            Span("Not covered: ", "warning"),
            "some APIs customise types themselves, and those lack headers that this policy sets.",
        )
        for t, count in counts.by_target():
            names = ", ".join(header_names(response_type(t), counts.desired))
            yield line(f"  {t} in {amount(count, 'API')}: {names}")
        yield line("  Presets with `types: [DEFAULT_4XX, DEFAULT_5XX, customised]` cover them, and so does")
        yield line("  `wherever_customised`.")
