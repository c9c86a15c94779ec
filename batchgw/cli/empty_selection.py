"""A selection that matches nothing: refused before anything is written, unless the user accepts it."""

from __future__ import annotations

from batchgw.errors import NothingSelected
from batchgw.planning.plan_file.plan import Plan

_SHOWN = 20


def refuse_empty_selection(plan: Plan) -> None:
    """Raise NothingSelected: a selector of the plan, or all of its selection, matches no API."""
    sentences = plan.totals.nothing
    named = [f"  {sentence}" for sentence in sentences[:_SHOWN]]
    if len(sentences) > _SHOWN:
        named.append(f"  and {len(sentences) - _SHOWN:,} more")
    raise NothingSelected(
        "some of what was selected does not exist, so nothing was written:\n"
        + "\n".join(named)
        + "\nCorrect it, or accept it with --allow-empty (BATCHGW_ALLOW_EMPTY=true)."
    )
