"""Many account-regions at once, over HTTP, each with its own quota of 10 calls/s, burst 40.

    python -m benchmarks.http_scopes [--quick] [--write]

First 4 accounts x 2 regions x 90 puts: the limit is (90 - 40) / 10 = 5 s, whatever the number of scopes. The
latency of the last call is a few percent of that, so times are means over servers with different latencies.
Then 100 scopes from one process. The bursts allow 4,000 calls at once, so the CPU of contestant and server is
a limit, too. Each contestant assumes a role in each of its accounts. Quick: fewer contestants, one
server, and 20 scopes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean

from benchmarks.harness.cli import main
from benchmarks.harness.results import Column, Row, Section, Value
from benchmarks.over_http import table, task
from benchmarks.over_http.contestant import Contestant, Result, ServerLoad
from benchmarks.over_http.serving import serving

RATE, BURST = 10.0, 40.0

SERVERS = range(1000, 1003)
"""Seeds of the servers' latencies. Held out: nothing is tuned to them."""

TIMES = ("ratio", "wall", "process", "cpu")
"""Columns that are means over the servers. The others should be zero or equal, so they show the largest."""

MEANS = (
    "Times are means over {servers} servers with different latencies; counts are the largest of any server."
)

WORST = Column(key="worst", label="worst", format=".3f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Accounts and regions of one contestant, puts in each scope, and seconds of one bin of the plots."""

    accounts: int
    regions: int
    puts: int
    step: float = 0.25

    @property
    def scopes(self) -> int:
        """Account-regions."""
        return self.accounts * self.regions

    @property
    def limit(self) -> float:
        """Seconds: the scopes run at the same time."""
        return (self.puts - BURST) / RATE


FEW = Size(accounts=4, regions=2, puts=90)
MANY = Size(accounts=50, regions=2, puts=160, step=0.5)
QUICK_MANY = Size(accounts=10, regions=2, puts=90, step=0.25)

BATCHGW = Contestant(label="batchgw", peer="batchgw", prepare="batchgw-plan", role=True, alone=True)
LIMITED = Contestant(
    label="aioboto3 + aiolimiter(40, 4) + tenacity, one each scope",
    peer="aiolimiter-tenacity",
    options={"limiter": "bucket"},
    role=True,
    alone=True,
)
GATHER = Contestant(
    label="aioboto3 gather, adaptive, a client each scope",
    peer="aioboto3-gather",
    options={"retries": {"mode": "adaptive", "total_max_attempts": 3}},
    role=True,
    alone=True,
)
THREADS = Contestant(
    label="boto3 8 threads and a client each scope, adaptive",
    peer="boto3-threads",
    options={"retries": {"mode": "adaptive", "total_max_attempts": 3}, "threads": 8},
    role=True,
    alone=True,
)
ROLES = (
    "Contestants ran one after the other. AssumeRole is part of the process, not of wall: STS has a quota of "
    "its own."
)
GOALS = {"ratio": 1.05, "refused": 0, "given_up": 0, "wrong": 0}


def measure(*, quick: bool) -> list[Section]:
    """Few scopes, then many."""
    ours = replace(BATCHGW, goals=GOALS)
    few = (ours, replace(LIMITED, alone=False)) if quick else (ours, THREADS, GATHER, LIMITED)
    many = (BATCHGW,) if quick else (BATCHGW, LIMITED)
    return [
        compete("http_scopes", FEW, few, SERVERS[: 1 if quick else None], quick=quick),
        compete("http_scopes_many", QUICK_MANY if quick else MANY, many, SERVERS[:1], quick=quick),
    ]


def compete(
    name: str, size: Size, contestants: tuple[Contestant, ...], servers: Sequence[int], *, quick: bool
) -> Section:
    """Run these contestants one after the other, on one server after the other, and give the table."""
    runs, loads = [], []
    for seed in servers:
        results, busy = _run(size, contestants, seed)
        runs.append(results)
        loads += busy
    several = len(runs) > 1
    return Section(
        name=name,
        title=f"{size.accounts} accounts x {size.regions} regions x {size.puts} puts over HTTP at {RATE:g} "
        f"calls/s, burst {BURST:g} each: the limit is {size.limit:.1f} s",
        command="python -m benchmarks.http_scopes" + (" --quick" if quick else ""),
        quick=quick,
        columns=(
            table.RATIO,
            *([WORST] if several else []),
            table.WALL,
            table.CALLS,
            table.REFUSED,
            table.GIVEN_UP,
            table.WRONG,
            table.PROCESS,
            table.CPU,
        ),
        rows=tuple(
            together([table.row(result, limit=size.limit) for result in of_contestant])
            for of_contestant in zip(*runs, strict=True)
        ),
        notes=(
            *([MEANS.format(servers=len(runs))] if several else []),
            f"One process for all {size.scopes} scopes. " + ROLES,
            table.WALL_IS,
            table.PROCESS_IS,
            table.load_in_words(loads),
            *dict.fromkeys(reason for results in runs for reason in table.reasons(results)),
        ),
        series={
            "bars": ["ratio", "refused", "cpu"],
            "traces": table.traces(runs[0], rate=RATE * size.scopes, step=size.step),
        },
    )


def together(rows: Sequence[Row]) -> Row:
    """Give one row for a contestant's runs: the first that failed or was skipped, if there is one."""
    for row in rows:
        if row.failed is not None or row.skipped is not None or len(rows) == 1:
            return row
    values: dict[str, Value] = {}
    for key in rows[0].values:
        found = [value for row in rows if isinstance(value := row.values[key], int | float)]
        if len(found) < len(rows):
            values[key] = None
        else:
            values[key] = round(mean(found), 4) if key in TIMES else max(found)
    worst = [row.values["ratio"] for row in rows]
    values["worst"] = max((each for each in worst if isinstance(each, int | float)), default=None)
    return replace(rows[0], values=values)


def _run(size: Size, contestants: tuple[Contestant, ...], seed: int) -> tuple[list[Result], list[ServerLoad]]:
    options = task.world(
        accounts=size.accounts * len(contestants) + 1,
        regions=size.regions,
        apis=size.puts,
        rate=RATE,
        burst=BURST,
        seed=seed,
    )
    with serving(options) as server:
        contest = task.contest(server, rate=RATE, burst=BURST, each=size.accounts)
        return contest.run(contestants), contest.loads


if __name__ == "__main__":
    main(measure, __doc__)
