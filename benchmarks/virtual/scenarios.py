"""The scenarios: what the server does, what the client is told, and what is to be reached.

Goals are upper bounds of means over seeds, by the number of calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from zlib import crc32

from batchgw.model import Scope
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.neighbour import Caller
from batchgw.simulator.traffic.quota import TOTAL, Neighbour, QuotaRules, Rate, Schedule, Scoping
from batchgw.throttle.pacer import Belief
from benchmarks.virtual.neighbours import STANDARD_ATTEMPTS, AnotherBatchgw, Jobs, Patient
from benchmarks.virtual.settings import Settings

TUNING = range(100)
"""Seeds to develop with: nothing measured over them is shown."""

HELD_OUT = range(2000, 2024)
"""Seeds to measure with: nothing is tuned to them."""

SIZES = (200, 2_000, 20_000)
"""Calls of a run."""

SHORT = SIZES[:2]
"""Sizes of what has no goal at 20,000."""

MIDDLE = SIZES[1:2]
"""The size of worlds whose neighbours come once a minute, or once."""

Goals = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One row, at each size.

    Attributes:
        key: its name on the command line.
        title: its name in the table.
        settings: what the client is told.
        quota: what is true of a bucket.
        neighbour: who else calls.
        pauses: the neighbour calls and pauses in turn, each for this share of the time that the calls would
            need alone; 0 for a neighbour as given.
        steps: when the rate changes, as shares of the same time, and the factor from then on.
        refusals: whether a refused call takes a token.
        scoping: what has a bucket of its own.
        regions: how many regions of the one account the calls are spread over.
        uplink: seconds from the client to the service's bucket, median and 99th percentile; None for none.
            Where scopes share a bucket it also decides, by the seed, which of two calls comes first.
        script: further faults, as plain data.
        believed: what an earlier run has left behind, if not what it has learned in the same world.
        rivals: whether others than batchgw make the run, too.
        remembered: whether the run is a second one, which knows what the first has learned.
        goals: upper bounds by size.
        sizes: of which runs are made.
    """

    key: str
    title: str
    settings: Settings = field(default_factory=Settings)
    quota: Rate = TOTAL
    neighbour: Caller | None = None
    pauses: float = 0.0
    steps: Sequence[tuple[float, float]] = ()
    refusals: Literal["free", "consuming"] = "free"
    scoping: Scoping = "account-region"
    regions: int = 1
    uplink: tuple[float, float] | None = None
    script: Sequence[Mapping[str, object]] = ()
    believed: Belief | None = None
    rivals: bool = False
    remembered: bool = False
    goals: Goals = field(default_factory=dict)
    sizes: Sequence[int] = SIZES

    def rules(self, calls: int, seed: int) -> QuotaRules:
        """The server's quota in a run of so many calls."""
        alone = max(0.0, calls - self.quota.burst) / self.quota.rate
        neighbour = self.neighbour
        if isinstance(neighbour, Neighbour) and self.pauses:
            neighbour = replace(neighbour, on=self.pauses * alone, off=self.pauses * alone)
        return QuotaRules(
            total=self.quota,
            scoping=self.scoping,
            refusals=self.refusals,
            neighbour=neighbour,
            schedule=Schedule(steps=tuple((share * alone, factor) for share, factor in self.steps)),
            seed=seed,
        )

    def way(self, seed: int) -> Callable[[Scope], Latency] | None:
        """How long the calls of a scope are on their way, by dice of its own."""
        if self.uplink is None:
            return None
        median, p99 = self.uplink
        return lambda scope: Latency(median=median, p99=p99, seed=crc32(f"{seed}/{scope}".encode()))


def _goals(small: tuple[float, ...], middle: tuple[float, ...], large: tuple[float, ...]) -> Goals:
    """Goals at each size: makespan / limit, our share refused, and the neighbour's where it is bounded."""
    keys = ("ratio", "refused", "theirs")
    certain = {"given_up": 0.0, "wrong": 0.0}
    return {
        size: dict(zip(keys, bounds, strict=False)) | certain
        for size, bounds in zip(SIZES, (small, middle, large), strict=True)
    }


def _middle(**bounds: float) -> Goals:
    """Goals at 2,000 calls alone."""
    return {SIZES[1]: bounds | {"given_up": 0.0, "wrong": 0.0}}


