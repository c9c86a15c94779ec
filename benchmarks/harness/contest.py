"""Contestants side by side: each in a process of its own, and in accounts, so in buckets, of its own.

A heat is what runs at the same time. What a contestant did is read from the server's log; only what it gave
up is asked of itself. A contestant that dies, or does not end in time, has failed, and what the server saw of
it until then stands.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.harness.calls import LoggedCall
from benchmarks.harness.process import Process, run
from benchmarks.harness.served import Load, Server
from benchmarks.peers.job import Job, Keys, Target
from benchmarks.peers.registry import why_not


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """One row of a table: a contestant with its options.

    Attributes:
        label: the row's name.
        peer: its name in `peers.registry`.
        options: of the contestant.
        prepare: another contestant's name, run beforehand in the same folder; the bucket is full again after.
        role: whether it is to assume a role in its accounts.
        alone: whether nothing else runs while it does.
        goals: upper bounds of its row.
    """

    label: str
    peer: str
    options: Mapping[str, Any] = field(default_factory=dict)
    prepare: str | None = None
    role: bool = False
    alone: bool = False
    goals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an entrant. Without a `process` it was not run, for the reason in `skipped`."""

    entrant: Entrant
    skipped: str | None = None
    process: Process | None = None
    calls: tuple[LoggedCall, ...] = ()
    wrong: tuple[str, ...] = ()
    neighbours: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    puts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """How busy the server was while some ran side by side: share of a core, and its loop's worst lateness."""

    labels: tuple[str, ...]
    seconds: float
    cpu: float
    late: float

    @property
    def share(self) -> float:
        """Of one core."""
        return self.cpu / self.seconds if self.seconds else 0.0


_Prepared = tuple[dict[str, str | None], float]
"""How preparations failed, by label, and when they ended (`time.monotonic`)."""


@dataclass(kw_only=True)
class Contest:
    """A server and a task.

    Attributes:
        server: what answers.
        response_type: the type to put, with
        put: these arguments.
        rate: the quota that contestants are told, calls/second.
        burst: and calls at once.
        each: accounts of one entrant.
        patience: seconds that an entrant may take.
        together: how many run side by side, but for those that run alone.
    """

    server: Server
    response_type: str
    put: Mapping[str, Any]
    rate: float
    burst: float
    each: int = 1
    patience: float = 180.0
    together: int = 3
    heats: list[Heat] = field(default_factory=list)

    def run(self, entrants: Sequence[Entrant]) -> list[Result]:
        """Let all of them run, in heats. Results are in the order of the entrants."""
        reasons = {entrant.label: why_not(entrant.peer) for entrant in entrants}
        able = [entrant for entrant in entrants if reasons[entrant.label] is None]
        accounts = dict(zip((e.label for e in able), self._accounts(), strict=False))
        if len(accounts) < len(able):
            raise ValueError(f"{len(self.server.accounts)} accounts are too few for {len(able)} entrants")
        results = {e.label: Result(entrant=e, skipped=reasons[e.label]) for e in entrants}
        with (
            tempfile.TemporaryDirectory(prefix="batchgw-bench-") as folder,
            ThreadPoolExecutor(1) as background,
        ):
            jobs = {e.label: self._job(e, accounts[e.label], Path(folder)) for e in able}
            preparing = background.submit(self._prepare, able, jobs)
            for heat in _heats(able, self.together):
                alone = any(entrant.prepare or entrant.alone for entrant in heat)
                failures = self._prepared(preparing) if alone else {}
                results |= self._heat(heat, jobs, failures)
        return [results[entrant.label] for entrant in entrants]

    def _accounts(self) -> Iterator[tuple[str, ...]]:
        """Accounts for one entrant after the other. The first account manages, and is nobody's."""
        free = self.server.accounts[1:]
        for start in range(0, len(free) - self.each + 1, self.each):
            yield free[start : start + self.each]

    def _job(self, entrant: Entrant, accounts: Sequence[str], folder: Path) -> Job:
        own = folder / entrant.label.replace("/", "-")
        own.mkdir()
        server = self.server
        keys = server.keys[server.accounts[0] if entrant.role else accounts[0]]
        return Job(
            endpoint=server.endpoint,
            targets=tuple(
                Target(account=account, region=region, apis=tuple(server.apis[account][region]))
                for account in accounts
                for region in server.regions
            ),
            keys=Keys(**keys),
            role=server.options.role_name if entrant.role else None,
            response_type=self.response_type,
            put=self.put,
            rate=self.rate,
            burst=self.burst,
            folder=str(own),
            options=entrant.options,
        )

    def _prepare(self, able: Sequence[Entrant], jobs: Mapping[str, Job]) -> _Prepared:
        """Run what is to be run beforehand, one after the other, beside the first heats."""
        failures = {
            entrant.label: run(entrant.prepare, jobs[entrant.label], self.patience).failed
            for entrant in able
            if entrant.prepare is not None
        }
        return failures, time.monotonic()

    def _prepared(self, preparing: Future[_Prepared]) -> Mapping[str, str | None]:
        """Wait until all is prepared and the buckets are full again."""
        failures, ended = preparing.result()
        options = self.server.options
        full = ended + (options.burst / options.rate + 0.5 if failures else 0.0)
        time.sleep(max(0.0, full - time.monotonic()))
        return failures

    def _heat(
        self, heat: Sequence[Entrant], jobs: Mapping[str, Job], failures: Mapping[str, str | None]
    ) -> dict[str, Result]:
        before = self.server.load()
        with ThreadPoolExecutor(len(heat)) as pool:
            started = {
                e.label: pool.submit(
                    _run_prepared, e.peer, jobs[e.label], self.patience, failures.get(e.label)
                )
                for e in heat
            }
            processes = {label: future.result() for label, future in started.items()}
        after = self.server.load()
        self.heats.append(
            Heat(
                labels=tuple(processes),
                seconds=after.now - before.now,
                cpu=after.cpu - before.cpu,
                late=after.late,
            )
        )
        return {e.label: self._result(e, processes[e.label], jobs[e.label], before, after) for e in heat}

    def _result(self, entrant: Entrant, process: Process, job: Job, before: Load, after: Load) -> Result:
        accounts = sorted({target.account for target in job.targets})
        seen = self.server.seen(accounts, since=before.now, response_type=self.response_type, put=self.put)
        return Result(
            entrant=entrant,
            process=process,
            calls=tuple(call for call in seen.calls if call.counted),
            wrong=seen.wrong,
            neighbours={
                scope: {
                    what: count - before.neighbours.get(scope, {}).get(what, 0)
                    for what, count in counts.items()
                }
                for scope, counts in after.neighbours.items()
                if scope.partition("/")[0] in accounts
            },
            puts=job.puts,
        )


def _heats(entrants: Iterable[Entrant], together: int) -> Iterator[list[Entrant]]:
    """Those that may run side by side first, then one after the other those that must be alone."""
    alone = []
    heat: list[Entrant] = []
    for entrant in entrants:
        if entrant.alone:
            alone.append([entrant])
            continue
        heat.append(entrant)
        if len(heat) == together:
            yield heat
            heat = []
    if heat:
        yield heat
    yield from alone


def _run_prepared(peer: str, job: Job, patience: float, failed: str | None) -> Process:
    if failed is not None:
        return Process(seconds=0.0, cpu=0.0, report=None, failed=f"in its preparation: {failed}")
    return run(peer, job, patience)
