"""Makespan against the clairvoyant limit, and refusals, of whole runs in virtual time.

    python -m benchmarks.virtual_time [--quick] [--write] [--only SCENARIO] [--sizes 200,2000] [--tuning]
    python -m benchmarks.virtual_time --trace SCENARIO [--n 2000] [--seed 3]

The real limiter, applier, retry code and journal against the simulated service; only time is not real.
Means over held-out seeds, with the least and the most beside them; the limit is `clairvoyant.limit`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from benchmarks.harness.results import Section, show, write
from benchmarks.virtual.crowd import Done, Job, do_all
from benchmarks.virtual.rivals import RIVALS
from benchmarks.virtual.scenarios import HELD_OUT, SCENARIOS, SIZES, TUNING, Scenario, scenario
from benchmarks.virtual.table import COLUMNS, row, told_goals
from benchmarks.virtual.tracing import Samples, lines

SEEDS = {200: 24, 2_000: 8, 20_000: 3}
"""Seeds of a full run by size: small runs differ most, cost least. Goals at 2,000 are means over eight."""

QUICK_SEEDS = {200: 2, 2_000: 1}
"""Seeds of a quick run."""

RIVALS_AT = 2_000
"""The size at which others than batchgw make the run, too."""

RIVALS_SEEDS = 4
"""Seeds of theirs, at most: they differ by more than seeds do."""

TRACED = 2_000
"""The size of which one run a scenario is kept second by second."""


NOTES = (
    "A row: a scenario, and puts in one account. Quota: 10 calls/s, burst 40. Latency: lognormal, 60-200 ms.",
    "ratio: makespan / the earliest finish of someone who foresees the neighbour, and serves it in full.",
    "A ratio below 1 means that tokens were taken from the neighbour; theirs: share of its calls refused.",
    "A run of over 15 minutes reads each API once more before it writes there. Here it does not: puts count.",
    "lost: puts given up. wrong: not as desired, read from the world. attempts: most of one call.",
    "Quarters are of the time that the puts would need alone; the quota halves after one, returns at 65 %.",
    "Below a world: others in batchgw's place, who try each call until it is taken.",
    "theirs lost: share of the neighbour's calls that it gave up after its last try.",
    "2x too high, and too low, is said of both rate and burst; too low and unknown may be probed.",
)


def measure(*, quick: bool) -> Section:
    """Every scenario at every size."""
    return measured(SCENARIOS, QUICK_SEEDS if quick else SEEDS, quick=quick)


def measured(
    scenarios: Sequence[Scenario],
    seeds: dict[int, int],
    *,
    quick: bool,
    held_out: bool = True,
    partly: Sequence[str] = (),
) -> Section:
    """Some scenarios at some sizes, each over so many seeds; `partly` are the flags that say which."""
    began = time.perf_counter()
    first = (HELD_OUT if held_out else TUNING).start
    jobs = [
        Job(scenario=each.key, calls=calls, seed=first + n, traced=calls == TRACED and n == 0)
        for calls, count in seeds.items()
        for each in scenarios
        if calls in each.sizes
        for n in range(count)
    ]
    jobs += [
        Job(scenario=each.key, calls=RIVALS_AT, seed=first + n, rival=rival)
        for each, rival in _rivals(scenarios, seeds)
        for n in range(min(seeds[RIVALS_AT], RIVALS_SEEDS))
    ]
    done = list(do_all(jobs))
    rivals = _rivals(scenarios, seeds)
    rows = []
    for each in scenarios:
        rows += [row(each, calls, _of(done, each, calls)) for calls in seeds if calls in each.sizes]
        rows += [
            row(each, RIVALS_AT, _of(done, each, RIVALS_AT, rival), rival=rival)
            for scenario_, rival in rivals
            if scenario_ is each
        ]
    return Section(
        name="virtual_time",
        title="Virtual time: makespan against the clairvoyant limit, and refusals",
        command=" ".join(["python -m benchmarks.virtual_time", *(["--quick"] if quick else []), *partly]),
        quick=quick,
        columns=COLUMNS,
        rows=tuple(rows),
        notes=(*_notes(done, seeds, time.perf_counter() - began, held_out=held_out), *told_goals(rows)),
        series={"traces": _traces(scenarios, done)},
    )


def _rivals(scenarios: Sequence[Scenario], seeds: dict[int, int]) -> list[tuple[Scenario, str]]:
    """Who else makes which run."""
    if RIVALS_AT not in seeds:
        return []
    return [(each, rival) for each in scenarios if each.rivals for rival in RIVALS]


def _of(done: Sequence[Done], scenario: Scenario, calls: int, rival: str = "") -> list[Done]:
    return [d for d in done if (d.job.scenario, d.job.calls, d.job.rival) == (scenario.key, calls, rival)]


def _traces(scenarios: Sequence[Scenario], done: Sequence[Done]) -> list[dict[str, object]]:
    by_key = {d.job.scenario: d.trace.to_json() for d in done if d.trace is not None}
    return [by_key[each.key] for each in scenarios if each.key in by_key]


def _notes(done: Sequence[Done], sizes: dict[int, int], elapsed: float, *, held_out: bool) -> tuple[str, ...]:
    runs = [d.measured for d in done if d.measured is not None]
    cpu, sent = sum(run.cpu for run in runs), sum(run.sent for run in runs)
    seeds = "held-out seeds" if held_out else "TUNING seeds"
    counts = ", ".join(f"{count} runs of {calls:,}" for calls, count in sizes.items())
    calls = f"{sent:,} calls, {cpu / max(1, sent) * 1e3:.2f} ms of CPU each"
    return (
        f"Means over {seeds}, with the least and the most: {counts}.",
        *NOTES,
        f"In all {calls} with plan, simulated service and clock; {elapsed:.0f} s.",
    )


def main() -> None:
    """Measure and print, or tell one run second by second."""
    arguments = _arguments()
    if arguments.trace is not None:
        _trace(arguments.trace, arguments.n, arguments.seed, arguments.every)
        return
    seeds = QUICK_SEEDS if arguments.quick else SEEDS
    if arguments.sizes is not None:
        seeds = {n: seeds.get(n, 1) for n in map(int, arguments.sizes.split(","))}
    if arguments.seeds is not None:
        seeds = dict.fromkeys(seeds, arguments.seeds)
    scenarios = SCENARIOS if not arguments.only else tuple(map(scenario, arguments.only))
    partly = [flag for flag in sys.argv[1:] if flag not in {"--quick", "--write"}]
    section = measured(scenarios, seeds, quick=arguments.quick, held_out=not arguments.tuning, partly=partly)
    show(section)
    if arguments.write:
        print(write(section), file=sys.stderr)


def _trace(key: str, calls: int, seed: int, every: float) -> None:
    samples = Samples(scenario(key), calls, seed)
    measured = samples.run()
    for line in lines(samples.samples, every=every):
        print(line)
    print(
        f"limit {measured.limit:.2f} s, makespan {measured.makespan:.2f} s, ratio {measured.ratio:.4f}; "
        f"refused {measured.refused} of {measured.sent} ({measured.refused_share:.2%}), "
        f"theirs {measured.their_refused} of {measured.theirs} ({measured.their_refused_share:.2%}); "
        f"most attempts {measured.attempts}; {measured.failure or 'ended well'}"
    )


def _arguments() -> argparse.Namespace:
    keys = [each.key for each in SCENARIOS]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer seeds, and not 20,000 calls")
    parser.add_argument("--write", action="store_true", help="keep the results")
    parser.add_argument("--only", action="append", choices=keys, metavar="SCENARIO", help="repeatable")
    parser.add_argument("--sizes", help=f"of {', '.join(map(str, SIZES))}, with commas between")
    parser.add_argument("--seeds", type=int, help="so many seeds at each size")
    parser.add_argument("--tuning", action="store_true", help="seeds to develop with, from 0")
    parser.add_argument("--trace", choices=keys, metavar="SCENARIO", help="tell one run: " + ", ".join(keys))
    parser.add_argument("--n", type=int, default=2_000, help="calls of the traced run")
    parser.add_argument("--seed", type=int, default=3, help="seed of the traced run")
    parser.add_argument("--every", type=float, default=1.0, help="seconds a line of the trace")
    arguments = parser.parse_args()
    if arguments.write and (arguments.only or arguments.sizes or arguments.seeds or arguments.tuning):
        parser.error("results are kept of everything that is measured with held-out seeds, or not at all")
    return arguments


if __name__ == "__main__":
    main()