SCENARIOS = (
    Scenario(
        key="alone",
        title="quota known, alone",
        goals=_goals((1.02, 0.0), (1.002, 0.0), (1.001, 0.0005)),
    ),
    Scenario(
        key="neighbour-3",
        title="neighbour 3/s",
        neighbour=Neighbour(rate=3),
        rivals=True,
        goals=_goals((1.03, 0.04), (1.002, 0.012, 0.024), (1.002, 0.012)),
    ),
    Scenario(
        key="neighbour-6",
        title="neighbour 6/s",
        neighbour=Neighbour(rate=6),
        rivals=True,
        goals=_goals((1.05, 0.055), (1.003, 0.019, 0.036), (1.002, 0.022)),
    ),
    Scenario(
        key="on-off",
        title="neighbour on/off, quarters",
        neighbour=Neighbour(rate=6),
        pauses=0.25,
        goals=_goals((1.15, 0.055), (1.05, 0.02), (1.005, 0.012)),
    ),
    Scenario(
        key="on-off-20",
        title="neighbour on/off every 20 s",
        neighbour=Neighbour(rate=6, on=20, off=20),
        rivals=True,
        goals=_goals((1.15, 0.055), (1.04, 0.02), ()),
        sizes=SHORT,
    ),
    Scenario(
        key="too-high",
        title="stated 2x too high",
        settings=Settings(rate=20, burst=80),
        goals=_goals((1.03, 0.05), (1.005, 0.012), (1.001, 0.006)),
    ),
    Scenario(
        key="unknown",
        title="unknown quota",
        settings=Settings(unknown=True),
        goals=_goals((1.07, 0.04), (1.01, 0.01), (1.001, 0.006)),
    ),
    Scenario(
        key="unknown-again",
        title="unknown quota, second run",
        settings=Settings(unknown=True),
        remembered=True,
        sizes=SHORT,
    ),
    Scenario(
        key="halves",
        title="quota halves and returns",
        steps=((0.25, 0.5), (0.65, 1.0)),
        goals=_goals((1.10, 0.025), (1.005, 0.01), (1.001, 0.004)),
    ),
    Scenario(
        key="consuming",
        title="refusals consume, 7/s",
        neighbour=Neighbour(rate=7),
        refusals="consuming",
        goals=_goals((1.10, 0.055), (1.03, 0.02), (1.02, 0.015)),
    ),
    Scenario(
        key="too-low",
        title="stated 2x too low",
        settings=Settings(rate=5, burst=20, probe=True),
        sizes=SHORT,
    ),
    Scenario(
        key="account",
        title="8 regions, one quota",
        scoping="account",
        regions=8,
        uplink=(0.02, 0.08),
        sizes=SHORT,
    ),
    Scenario(
        key="patient-3",
        title="neighbour 3/s that tries again",
        neighbour=Patient(rate=3),
        rivals=True,
        sizes=MIDDLE,
    ),
    Scenario(
        key="bursts-30",
        title="bursts of 30 a minute",
        neighbour=Jobs(calls=30, at_once=30, every=60),
        rivals=True,
        goals=_middle(ratio=1.003, theirs=0.08),
        sizes=MIDDLE,
    ),
    Scenario(
        key="bursts-100",
        title="bursts of 100 a minute",
        neighbour=Jobs(calls=100, at_once=100, every=60),
        rivals=True,
        goals=_middle(ratio=1.06),
        sizes=MIDDLE,
    ),
    Scenario(
        key="terraform",
        title="Terraform, 200 calls, 10 at once",
        neighbour=Jobs(calls=200, at_once=10),
        rivals=True,
        goals=_middle(ratio=1.05),
        sizes=MIDDLE,
    ),
    Scenario(
        key="ci",
        title="CI job, 30 calls a minute, 3 tries",
        neighbour=Jobs(calls=30, at_once=4, every=60, attempts=STANDARD_ATTEMPTS),
        rivals=True,
        goals=_middle(their_lost=0.006),
        sizes=MIDDLE,
    ),
    Scenario(
        key="another-batchgw",
        title="another batchgw, 1,000 calls",
        neighbour=AnotherBatchgw(calls=1_000),
        rivals=True,
        sizes=MIDDLE,
    ),
    *(
        Scenario(
            key=f"dice-{percent}",
            title=f"{percent} % refused by chance",
            script=({"match": {"probability": percent / 100}, "fault": "throttle"},),
            rivals=True,
            sizes=MIDDLE,
        )
        for percent in (1, 2, 5)
    ),
    Scenario(
        key="after-denial",
        title="0.2/s remembered of a denial",
        believed=Belief(rate=0.2, burst=40, level=0, age=120),
        goals=_middle(ratio=1.05),
        sizes=MIDDLE,
    ),
    Scenario(
        key="polite-3",
        title="--polite, neighbour 3/s",
        settings=Settings(polite=True),
        neighbour=Neighbour(rate=3),
        goals=_middle(ratio=1.015, theirs=0.007),
        sizes=MIDDLE,
    ),
    Scenario(
        key="polite-6",
        title="--polite, neighbour 6/s",
        settings=Settings(polite=True),
        neighbour=Neighbour(rate=6),
        goals=_middle(ratio=1.05, theirs=0.015),
        sizes=MIDDLE,
    ),
    Scenario(
        key="uplink",
        title="alone, 5-80 ms on the way",
        uplink=(0.02, 0.08),
        sizes=SHORT,
    ),
)
"""All of them. What has no goals has none that anybody has shown to be reachable."""


def scenario(key: str) -> Scenario:
    """The scenario of that name. Raises KeyError."""
    return next(s for s in SCENARIOS if s.key == key)
