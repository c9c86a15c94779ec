"""Two lanes over HTTP: contestants side by side, in accounts of their own, judged by the server's log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchgw.model import ResponseType
from benchmarks.harness import http
from benchmarks.harness.calls import OK, REFUSED, LoggedCall
from benchmarks.harness.contest import Contest, Entrant, Heat, Result
from benchmarks.harness.results import Row, Value
from benchmarks.harness.served import serving
from benchmarks.lanes.bound import Task
from benchmarks.lanes.pipelines import SETTINGS
from benchmarks.lanes.virtual import MEDIAN, P99

DEPLOY = "CreateDeployment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """What came of a contest: a row each, and how busy the server was."""

    rows: tuple[Row, ...]
    results: tuple[Result, ...]
    heats: tuple[Heat, ...]


def compete(task: Task, entrants: Sequence[Entrant], *, patience: float) -> Contested:
    """Let all of them run side by side; `patience` is the seconds each may take."""
    options = http.world(
        accounts=len(entrants) + 1,
        regions=1,
        apis=task.apis,
        quota_scale=task.scale,
        latency=MEDIAN / task.scale,
        latency_p99=P99 / task.scale,
    )
    types = [kind.value for kind in list(ResponseType)[: task.puts]]
    with serving(options) as server:
        contest = Contest(
            server=server,
            response_type=types[0],
            put=SETTINGS.to_json(),
            rate=task.total.rate,
            burst=task.total.burst,
            together=len(entrants),
            patience=patience,
        )
        results = contest.run([_told(entrant, types, task) for entrant in entrants])
        rows = tuple(_row(result, task, _unfinished(contest, result, types)) for result in results)
    return Contested(rows=rows, results=tuple(results), heats=tuple(contest.heats))


def _told(entrant: Entrant, types: list[str], task: Task) -> Entrant:
    """An entrant that knows what to put, and the quota of deployments."""
    quota = (task.deployments.rate, task.deployments.burst)
    return Entrant(
        label=entrant.label,
        peer=entrant.peer,
        options={"types": types, "deployments": quota, **entrant.options},
        goals=entrant.goals,
    )


def _unfinished(contest: Contest, result: Result, types: list[str]) -> int:
    """APIs of which not every response is as asked, or that were not deployed after the last of them."""
    calls = [call for call in result.calls if call.outcome == OK]
    accounts = sorted({call.account for call in calls})
    if not accounts:  # nothing was made at all
        return len(contest.server.apis[contest.server.accounts[0]][contest.server.regions[0]])
    unfinished = _undeployed(calls, contest.server.apis[accounts[0]][contest.server.regions[0]])
    for kind in types:
        seen = contest.server.seen(accounts, since=0.0, response_type=kind, put=contest.put)
        unfinished |= {place.rpartition("/")[2] for place in seen.wrong}
    return len(unfinished)


def _undeployed(calls: Sequence[LoggedCall], apis: Sequence[str]) -> set[str]:
    """APIs without exactly one deployment, or with one that came before the last of its puts was answered."""
    found = set()
    for api in apis:
        own = [call for call in calls if call.api == api]
        deployed = [call.arrived for call in own if call.operation == DEPLOY]
        put = max((call.left for call in own if call.operation != DEPLOY), default=0.0)
        if len(deployed) != 1 or deployed[0] < put:
            found.add(api)
    return found


def _row(result: Result, task: Task, unfinished: int) -> Row:
    process, entrant = result.process, result.entrant
    if process is None:
        return Row(name=entrant.label, goals=entrant.goals, skipped=result.skipped or "not run")
    ends = [call.left for call in result.calls if call.outcome == OK]
    seconds = max(ends) - min(call.arrived for call in result.calls) if ends else None
    values: dict[str, Value] = {
        "seconds": None if seconds is None else round(seconds, 2),
        "ratio": None if seconds is None else round(seconds / task.bound, 4),
        "calls": len(result.calls),
        "refused": sum(call.outcome == REFUSED for call in result.calls),
        "given_up": None if process.report is None else process.report.given_up.total(),
        "unfinished": unfinished,
    }
    return Row(name=entrant.label, values=values, goals=entrant.goals, failed=process.failed)
