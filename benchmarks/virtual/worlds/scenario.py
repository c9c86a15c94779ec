"""The record of a scenario: what the server does, what the client is told, and the goals."""

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
from benchmarks.virtual.worlds.settings import Settings

SIZES = (200, 2_000, 20_000)
"""Calls of a run."""

SHORT = SIZES[:2]
"""Sizes of the scenarios that have no goal at 20,000."""

MIDDLE = SIZES[1:2]
"""The size of the scenarios in which neighbours come once a minute, or once."""

Goals = Mapping[int, Mapping[str, float]]
"""Upper bounds of means over seeds, by calls of a run and column key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One row of the table at each size.

    Attributes:
        key: its name on the command line.
        title: its name in the table.
        settings: what the client is told.
        quota: the true quota of a bucket.
        neighbour: who else makes calls.
        pauses: the neighbour makes calls and pauses alternately, each for this share of the time that our
            calls would need alone; 0 leaves the neighbour as it is.
        steps: when the rate changes, as shares of the same time, and the factor from then on.
        refusals: whether a refused call takes a token.
        scoping: what has a bucket of its own.
        regions: the number of regions of the one account over which the calls are spread.
        uplink: seconds from the client to the service's bucket, median and 99th percentile; None for none.
            Where scopes share a bucket, it also decides, by the seed, which of two calls comes first.
        script: further faults, as plain data.
        believed: what the client remembers, where it is not what an earlier run learned in the same world.
        peers: whether others than batchgw make the run too.
        remembered: whether an earlier run has been made, whose learned quota the client remembers.
        goals: upper bounds by size.
        sizes: the sizes of which runs are made.
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
    peers: bool = False
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

    def uplink_of(self, seed: int) -> Callable[[Scope], Latency] | None:
        """The latency from the client to the bucket, drawn for each scope independently; None for none."""
        if self.uplink is None:
            return None
        median, p99 = self.uplink
        return lambda scope: Latency(median=median, p99=p99, seed=crc32(f"{seed}/{scope}".encode()))
