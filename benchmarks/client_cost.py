"""What the client costs: CPU of a put, with a server that throttles nothing, as a ratio to bare aioboto3.

    python -m benchmarks.client_cost [--quick] [--write]

Every contestant makes the same puts, in a process of its own on one core; the server has the other. Before
each round of another contestant, bare aioboto3 makes one, and the CPU of the two is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any

from benchmarks.client.contestant import Contestant, Taken, Way
from benchmarks.client.server import served
from benchmarks.client.task import CONNECTIONS, SCOPE
from benchmarks.harness.cli import main
from benchmarks.harness.cores import apart
from benchmarks.harness.results import Column, Row, Section, Value

COMMAND = "python -m benchmarks.client_cost"

AGENT: dict[str, Any] = {"user_agent": "batchgw/benchmark"}
VALIDATION: dict[str, Any] = {"parameter_validation": False}

BARE = "aioboto3, gather"
ALL_CUTS = "all four cuts"
FAST_CLIENT = "all four cuts, fast path"
STOCK_PLANE, FAST_PLANE = "batchgw's AwsControlPlane", "batchgw's AwsControlPlane, fast path"
PACED = "  with limiter and retries, fast path"
STOCK_RUN, FAST_RUN = "batchgw apply, all of it", "batchgw apply, all of it, fast path"

RUN = 5
"""A round of a run has this many times as many puts, because it includes the run's start and end."""

WAYS: tuple[Way, ...] = (
    Way(name=BARE, module="bare"),
    Way(name="  user agent", module="bare", options=AGENT),
    Way(name="  no validation", module="bare", options=VALIDATION),
    Way(name="  own signer", module="cuts", options={"signer": True}),
    Way(name="  own http session", module="cuts", options={"pool": True}),
    Way(name=ALL_CUTS, module="cuts", options={"signer": True, "pool": True, **AGENT, **VALIDATION}),
    Way(
        name=FAST_CLIENT,
        module="cuts",
        options={"signer": True, "pool": True, "fast": True, **AGENT, **VALIDATION},
    ),
    Way(name=STOCK_PLANE, module="plane", options={"fast_path": False}),
    Way(name=FAST_PLANE, module="plane", options={"fast_path": True}),
    Way(name=PACED, module="plane", options={"fast_path": True, "paced": True}),
    Way(name=STOCK_RUN, module="rollout", options={"fast_path": False}, goals={"ratio": 0.70}, share=RUN),
    Way(name=FAST_RUN, module="rollout", options={"fast_path": True}, goals={"ratio": 0.50}, share=RUN),
    Way(name="boto3, 32 threads", module="threads", options={"threads": 32}),
    Way(name="aiohttp and a signer, no botocore", module="wire"),
)

COLUMNS = (
    Column(key="ratio", label="CPU / bare", format=".2f"),
    Column(key="range", label="min..max"),
    Column(key="cpu", label="CPU ms a put", format=".3f"),
    Column(key="rate", label="puts/s", format=",.0f"),
    Column(key="peak", label="peak MB", format=".0f"),
)


def measure(*, quick: bool) -> Section:
    """Measure all ways."""
    puts, rounds = (300, 3) if quick else (300, 11)
    rows = compete(WAYS, puts=puts, rounds=rounds)
    return Section(
        name="client_cost",
        title="CPU of a put, with a server that throttles nothing",
        command=COMMAND,
        quick=quick,
        columns=COLUMNS,
        rows=rows,
        notes=(_how(puts, rounds), *gains(rows)),
    )


def compete(ways: Sequence[Way], *, puts: int, rounds: int) -> tuple[Row, ...]:
    """Let every way make its puts, round by round. The others are compared with the first."""
    with ExitStack() as stack:
        url = stack.enter_context(served())
        contestants = [stack.enter_context(Contestant(way, url)) for way in ways]
        bare, others = contestants[0], contestants[1:]
        for _ in range(rounds):
            for each in others:
                bare.round(puts)
                each.round(puts)
        for each in contestants:
            each.end()
    pairs = [bare.rounds[n :: len(others)] for n in range(len(others))]
    return (
        _row(bare, bare.rounds),
        *(_row(each, before) for each, before in zip(others, pairs, strict=True)),
    )


def _row(each: Contestant, before: Sequence[Taken]) -> Row:
    """Compare each round of a contestant with bare aioboto3's round before it."""
    values: dict[str, Value] = {"peak": each.peak}
    if each.rounds:
        values["cpu"] = median(taken.cpu for taken in each.rounds) * 1e3
        values["rate"] = 1 / median(taken.seconds for taken in each.rounds)
    ratios = [mine.cpu / its.cpu for mine, its in zip(each.rounds, before, strict=False)]
    if ratios:
        values["ratio"] = median(ratios)
        values["range"] = f"{min(ratios):.2f}..{max(ratios):.2f}"
    return Row(name=each.way.name, values=values, goals=each.way.goals, failed=each.failed)


def _how(puts: int, rounds: int) -> str:
    where = "each on a core of its own" if apart() else "both on any core"
    return (
        f"{rounds} rounds of {puts:,} puts each, {CONNECTIONS} connections, one account-region "
        f"({SCOPE.region}); medians of the rounds. Client and server ran {where}. gather starts all puts at "
        f'once; batchgw has {CONNECTIONS} workers. "all of it" is `api.apply` of a plan: its import of '
        f"{puts * RUN:,} puts into the journal, limiter, retries, intents and outcomes on disk, a log file, "
        "and live progress. Before each round gc.freeze is called, for every contestant."
    )


def gains(rows: Sequence[Row]) -> tuple[str, ...]:
    """Say what each step saves, in percent of bare aioboto3's CPU."""
    ratio = {row.name: row.values.get("ratio") for row in rows}

    def off(before: str, after: str) -> str:
        first, second = ratio.get(before), ratio.get(after)
        known = isinstance(first, float) and isinstance(second, float)
        return f"{(first - second) * 100:.0f} %" if known else "unknown"  # type: ignore[operator] # known

    alone = [way.name for way in WAYS[1:5]]
    cuts = ", ".join(f"{name.strip()} {off(BARE, name)}" for name in alone)
    return (
        f"Each cut alone saves: {cuts}; all four together: {off(BARE, ALL_CUTS)}.",
        (
            f"The fast path saves: {off(ALL_CUTS, FAST_CLIENT)} of the client alone, "
            f"{off(STOCK_PLANE, FAST_PLANE)} of the control plane, {off(STOCK_RUN, FAST_RUN)} of a run."
        ),
        (
            f"Targets, translation and credentials add {off(STOCK_PLANE, ALL_CUTS)} to the client. A run "
            f"adds to the control plane: limiter and retries {off(PACED, FAST_PLANE)}, journal, workers, log "
            f"and progress {off(FAST_RUN, PACED)}."
        ),
    )


if __name__ == "__main__":
    main(measure, __doc__)
