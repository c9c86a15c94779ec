"""Puts over HTTP when things go wrong: conflicts, cut connections, a neighbour, a wrong quota.

    python -m benchmarks.http_faults [--quick] [--write]

200 puts at 10 calls/s, burst 40, in four worlds, by batchgw and the best of the others. Nothing may be given
up, and every API must end as asked: the server is asked, API by API. Quick: 80 puts.

conflicts   every tenth put is refused with 409 "try again later"
cuts        two connections are cut, one after the change was made and one before
neighbour   somebody else makes 3 calls/s in the same account
half quota  the server has half of the quota that everybody is told
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.harness import http
from benchmarks.harness.cli import main
from benchmarks.harness.contest import Contest, Entrant, Heat, Result
from benchmarks.harness.results import Column, Row, Section
from benchmarks.harness.served import serving
from benchmarks.harness.traces import Trace

RATE, BURST = 10.0, 40.0
NEIGHBOUR = 3.0  # calls/second
PUTS, QUICK_PUTS = 200, 80

PUT = "PutGatewayResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is wrong: a fault script, options of the server, and the least seconds that N puts can take."""

    name: str
    limit: Callable[[int], float]
    faults: Sequence[Mapping[str, Any]] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


MEANING = (
    'conflicts: every tenth put is refused with 409 "try again later"; cuts: two connections are cut, one '
    f"after the change was made and one before; neighbour: somebody else makes {NEIGHBOUR:g} calls/s in the "
    "account; half quota: the server has half of the quota that everybody is told."
)
LIMITS = (
    "The limit is that of each world: conflicts must be sent again, the neighbour is served in full, and the "
    "quota is what the server has. Its state was compared with what was asked, API by API."
)

WORLDS = (
    World(
        name="conflicts",
        faults=[{"match": {"operation": PUT, "every": 10, "per": "scope"}, "fault": "conflict"}],
        limit=lambda puts: (puts + (puts - 1) // 9 - BURST) / RATE,  # every tenth call must be made again
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

ENTRANTS = (
    Entrant(
        label="batchgw",
        peer="batchgw",
        prepare="batchgw-plan",
        alone=True,
        goals={"given_up": 0, "wrong": 0},
    ),
    Entrant(
        label="boto3 32 threads, adaptive",
        peer="boto3-threads",
        options={"retries": {"mode": "adaptive", "total_max_attempts": 3}, "threads": 32},
    ),
    Entrant(
        label="aioboto3 + aiolimiter(40, 4) + tenacity",
        peer="aiolimiter-tenacity",
        options={"limiter": "bucket"},
    ),
)
QUICK_ENTRANTS = (ENTRANTS[0], ENTRANTS[-1])


def measure(*, quick: bool) -> Section:
    """Let them run in two worlds at a time, quick in all."""
    puts = QUICK_PUTS if quick else PUTS
    entrants = QUICK_ENTRANTS if quick else ENTRANTS
    rows: list[Row] = []
    traces: list[Trace] = []
    notes: list[str] = []
    heats: list[Heat] = []
    with ThreadPoolExecutor(len(WORLDS) if quick else 2) as pool:
        runs = pool.map(lambda world: _compete(world, puts, entrants), WORLDS)
        for world, (contest, results) in zip(WORLDS, runs, strict=True):
            rows += [_row(result, limit=world.limit(puts)) for result in results]
            rate = world.options.get("rate", RATE)
            traces += http.traces(results, rate=rate, step=0.5, chosen=_plotted)
            heats += contest.heats
            notes += http.reasons(results)
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
            http.WALL_IS,
            http.undisturbed(heats),
            *notes,
        ),
        series={"bars": ["ratio", "refused", "given_up"], "traces": traces},
    )


COLUMNS = (
    http.RATIO,
    http.WALL,
    http.CALLS,
    http.REFUSED,
    http.CONFLICTS,
    http.CUT,
    Column(key="theirs", label="neighbour refused", format=".1%"),
    http.GIVEN_UP,
    http.WRONG,
)


def _compete(world: World, puts: int, entrants: Sequence[Entrant]) -> tuple[Contest, list[Result]]:
    quota = {"rate": RATE, "burst": BURST, **world.options}
    with tempfile.TemporaryDirectory(prefix="batchgw-bench-") as folder:
        faults = Path(folder) / "faults.json"
        faults.write_text(json.dumps(list(world.faults)))
        options = http.world(accounts=len(entrants) + 1, regions=1, apis=puts, faults=faults, **quota)
        with serving(options) as server:
            contest = http.contest(server, rate=RATE, burst=BURST)
            here = [replace(e, label=f"{e.label}, {world.name}") for e in entrants]
            return contest, contest.run(here)


def _plotted(entrant: Entrant) -> bool:
    return entrant.peer in ("batchgw", "aiolimiter-tenacity")


def _row(result: Result, *, limit: float) -> Row:
    """The row, with the share of the neighbour's calls that were refused while this one ran."""
    row = http.row(result, limit=limit)
    refused = sum(theirs["refused"] for theirs in result.neighbours.values())
    made = refused + sum(theirs["accepted"] for theirs in result.neighbours.values())
    return replace(row, values={**row.values, "theirs": refused / made if made else None})


if __name__ == "__main__":
    main(measure, __doc__)
