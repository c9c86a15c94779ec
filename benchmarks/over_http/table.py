"""Rows, notes and traces of the sections over HTTP, made of the results of a contest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from benchmarks.harness.results import Column, Row, Value
from benchmarks.over_http.contestant import Contestant, Result, ServerLoad
from benchmarks.over_http.traces import Figures, Trace, trace

RATIO = Column(key="ratio", label="wall / limit", format=".3f")
WALL = Column(key="wall", label="wall s", format=".2f")
CALLS = Column(key="calls", label="calls sent", format=",.0f")
REFUSED = Column(key="refused", label="refused", format=",.0f")
CONFLICTS = Column(key="conflicts", label="conflicts", format=",.0f")
CUT = Column(key="cut", label="cut", format=",.0f")
GIVEN_UP = Column(key="given_up", label="puts given up", format=",.0f")
WRONG = Column(key="wrong", label="APIs not as asked", format=",.0f")
PROCESS = Column(key="process", label="process s", format=".1f")
CPU = Column(key="cpu", label="CPU s", format=".2f")

WALL_IS = (
    "wall: from the arrival of the first call to the answer of the last successful put, by the server's "
    "clock; calls, refusals and the final state are the server's count, too."
)
PROCESS_IS = "process and CPU: of the whole process, its start and imports included."


def row(result: Result, *, limit: float) -> Row:
    """The row of a result. `limit` is the shortest possible time, in seconds."""
    contestant, process = result.contestant, result.process
    if result.skipped is not None or process is None:
        return Row(name=contestant.label, goals=contestant.goals, skipped=result.skipped or "not run")
    figures = Figures.of(result.calls)
    values: dict[str, Value] = {
        "ratio": None if figures.wall is None else round(figures.wall / limit, 4),
        "wall": None if figures.wall is None else round(figures.wall, 3),
        "calls": figures.calls,
        "refused": figures.refused,
        "conflicts": figures.conflicts,
        "cut": figures.cut,
        "given_up": None if process.report is None else process.report.given_up.total(),
        "wrong": len(result.wrong),
        "process": round(process.seconds, 2),
        "cpu": round(process.cpu, 3),
    }
    return Row(name=contestant.label, values=values, goals=contestant.goals, failed=process.failed)


def traces(
    results: Iterable[Result],
    *,
    rate: float,
    step: float,
    chosen: Callable[[Contestant], bool] = lambda _: True,
) -> list[Trace]:
    """The traces of the contestants that ran and that `chosen` selects."""
    return [
        trace(result.contestant.label, result.calls, quota=[(0.0, rate)], puts=result.puts, step=step)
        for result in results
        if result.calls and chosen(result.contestant)
    ]


def reasons(results: Sequence[Result]) -> list[str]:
    """For which errors puts were given up, a sentence for each contestant."""
    sentences = []
    for result in results:
        report = result.process.report if result.process else None
        if report is not None and report.given_up:
            counts = ", ".join(f"{count:,} x {code}" for code, count in report.given_up.most_common())
            sentences.append(f"{result.contestant.label} gave up {counts}.")
    return sentences


def load_in_words(loads: Sequence[ServerLoad]) -> str:
    """The server's load as measured, from which the reader sees whether contestants disturbed each other."""
    busiest = max(load.share for load in loads)
    latest = max(load.late for load in loads)
    most = max(len(load.labels) for load in loads)
    together = (
        f"At most {most} contestants ran at the same time, in accounts of their own. " if most > 1 else ""
    )
    return (
        f"{together}The server used at most {busiest:.0%} of a core, and its event loop was never more than "
        f"{latest * 1e3:.0f} ms late."
    )
