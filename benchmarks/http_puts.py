"""The same 300 puts by everything a user would pick, over HTTP, against the throttled API.

    python -m benchmarks.http_puts [--quick] [--write]

One server at 10 calls/s, burst 40, for all; an account, and so a bucket, for each contestant. The limit is
(300 - 40) / 10 = 26 s. Quick: 100 puts (limit 6 s), and the contestants that matter most; of so little, the
last answer's latency alone is 2 %, so the goal is wider.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from benchmarks.harness import http
from benchmarks.harness.cli import main
from benchmarks.harness.contest import Entrant
from benchmarks.harness.results import Section
from benchmarks.harness.served import serving

TASK = (
    "batchgw applies a plan that another process made before, with journal and locks; its bucket was full "
    "again when it began. Of the others only the puts are asked; Terraform's provider reads each response "
    "after it has put it."
)

GOALS = {"ratio": 1.01, "refused": 0, "given_up": 0, "wrong": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A contest: puts, calls/second, calls at once, seconds of a bin of the plots and of (median) latency."""

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


def threads(label: str, mode: str, attempts: int, **more: Any) -> Entrant:
    """boto3 and 32 threads, with that retry mode and so many attempts in all."""
    alone = bool(more.pop("alone", False))
    retries = {"mode": mode, "total_max_attempts": attempts}
    return Entrant(
        label=label, peer="boto3-threads", options={"retries": retries, "threads": 32, **more}, alone=alone
    )


def gather(mode: str, attempts: int) -> Entrant:
    """aioboto3 and gather, with that retry mode and its usual number of attempts."""
    retries = {"mode": mode, "total_max_attempts": attempts}
    return Entrant(label=f"aioboto3 gather, {mode}", peer="aioboto3-gather", options={"retries": retries})


def limited(limiter: str, shown: str) -> Entrant:
    """A client with aiolimiter and tenacity."""
    return Entrant(
        label=f"aioboto3 + aiolimiter{shown} + tenacity",
        peer="aiolimiter-tenacity",
        options={"limiter": limiter},
    )


BATCHGW = Entrant(label="batchgw", peer="batchgw", prepare="batchgw-plan", alone=True, goals=GOALS)
ADAPTIVE = threads("boto3 32 threads, adaptive", "adaptive", 3, alone=True)
STANDARD = threads("boto3 32 threads, standard", "standard", 3)

# Attempts are botocore's defaults: 5 in legacy mode, 3 in the others.
ENTRANTS = (
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
    Entrant(label="botocove", peer="botocove", role=True),
    Entrant(label="Terraform", peer="terraform"),
)

QUICK_ENTRANTS = (
    replace(BATCHGW, goals=QUICK_GOALS),
    replace(ADAPTIVE, alone=False),
    STANDARD,
    gather("adaptive", 3),
    limited("bucket", "(40, 4)"),
)


def measure(*, quick: bool) -> Section:
    """Let them all run."""
    return compete(QUICK if quick else Size(), QUICK_ENTRANTS if quick else ENTRANTS, quick=quick)


def compete(size: Size, entrants: tuple[Entrant, ...], *, quick: bool) -> Section:
    """Let these run, and tell how it went."""
    options = http.world(
        accounts=len(entrants) + 1,
        regions=1,
        apis=size.puts,
        rate=size.rate,
        burst=size.burst,
        latency=size.latency,
        latency_p99=size.latency * 2,
    )
    with serving(options) as server:
        contest = http.contest(server, rate=size.rate, burst=size.burst, together=4 if quick else 3)
        results = contest.run(entrants)
    return Section(
        name="http_puts",
        title=f"{size.puts} puts over HTTP at {size.rate:g} calls/s, burst {size.burst:g}: "
        f"the limit is {size.limit:.1f} s",
        command="python -m benchmarks.http_puts" + (" --quick" if quick else ""),
        quick=quick,
        columns=(
            http.RATIO,
            http.WALL,
            http.CALLS,
            http.REFUSED,
            http.GIVEN_UP,
            http.WRONG,
            http.PROCESS,
            http.CPU,
        ),
        rows=tuple(http.row(result, limit=size.limit) for result in results),
        notes=(
            http.WALL_IS,
            http.PROCESS_IS,
            TASK,
            http.undisturbed(contest.heats),
            *http.reasons(results),
        ),
        series={
            "bars": ["ratio", "refused", "given_up"],
            "traces": http.traces(results, rate=size.rate, step=size.step),
        },
    )


if __name__ == "__main__":
    main(measure, __doc__)
