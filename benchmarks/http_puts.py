"""The same 300 puts over HTTP against the throttled API, by batchgw and by what else a user would pick.

    python -m benchmarks.http_puts [--quick] [--write]

One server at 10 calls/s, burst 40, serves all contestants. Each has an account of its own, and so a bucket of
its own. The limit is (300 - 40) / 10 = 26 s. Quick: 100 puts (limit 6 s), and the most important contestants.
In so short a run the latency of the last answer alone is 2 %, so the goal is higher.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from benchmarks.harness.cli import main
from benchmarks.harness.results import Section
from benchmarks.over_http import table, task
from benchmarks.over_http.contestant import Contestant
from benchmarks.over_http.serving import serving

TASK = (
    "batchgw applies a plan that another process made before, with journal and locks. Its bucket was full "
    "again when it began. The others only make the puts; Terraform's provider also reads each response after "
    "its put."
)

GOALS = {"ratio": 1.01, "refused": 0, "given_up": 0, "wrong": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A contest: puts, calls/second, calls at once, seconds of one bin of the plots and of median latency."""

    puts: int = 300
    rate: float = 10.0
    burst: float = 40.0
    step: float = 1.0
    latency: float = 0.11

    @property
    def limit(self) -> float:
        """Seconds: the burst leaves at once, the rest at the rate."""
        return (self.puts - self.burst) / self.rate


QUICK = Size(puts=100, step=0.25)
QUICK_GOALS = {**GOALS, "ratio": 1.04}


def threads(label: str, mode: str, attempts: int, **more: Any) -> Contestant:
    """boto3 with 32 threads and this retry mode. `attempts` includes the first."""
    alone = bool(more.pop("alone", False))
    retries = {"mode": mode, "total_max_attempts": attempts}
    return Contestant(
        label=label, peer="boto3-threads", options={"retries": retries, "threads": 32, **more}, alone=alone
    )


def gather(mode: str, attempts: int) -> Contestant:
    """aioboto3 with gather and this retry mode. `attempts` includes the first."""
    retries = {"mode": mode, "total_max_attempts": attempts}
    return Contestant(label=f"aioboto3 gather, {mode}", peer="aioboto3-gather", options={"retries": retries})


def limited(limiter: str, shown: str) -> Contestant:
    """aioboto3 with aiolimiter and tenacity; `shown` are the arguments of its AsyncLimiter."""
    return Contestant(
        label=f"aioboto3 + aiolimiter{shown} + tenacity",
        peer="aiolimiter-tenacity",
        options={"limiter": limiter},
    )


BATCHGW = Contestant(label="batchgw", peer="batchgw", prepare="batchgw-plan", alone=True, goals=GOALS)
ADAPTIVE = threads("boto3 32 threads, adaptive", "adaptive", 3, alone=True)
STANDARD = threads("boto3 32 threads, standard", "standard", 3)

# Attempts are botocore's defaults: 5 in legacy mode, 3 in the others.
CONTESTANTS = (
    BATCHGW,
    ADAPTIVE,
    threads("boto3 32 threads, a client each, adaptive", "adaptive", 3, per_thread=True),
    STANDARD,
    threads("boto3 32 threads, legacy, 10 attempts", "legacy", 10),
    gather("adaptive", 3),
    gather("standard", 3),
    gather("legacy", 5),
    limited("bucket", "(40, 4)"),
    limited("rate", "(10, 1)"),
    Contestant(label="botocove", peer="botocove", role=True),
    Contestant(label="Terraform", peer="terraform"),
)

QUICK_CONTESTANTS = (
    replace(BATCHGW, goals=QUICK_GOALS),
    replace(ADAPTIVE, alone=False),
    STANDARD,
    gather("adaptive", 3),
    limited("bucket", "(40, 4)"),
)


def measure(*, quick: bool) -> Section:
    """Run all of them."""
    return compete(QUICK if quick else Size(), QUICK_CONTESTANTS if quick else CONTESTANTS, quick=quick)


def compete(size: Size, contestants: tuple[Contestant, ...], *, quick: bool) -> Section:
    """Run these contestants, and give the table."""
    options = task.world(
        accounts=len(contestants) + 1,
        regions=1,
        apis=size.puts,
        rate=size.rate,
        burst=size.burst,
        latency=size.latency,
        latency_p99=size.latency * 2,
    )
    with serving(options) as server:
        contest = task.contest(server, rate=size.rate, burst=size.burst, together=4 if quick else 3)
        results = contest.run(contestants)
    return Section(
        name="http_puts",
        title=f"{size.puts} puts over HTTP at {size.rate:g} calls/s, burst {size.burst:g}: "
        f"the limit is {size.limit:.1f} s",
        command="python -m benchmarks.http_puts" + (" --quick" if quick else ""),
        quick=quick,
        columns=(
            table.RATIO,
            table.WALL,
            table.CALLS,
            table.REFUSED,
            table.GIVEN_UP,
            table.WRONG,
            table.PROCESS,
            table.CPU,
        ),
        rows=tuple(table.row(result, limit=size.limit) for result in results),
        notes=(
            table.WALL_IS,
            table.PROCESS_IS,
            TASK,
            table.load_in_words(contest.loads),
            *table.reasons(results),
        ),
        series={
            "bars": ["ratio", "refused", "given_up"],
            "traces": table.traces(results, rate=size.rate, step=size.step),
        },
    )


if __name__ == "__main__":
    main(measure, __doc__)
