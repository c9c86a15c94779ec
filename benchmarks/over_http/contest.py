"""Contestants at the same task: each in a process of its own, and with accounts (and so buckets) of its own.

Some run at the same time, in groups; others run alone. What a contestant did is read from the server's log;
only what it gave up is its own report. A contestant that dies, or does not end in time, has failed. Its row
then has what the server saw until that moment.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.over_http.contestant import Contestant, Result, ServerLoad
from benchmarks.over_http.process import Process, run
from benchmarks.over_http.serving import Load, Server
from benchmarks.peers.job import Job, Keys, Target
from benchmarks.peers.registry import why_not

_Prepared = tuple[dict[str, str | None], float]
"""How preparations failed, by label, and when they ended (`time.monotonic`)."""


@dataclass(kw_only=True)
class Contest:
    """A server and a task.

    Attributes:
        server: the server that answers.
        response_type: the gateway response type to put.
        put: the arguments of the put.
        rate: the quota that contestants are told, calls/second.
        burst: the quota that contestants are told, calls at once.
        each: the number of accounts of one contestant.
        patience: the seconds that a contestant may take.
        together: how many run at the same time, except those that run alone.
        loads: the server's load during each group that has run.
    """

    server: Server
    response_type: str
    put: Mapping[str, Any]
    rate: float
    burst: float
    each: int = 1
    patience: float = 180.0
    together: int = 3
    loads: list[ServerLoad] = field(default_factory=list)

    def run(self, contestants: Sequence[Contestant]) -> list[Result]:
        """Run all of them, in groups. Results are in the order of the contestants."""
        reasons = {contestant.label: why_not(contestant.peer) for contestant in contestants}
        able = [contestant for contestant in contestants if reasons[contestant.label] is None]
        accounts = dict(zip((each.label for each in able), self._accounts(), strict=False))
        if len(accounts) < len(able):
            raise ValueError(f"{len(self.server.accounts)} accounts are too few for {len(able)} contestants")
        results = {each.label: Result(contestant=each, skipped=reasons[each.label]) for each in contestants}
        with (
            tempfile.TemporaryDirectory(prefix="batchgw-bench-") as folder,
            ThreadPoolExecutor(1) as background,
        ):
            jobs = {each.label: self._job(each, accounts[each.label], Path(folder)) for each in able}
            preparing = background.submit(self._prepare, able, jobs)
            for group in _groups(able, self.together):
                alone = any(contestant.prepare or contestant.alone for contestant in group)
                failures = self._prepared(preparing) if alone else {}
                results |= self._group(group, jobs, failures)
        return [results[contestant.label] for contestant in contestants]

    def _accounts(self) -> Iterator[tuple[str, ...]]:
        """The accounts of each contestant. The first account manages the others and is given to nobody."""
        free = self.server.accounts[1:]
        for start in range(0, len(free) - self.each + 1, self.each):
            yield free[start : start + self.each]

    def _job(self, contestant: Contestant, accounts: Sequence[str], folder: Path) -> Job:
        own = folder / contestant.label.replace("/", "-")
        own.mkdir()
        server = self.server
        keys = server.keys[server.accounts[0] if contestant.role else accounts[0]]
        return Job(
            endpoint=server.endpoint,
            targets=tuple(
                Target(account=account, region=region, apis=tuple(server.apis[account][region]))
                for account in accounts
                for region in server.regions
            ),
            keys=Keys(**keys),
            role=server.options.role_name if contestant.role else None,
            response_type=self.response_type,
            put=self.put,
            rate=self.rate,
            burst=self.burst,
            folder=str(own),
            options=contestant.options,
        )

    def _prepare(self, able: Sequence[Contestant], jobs: Mapping[str, Job]) -> _Prepared:
        """Run the preparations one after the other, while the first groups run."""
        failures = {
            contestant.label: run(contestant.prepare, jobs[contestant.label], self.patience).failed
            for contestant in able
            if contestant.prepare is not None
        }
        return failures, time.monotonic()

    def _prepared(self, preparing: Future[_Prepared]) -> Mapping[str, str | None]:
        """Wait until everything is prepared and the buckets are full again."""
        failures, ended = preparing.result()
        options = self.server.options
        full = ended + (options.burst / options.rate + 0.5 if failures else 0.0)
        time.sleep(max(0.0, full - time.monotonic()))
        return failures

    def _group(
        self, group: Sequence[Contestant], jobs: Mapping[str, Job], failures: Mapping[str, str | None]
    ) -> dict[str, Result]:
        before = self.server.load()
        with ThreadPoolExecutor(len(group)) as pool:
            started = {
                each.label: pool.submit(
                    _run_prepared, each.peer, jobs[each.label], self.patience, failures.get(each.label)
                )
                for each in group
            }
            processes = {label: future.result() for label, future in started.items()}
        after = self.server.load()
        self.loads.append(
            ServerLoad(
                labels=tuple(processes),
                seconds=after.now - before.now,
                cpu=after.cpu - before.cpu,
                late=after.late,
            )
        )
        return {
            each.label: self._result(each, processes[each.label], jobs[each.label], before, after)
            for each in group
        }

    def _result(
        self, contestant: Contestant, process: Process, job: Job, before: Load, after: Load
    ) -> Result:
        accounts = sorted({target.account for target in job.targets})
        seen = self.server.seen(accounts, since=before.now, response_type=self.response_type, put=self.put)
        return Result(
            contestant=contestant,
            process=process,
            calls=tuple(call for call in seen.calls if call.counted),
            wrong=seen.wrong,
            neighbours=_neighbours_between(before, after, accounts),
            puts=job.puts,
        )


def _neighbours_between(
    before: Load, after: Load, accounts: Sequence[str]
) -> Mapping[str, Mapping[str, int]]:
    """The neighbours' accepted and refused calls between two looks at the server, by scope."""
    return {
        scope: {
            outcome: count - before.neighbours.get(scope, {}).get(outcome, 0)
            for outcome, count in counts.items()
        }
        for scope, counts in after.neighbours.items()
        if scope.partition("/")[0] in accounts
    }


def _groups(contestants: Iterable[Contestant], together: int) -> Iterator[list[Contestant]]:
    """First the groups that run at the same time; then, one by one, those that must run alone."""
    alone = []
    group: list[Contestant] = []
    for contestant in contestants:
        if contestant.alone:
            alone.append([contestant])
            continue
        group.append(contestant)
        if len(group) == together:
            yield group
            group = []
    if group:
        yield group
    yield from alone


def _run_prepared(peer: str, job: Job, patience: float, failed: str | None) -> Process:
    if failed is not None:
        return Process(seconds=0.0, cpu=0.0, report=None, failed=f"its preparation failed: {failed}")
    return run(peer, job, patience)
