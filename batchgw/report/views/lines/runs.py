"""Runs of the journal, as a table and one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from batchgw.model.shape import JSON
from batchgw.report.records import NOT_BEGUN, state_of
from batchgw.report.views.text import Line, Span, Style, line, table
from batchgw.times import timestamp
from batchgw.wording import amount

if TYPE_CHECKING:  # SQLAlchemy is behind it
    from batchgw.journal import RunRecord

_STATES: dict[str, Style] = {"done": "good", "stopped": "warning", NOT_BEGUN: "dim"}


def run_table(found: Sequence[RunRecord]) -> list[Line]:
    """Lay out a row a run."""
    if not found:
        return []
    head = ["run", "started", "verb", "state", "expected", "applied", "unchanged", "failed", "left", "policy"]
    rows: list[list[str | Span]] = [
        [
            run.id,
            timestamp(run.started),
            run.verb if run.parent is None else f"{run.verb} of {run.parent}",
            _state(run),
            *_figures(run),
            run.policy_source,
        ]
        for run in found
    ]
    return table(head, rows, right=range(4, 9), indent="")


def _state(run: RunRecord) -> Span:
    state = state_of(run)
    return Span(state, _STATES.get(state, ""))


def _figures(run: RunRecord) -> list[str]:
    of = run.totals
    return [f"{n:,}" for n in (of.expected, of.applied, of.unchanged, of.failed, of.left)]


def run_lines(run: RunRecord) -> Iterator[Line]:
    """Say what a run was, by whom, and with which options."""
    if run.parent is not None:
        yield line(f"back      it takes back run {run.parent}")
    yield line(f"started   {timestamp(run.started)}")
    yield line(f"finished  {timestamp(run.finished) if run.finished else '-'}")
    yield line("state     ", _state(run))
    yield line(f"policy    {run.policy_source}, digest {run.policy_digest[:12]}")
    yield line(f"by        {run.holder}, batchgw {run.version}")
    yield line(f"identity  {run.visible_options.get('identity') or 'was not asked'}")
    label = "options"
    for name, value in run.visible_options.items():
        if name != "identity":
            yield line(f"{label:<10}", Span(f"{name} = {option_text(name, value)}", "dim"))
            label = ""
    yield line()


def option_text(name: str, value: JSON) -> str:
    """Say the value of an option."""
    return _counted(value) if name == "organization_accounts" else _said(value)


def _counted(accounts: JSON) -> str:
    """Count the accounts of an organisation: it may have thousands."""
    return f"{amount(len(accounts) if isinstance(accounts, list) else 0, 'account')}; --output json has all"


def _said(value: JSON) -> str:
    """Say a value as it would be given to a flag; what has parts within parts, as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and all(isinstance(part, str) for part in value):
        return ", ".join(map(str, value))
    return json.dumps(value)
