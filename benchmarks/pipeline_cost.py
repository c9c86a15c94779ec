"""What the layers above the client cost: CPU microseconds of one put, layer by layer.

    python -m benchmarks.pipeline_cost [--quick] [--write]

Each row adds one layer to those before it. All make the same puts, ten at a time, through a control plane
that answers at once. Users run asyncio; the scenario tests run trio in virtual time. A figure is the smallest
of several rounds, because other work of the machine can only add to it. The journal is a file in the
temporary folder. Its commits are included, the import of the plan is not.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.limited import LimitedControlPlane
from batchgw.control_plane.stack import Pace, PacedControlPlane
from benchmarks.harness.cli import main
from benchmarks.harness.results import Column, Row, Section, Value
from benchmarks.harness.terminal import Terminal
from benchmarks.pipeline.fakes import Plane
from benchmarks.pipeline.runs import FAST, WORKERS, Calls, Rollout
from benchmarks.pipeline.timing import Body, taken

COMMAND = "python -m benchmarks.pipeline_cost"

WRAPPERS = "limiter to executor together"
JOURNAL, LOG, LINES, LIVE = "+ journal", "+ log file", "+ progress, lines", "+ progress, live"

GOALS: Mapping[str, Mapping[str, float]] = {
    WRAPPERS: {"asyncio_added": 60.0},
    JOURNAL: {"asyncio_added": 60.0},
    LOG: {"asyncio_added": 40.0},
    LINES: {"asyncio_added": 10.0},
    LIVE: {"asyncio_added": 10.0, "stall": 10.0},
}

LAYER_COLUMNS = (
    Column(key="asyncio_added", label="asyncio: added", format=".1f"),
    Column(key="asyncio", label="total", format=".1f"),
    Column(key="trio_added", label="trio: added", format=".1f"),
    Column(key="trio", label="total", format=".1f"),
    Column(key="stall", label="longest stall, ms", format=".1f"),
)


def layers(puts: int) -> dict[str, tuple[str | None, Body]]:
    """Every layer with all layers below it, by name, and the name of the layer directly below."""
    return {
        "a plane that answers at once": (None, Calls(puts=puts, plane=Plane).run),
        "+ limiter": ("a plane that answers at once", Calls(puts=puts, plane=_limited).run),
        "+ retrying": ("+ limiter", Calls(puts=puts, plane=_paced).run),
        "+ writer, executor": ("+ retrying", Rollout(puts=puts, journal=False).run),
        JOURNAL: ("+ writer, executor", Rollout(puts=puts).run),
        LOG: (JOURNAL, Rollout(puts=puts, log=True).run),
        LINES: (LOG, Rollout(puts=puts, log=True, progress=io.StringIO).run),
        LIVE: (LOG, Rollout(puts=puts, log=True, progress=Terminal).run),
    }


def _paced() -> ControlPlane:
    return PacedControlPlane(Plane(), pace=FAST)


def _limited() -> ControlPlane:
    return LimitedControlPlane(Plane(), state=PacedControlPlane(Plane(), pace=FAST).state)


def layered(*, quick: bool) -> Section:
    """Measure the layers with a quota so high that no call waits."""
    puts, rounds = (2_000, 2) if quick else (5_000, 4)
    found = {name: Cost() for name in layers(puts)}
    for _ in range(rounds):
        for name, (_below, body) in layers(puts).items():
            found[name].measure(body, puts)
    rows = [
        Row(name=name, values=found[name].above(found.get(below or "")), goals=GOALS.get(name, {}))
        for name, (below, _) in layers(puts).items()
    ]
    return Section(
        name="pipeline_cost",
        title="CPU of one put above the client, layer by layer (microseconds)",
        command=COMMAND,
        quick=quick,
        columns=LAYER_COLUMNS,
        rows=(*rows[:4], _together(rows), *rows[4:]),
        notes=(
            f"{puts:,} puts, {WORKERS} at a time; the smallest of {rounds} rounds.",
            "Both kinds of progress are added to the log file.",
        ),
    )


@dataclass(slots=True)
class Cost:
    """The smallest cost of a layer and all below: CPU of a put in microseconds, longest stall in ms."""

    asyncio: float = math.inf
    trio: float = math.inf
    stall: float = math.inf

    def measure(self, body: Body, puts: int) -> None:
        """Measure once more, and keep the smallest figures."""
        self.asyncio = min(self.asyncio, taken(body, "asyncio").cpu / puts * 1e6)
        self.trio = min(self.trio, taken(body, "trio").cpu / puts * 1e6)
        self.stall = min(self.stall, taken(body, "asyncio", watch=True).stall * 1e3)

    def above(self, below: Cost | None) -> dict[str, Value]:
        """The values of a row."""
        return {
            "asyncio_added": self.asyncio - (below.asyncio if below else 0.0),
            "asyncio": self.asyncio,
            "trio_added": self.trio - (below.trio if below else 0.0),
            "trio": self.trio,
            "stall": self.stall,
        }


def _together(rows: list[Row]) -> Row:
    bottom, top = rows[0].values, rows[3].values
    added: dict[str, Value] = {
        f"{backend}_added": cast("float", top[backend]) - cast("float", bottom[backend])
        for backend in ("asyncio", "trio")
    }
    return Row(name=WRAPPERS, values=added, goals=GOALS[WRAPPERS])


PACED_COLUMNS = (
    Column(key="backend", label="on"),
    Column(key="puts", label="puts", format=",.0f"),
    Column(key="cpu", label="CPU of one, us", format=".0f"),
    Column(key="all", label="CPU of all, s", format=".2f"),
)


def paced(*, quick: bool) -> Section:
    """Measure runs at the speed of the quota: calls wait for tokens, and outcomes are committed in batches.

    In virtual time, and on asyncio at ten times the quota, for a few seconds.
    """
    puts = 2_000 if quick else 10_000
    usual, fast = Pace(), Pace(rate=100.0, burst=40.0)
    runs = {
        "1 scope, 1 worker": ("trio", Rollout(puts=puts, pace=Pace(workers=1), latency=0.15)),
        "1 scope": ("trio", Rollout(puts=puts, pace=usual, latency=0.15)),
        "1 scope, without journal": ("trio", Rollout(puts=puts, pace=usual, latency=0.15, journal=False)),
        "100 scopes": ("trio", Rollout(puts=puts, pace=usual, latency=0.15, scopes=100)),
        "100 scopes, log file, live progress": (
            "trio",
            Rollout(puts=puts, pace=usual, latency=0.15, scopes=100, log=True, progress=Terminal),
        ),
        "10 scopes, log file, live progress": (
            "asyncio",
            Rollout(
                puts=2_000 if quick else 5_000,
                pace=fast,
                latency=0.15,
                scopes=10,
                log=True,
                progress=Terminal,
            ),
        ),
    }
    return Section(
        name="pipeline_paced",
        title="CPU of a put that waits for the quota",
        command=COMMAND,
        quick=quick,
        columns=PACED_COLUMNS,
        rows=tuple(_run(name, *each) for name, each in runs.items()),
        notes=(
            "A call is answered after 0.15 s. Waiting itself costs CPU: timers, and the limiter's queue.",
            "trio: 10 calls/s in each scope, in virtual time. asyncio: 100, in real time.",
        ),
    )


def _run(name: str, backend: str, run: Rollout) -> Row:
    cpu = taken(run.run, backend).cpu
    values: dict[str, Value] = {"backend": backend, "puts": run.puts, "cpu": cpu / run.puts * 1e6, "all": cpu}
    return Row(name=name, values=values)


def measure(*, quick: bool) -> list[Section]:
    """Measure both."""
    return [layered(quick=quick), paced(quick=quick)]


if __name__ == "__main__":
    main(measure, __doc__)
