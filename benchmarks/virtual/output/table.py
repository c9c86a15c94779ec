"""One row of the table from many runs: means over the seeds, and the smallest and the largest value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import fmean

from benchmarks.harness.results import Column, Row, Value, cell
from benchmarks.virtual.parallel import Done
from benchmarks.virtual.run import Measured
from benchmarks.virtual.worlds.scenario import Scenario

COLUMNS = (
    Column(key="limit", label="limit s", format=",.1f"),
    Column(key="ratio", label="ratio", format=".4f"),
    Column(key="ratios", label="from-to"),
    Column(key="refused", label="refused", format=".2%"),
    Column(key="refusals", label="from-to %"),
    Column(key="theirs", label="neighbour refused", format=".2%"),
    Column(key="their_refusals", label="from-to %"),
    Column(key="their_lost", label="neighbour lost", format=".2%"),
    Column(key="attempts", label="attempts"),
    Column(key="given_up", label="given up"),
    Column(key="wrong", label="wrong"),
)
"""`ratio` is makespan / limit, `their_lost` the share of its calls that the neighbour gave up.

`attempts` is the largest number of one call, `given_up` the number of puts that were given up.
"""


def row(scenario: Scenario, calls: int, done: Sequence[Done], *, peer: str = "") -> Row:
    """One scenario at one size, by batchgw or a peer. The order in which the runs ended does not matter."""
    name = f"  {peer}" if peer else f"{scenario.title}; {calls:,}"
    goals = {} if peer else scenario.goals.get(calls, {})
    runs = sorted((d.measured for d in done if d.measured is not None), key=lambda run: run.seed)
    failures = [f"seed {run.seed}: {run.failure}" for run in runs if run.failure is not None]
    failures += [f"seed {each.job.seed}: {each.hung}" for each in done if each.hung is not None]
    return Row(
        name=name,
        values=_values(runs) if runs else {},
        goals=goals,
        failed=_summary(failures, len(done)) if failures else None,
    )


def goals_in_words(rows: Sequence[Row]) -> Iterator[str]:
    """Every goal beside the figure that was measured, one line for each row."""
    formats = {column.key: column for column in COLUMNS}
    for each in rows:
        parts = []
        for key, goal in each.goals.items():
            value, column = each.values.get(key), formats[key]
            figure = "-" if value is None else cell(value, column)
            met = "MISSED" if key in each.missed() else "met"
            parts.append(f"{column.label} {figure} of {cell(goal, column)} {met}")
        if parts:
            yield f"{each.name}: {'; '.join(parts)}."


def _values(runs: Sequence[Measured]) -> dict[str, Value]:
    values: dict[str, Value] = {"limit": fmean(run.limit for run in runs)}
    values |= _spread(runs, "ratio", "ratios", lambda run: run.ratio, ".3f")
    values |= _spread(runs, "refused", "refusals", lambda run: run.refused_share, ".1f")
    if any(run.theirs for run in runs):
        values |= _spread(runs, "theirs", "their_refusals", lambda run: run.their_refused_share, ".1f")
        values |= {"their_lost": fmean(run.their_lost_share for run in runs)}
    return values | {
        "attempts": max(run.attempts for run in runs),
        "given_up": sum(run.given_up for run in runs),
        "wrong": sum(run.wrong for run in runs),
    }


def _spread(
    runs: Sequence[Measured], mean: str, span: str, of: Callable[[Measured], float], form: str
) -> dict[str, Value]:
    """The mean of a figure, and its smallest and largest value; a share in percent."""
    all_of = [of(run) for run in runs]
    scale = 1 if mean == "ratio" else 100
    least, most = min(all_of) * scale, max(all_of) * scale
    return {mean: fmean(all_of), span: f"{least:{form}}-{most:{form}}"}


def _summary(failures: Sequence[str], runs: int) -> str:
    return f"{len(failures)} of {runs} runs; {failures[0]}"
