"""Puts over HTTP when things go wrong: conflicts, cut connections, a neighbour, a wrong quota.

    python -m benchmarks.http_faults [--quick] [--write]

200 puts at 10 calls/s, burst 40, in four worlds, by batchgw and the best of the others. No put may be given
up, and every API must be as asked at the end, as the server says. Quick: 80 puts.

conflicts   every tenth put is refused with 409 "try again later"
cuts        two connections are cut, one after the change was made and one before
neighbour   somebody else makes 3 calls/s in the same account
half quota  the server has half of the quota that the contestants are told
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.harness.cli import main
from benchmarks.harness.results import Column, Row, Section
from benchmarks.over_http import table, task
from benchmarks.over_http.contest import Contest
from benchmarks.over_http.contestant import Contestant, Result, ServerLoad
from benchmarks.over_http.serving import serving
from benchmarks.over_http.traces import Trace

RATE, BURST = 10.0, 40.0
NEIGHBOUR = 3.0  # calls/second
PUTS, QUICK_PUTS = 200, 80

PUT = "PutGatewayResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What goes wrong: a fault script, options of the server, and the shortest time of N puts in seconds."""

    name: str
    limit: Callable[[int], float]
    faults: Sequence[Mapping[str, Any]] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


MEANING = (
    'conflicts: every tenth put is refused with 409 "try again later"; cuts: two connections are cut, one '
    f"after the change was made and one before; neighbour: somebody else makes {NEIGHBOUR:g} calls/s in the "
    "account; half quota: the server has half of the quota that the contestants are told."
)
LIMITS = (
    "Each world has its own limit: conflicts are sent again, no token is taken from the neighbour, "
    "and the quota is the server's. At the end the server's state is compared with what was asked."
)

WORLDS = (
    World(
        name="conflicts",
        faults=[{"match": {"operation": PUT, "every": 10, "per": "scope"}, "fault": "conflict"}],
        limit=lambda puts: (puts + (puts - 1) // 9 - BURST) / RATE,  # every tenth call is sent again
    ),
    World(
        name="cuts",
        faults=[
            {"match": {"operation": PUT, "nth": 20, "per": "scope"}, "fault": "cut_after"},
            {"match": {"operation": PUT, "nth": 50, "per": "scope"}, "fault": "cut_before"},
        ],
        limit=lambda puts: (puts - BURST) / RATE,
    ),
    World(
        name="neighbour",
        options={"neighbour": NEIGHBOUR},
        limit=lambda puts: (puts - BURST) / (RATE - NEIGHBOUR),
    ),
    World(
        name="half quota",
        options={"rate": RATE / 2, "burst": BURST / 2},
        limit=lambda puts: (puts - BURST / 2) / (RATE / 2),
    ),
)

CONTESTANTS = (
    Contestant(
        label="batchgw",
        peer="batchgw",
        prepare="batchgw-plan",
        alone=True,
        goals={"given_up": 0, "wrong": 0},
    ),
    Contestant(
        label="boto3 32 threads, adaptive",
        peer="boto3-threads",
        options={"retries": {"mode": "adaptive", "total_max_attempts": 3}, "threads": 32},
    ),
    Contestant(
        label="aioboto3 + aiolimiter(40, 4) + tenacity",
        peer="aiolimiter-tenacity",
        options={"limiter": "bucket"},
    ),
)
QUICK_CONTESTANTS = (CONTESTANTS[0], CONTESTANTS[-1])


def measure(*, quick: bool) -> Section:
    """Run all contestants in each world: two worlds at a time, or all of them if quick."""
    puts = QUICK_PUTS if quick else PUTS
    contestants = QUICK_CONTESTANTS if quick else CONTESTANTS
    rows: list[Row] = []
    traces: list[Trace] = []
    notes: list[str] = []
    loads: list[ServerLoad] = []
    with ThreadPoolExecutor(len(WORLDS) if quick else 2) as pool:
        runs = pool.map(lambda world: _compete(world, puts, contestants), WORLDS)
        for world, (contest, results) in zip(WORLDS, runs, strict=True):
            rows += [_row(result, limit=world.limit(puts)) for result in results]
            rate = world.options.get("rate", RATE)
            traces += table.traces(results, rate=rate, step=0.5, chosen=_plotted)
            loads += contest.loads
            notes += table.reasons(results)
    return Section(
        name="http_faults",
        title=f"{puts} puts over HTTP when things go wrong",
        command="python -m benchmarks.http_faults" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=tuple(rows),
        notes=(
            MEANING,
            LIMITS,
            table.WALL_IS,
            table.load_in_words(loads),
            *notes,
        ),
        series={"bars": ["ratio", "refused", "given_up"], "traces": traces},
    )


COLUMNS = (
    table.RATIO,
    table.WALL,
    table.CALLS,
    table.REFUSED,
    table.CONFLICTS,
    table.CUT,
    Column(key="theirs", label="neighbour refused", format=".1%"),
    table.GIVEN_UP,
    table.WRONG,
)


def _compete(world: World, puts: int, contestants: Sequence[Contestant]) -> tuple[Contest, list[Result]]:
    quota = {"rate": RATE, "burst": BURST, **world.options}
    with tempfile.TemporaryDirectory(prefix="batchgw-bench-") as folder:
        faults = Path(folder) / "faults.json"
        faults.write_text(json.dumps(list(world.faults)))
        options = task.world(accounts=len(contestants) + 1, regions=1, apis=puts, faults=faults, **quota)
        with serving(options) as server:
            contest = task.contest(server, rate=RATE, burst=BURST)
            here = [replace(e, label=f"{e.label}, {world.name}") for e in contestants]
            return contest, contest.run(here)


def _plotted(contestant: Contestant) -> bool:
    return contestant.peer in ("batchgw", "aiolimiter-tenacity")


def _row(result: Result, *, limit: float) -> Row:
    """The row, with the share of the neighbour's calls that was refused during the run."""
    row = table.row(result, limit=limit)
    refused = sum(theirs["refused"] for theirs in result.neighbours.values())
    total = refused + sum(theirs["accepted"] for theirs in result.neighbours.values())
    return replace(row, values={**row.values, "theirs": refused / total if total else None})


if __name__ == "__main__":
    main(measure, __doc__)
