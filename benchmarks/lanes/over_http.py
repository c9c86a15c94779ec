"""Two lanes over HTTP: contestants at the same time, in accounts of their own. The server's log is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchgw.model import ResponseType
from benchmarks.harness.results import Row, Value
from benchmarks.lanes.bound import Task
from benchmarks.lanes.pipelines import SETTINGS
from benchmarks.lanes.virtual import MEDIAN, P99
from benchmarks.over_http.calls import OK, REFUSED, LoggedCall
from benchmarks.over_http.contest import Contest
from benchmarks.over_http.contestant import Contestant, Result, ServerLoad
from benchmarks.over_http.serving import serving
from benchmarks.over_http.task import world

DEPLOY = "CreateDeployment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """The result of a contest: a row for each contestant, and the server's load."""

    rows: tuple[Row, ...]
    results: tuple[Result, ...]
    loads: tuple[ServerLoad, ...]


def compete(task: Task, contestants: Sequence[Contestant], *, patience: float) -> Contested:
    """Run all of them at the same time. Each may take `patience` seconds."""
    options = world(
        accounts=len(contestants) + 1,
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
            together=len(contestants),
            patience=patience,
        )
        results = contest.run([_with_task(contestant, types, task) for contestant in contestants])
        rows = tuple(_row(result, task, _unfinished(contest, result, types)) for result in results)
    return Contested(rows=rows, results=tuple(results), loads=tuple(contest.loads))


def _with_task(contestant: Contestant, types: list[str], task: Task) -> Contestant:
    """The contestant with the types to put, and the quota of deployments, among its options."""
    quota = (task.deployments.rate, task.deployments.burst)
    return Contestant(
        label=contestant.label,
        peer=contestant.peer,
        options={"types": types, "deployments": quota, **contestant.options},
        goals=contestant.goals,
    )


def _unfinished(contest: Contest, result: Result, types: list[str]) -> int:
    """The number of APIs with a response that is not as asked, or without a deployment after the last put."""
    calls = [call for call in result.calls if call.outcome == OK]
    accounts = sorted({call.account for call in calls})
    if not accounts:  # no call succeeded
        return len(contest.server.apis[contest.server.accounts[0]][contest.server.regions[0]])
    unfinished = _undeployed(calls, contest.server.apis[accounts[0]][contest.server.regions[0]])
    for kind in types:
        seen = contest.server.seen(accounts, since=0.0, response_type=kind, put=contest.put)
        unfinished |= {place.rpartition("/")[2] for place in seen.wrong}
    return len(unfinished)


def _undeployed(calls: Sequence[LoggedCall], apis: Sequence[str]) -> set[str]:
    """APIs without exactly one deployment, or with one that came before the answer to their last put."""
    found = set()
    for api in apis:
        own = [call for call in calls if call.api == api]
        deployed = [call.arrived for call in own if call.operation == DEPLOY]
        put = max((call.answered for call in own if call.operation != DEPLOY), default=0.0)
        if len(deployed) != 1 or deployed[0] < put:
            found.add(api)
    return found


def _row(result: Result, task: Task, unfinished: int) -> Row:
    process, contestant = result.process, result.contestant
    if process is None:
        return Row(name=contestant.label, goals=contestant.goals, skipped=result.skipped or "not run")
    ends = [call.answered for call in result.calls if call.outcome == OK]
    seconds = max(ends) - min(call.arrived for call in result.calls) if ends else None
    values: dict[str, Value] = {
        "seconds": None if seconds is None else round(seconds, 2),
        "ratio": None if seconds is None else round(seconds / task.bound, 4),
        "calls": len(result.calls),
        "refused": sum(call.outcome == REFUSED for call in result.calls),
        "given_up": None if process.report is None else process.report.given_up.total(),
        "unfinished": unfinished,
    }
    return Row(name=contestant.label, values=values, goals=contestant.goals, failed=process.failed)
