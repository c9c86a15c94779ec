"""What the sections over HTTP share: the task, the server, and rows made of results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from batchgw.simulator.over_http.options import ServeOptions
from benchmarks.harness.contest import Contest, Entrant, Heat, Result
from benchmarks.harness.results import Column, Row, Value
from benchmarks.harness.traces import Figures, Trace, trace

RESPONSE_TYPE = "DEFAULT_4XX"

PUT: Mapping[str, Any] = {
    "responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    "responseTemplates": {
        "application/json": '{"message":$context.error.messageString,"requestId":"$context.requestId"}'
    },
}
"""What every contestant puts on every API: no API of the generated world has it before."""

LONGEST = 1_200.0
"""Seconds after which a server stops by itself."""

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


def world(*, accounts: int, regions: int, apis: int, **options: Any) -> ServeOptions:
    """A world of `apis` REST APIs in each of so many accounts, one of them the managing one, and regions."""
    return ServeOptions(
        accounts=accounts,
        regions=regions,
        apis=apis * accounts * regions,
        max_seconds=LONGEST,
        **options,
    )


def contest(server: Any, **options: Any) -> Contest:
    """A contest for the task."""
    return Contest(server=server, response_type=RESPONSE_TYPE, put=PUT, **options)


def row(result: Result, *, limit: float) -> Row:
    """What is told of a result. `limit` is the shortest time possible, in seconds."""
    entrant, process = result.entrant, result.process
    if result.skipped is not None or process is None:
        return Row(name=entrant.label, goals=entrant.goals, skipped=result.skipped or "not run")
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
    return Row(name=entrant.label, values=values, goals=entrant.goals, failed=process.failed)


def traces(
    results: Iterable[Result], *, rate: float, step: float, chosen: Callable[[Entrant], bool] = lambda _: True
) -> list[Trace]:
    """The traces of what ran."""
    return [
        trace(result.entrant.label, result.calls, quota=[(0.0, rate)], puts=result.puts, step=step)
        for result in results
        if result.calls and chosen(result.entrant)
    ]


def reasons(results: Sequence[Result]) -> list[str]:
    """For which errors puts were given up, by contestant."""
    told = []
    for result in results:
        report = result.process.report if result.process else None
        if report is not None and report.given_up:
            counts = ", ".join(f"{count:,} x {code}" for code, count in report.given_up.most_common())
            told.append(f"{result.entrant.label} gave up {counts}.")
    return told


def undisturbed(heats: Sequence[Heat]) -> str:
    """Whether those who ran side by side could disturb one another: the server's load, as measured."""
    busiest = max(heat.share for heat in heats)
    latest = max(heat.late for heat in heats)
    most = max(len(heat.labels) for heat in heats)
    together = f"At most {most} contestants ran side by side, in accounts of their own. " if most > 1 else ""
    return (
        f"{together}The server used at most {busiest:.0%} of a core, and its event loop was never more than "
        f"{latest * 1e3:.0f} ms late."
    )
