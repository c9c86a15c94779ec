"""Makespan of whole runs in virtual time, against the shortest possible one, and refused calls.

    python -m benchmarks.virtual_time [--quick] [--write] [--only SCENARIO] [--sizes 200,2000] [--tuning]
    python -m benchmarks.virtual_time --trace SCENARIO [--n 2000] [--seed 3]

The real limiter, executor, retries and journal run against the simulated service; only time is not real.
Figures are means over held-out seeds, beside them the smallest and the largest. The limit is `optimum.limit`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from benchmarks.harness.results import Section, show, write
from benchmarks.virtual.output.table import COLUMNS, goals_in_words, row
from benchmarks.virtual.output.tracing import Samples, lines
from benchmarks.virtual.parallel import Done, Job, do_all
from benchmarks.virtual.peers import PEERS
from benchmarks.virtual.scenarios import HELD_OUT, SCENARIOS, TUNING, scenario
from benchmarks.virtual.worlds.scenario import SIZES, Scenario

SEEDS = {200: 24, 2_000: 8, 20_000: 3}
"""Number of seeds by size: small runs differ most and cost least. Goals at 2,000 are means over eight."""

QUICK_SEEDS = {200: 2, 2_000: 1}
"""The same with --quick."""

PEERS_AT = 2_000
"""The size at which others than batchgw make the run, too."""

PEERS_SEEDS = 4
"""Number of seeds for them, at most: they differ from each other by more than their seeds do."""

TRACED = 2_000
"""The size of which one run of each scenario is plotted."""


NOTES = (
    "A row: a scenario, and puts in one account. Quota: 10 calls/s, burst 40. Latency: lognormal, 60-200 ms.",
    "limit: the shortest time, for a client that foresees the neighbour and takes none of its tokens.",
    "ratio: makespan / limit. Below 1, tokens were taken from the neighbour.",
    "neighbour refused: the share of its calls that was refused. neighbour lost: that it gave up in the end.",
    "A run of over 15 minutes reads each API again before it writes there. Not here: only puts count.",
    "given up: puts. wrong: API-types not as desired at the end. attempts: most of one call.",
    "Quarters: of the time that the puts would need alone. The quota is halved from 25 % to 65 % of it.",
    "Indented rows: other limiters in the place of batchgw. They retry each call until it is accepted.",
    "2x too high, 2x too low: the stated rate and burst both are. A rate too low or unknown is probed.",
)


def measure(*, quick: bool) -> Section:
    """Run every scenario at every size."""
    return measured(SCENARIOS, QUICK_SEEDS if quick else SEEDS, quick=quick)


def measured(
    scenarios: Sequence[Scenario],
    seeds: dict[int, int],
    *,
    quick: bool,
    held_out: bool = True,
    partly: Sequence[str] = (),
) -> Section:
    """Run some scenarios. `seeds` is their number by size; `partly` are the flags that chose them."""
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
        Job(scenario=each.key, calls=PEERS_AT, seed=first + n, peer=peer)
        for each, peer in _peers(scenarios, seeds)
        for n in range(min(seeds[PEERS_AT], PEERS_SEEDS))
    ]
    done = list(do_all(jobs))
    peers = _peers(scenarios, seeds)
    rows = []
    for each in scenarios:
        rows += [row(each, calls, _of(done, each, calls)) for calls in seeds if calls in each.sizes]
        rows += [
            row(each, PEERS_AT, _of(done, each, PEERS_AT, peer), peer=peer)
            for scenario_, peer in peers
            if scenario_ is each
        ]
    return Section(
        name="virtual_time",
        title="Virtual time: makespan against the shortest possible time, and refused calls",
        command=" ".join(["python -m benchmarks.virtual_time", *(["--quick"] if quick else []), *partly]),
        quick=quick,
        columns=COLUMNS,
        rows=tuple(rows),
        notes=(*_notes(done, seeds, time.perf_counter() - began, held_out=held_out), *goals_in_words(rows)),
        series={"traces": _traces(scenarios, done)},
    )


def _peers(scenarios: Sequence[Scenario], seeds: dict[int, int]) -> list[tuple[Scenario, str]]:
    """Which peers make which runs."""
    if PEERS_AT not in seeds:
        return []
    return [(each, peer) for each in scenarios if each.peers for peer in PEERS]


def _of(done: Sequence[Done], scenario: Scenario, calls: int, peer: str = "") -> list[Done]:
    return [d for d in done if (d.job.scenario, d.job.calls, d.job.peer) == (scenario.key, calls, peer)]


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
        f"Means over {seeds}, beside them the smallest and the largest value: {counts}.",
        *NOTES,
        f"In all {calls}, with plan, simulated service and clock; {elapsed:.0f} s.",
    )


def main() -> None:
    """Measure and print, or print one run second by second."""
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
    parser.add_argument("--write", action="store_true", help="write the results to benchmarks/results")
    parser.add_argument("--only", action="append", choices=keys, metavar="SCENARIO", help="repeatable")
    parser.add_argument("--sizes", help=f"some of {','.join(map(str, SIZES))}: calls of a run")
    parser.add_argument("--seeds", type=int, help="number of seeds at each size")
    parser.add_argument("--tuning", action="store_true", help="use the seeds for development, from 0")
    parser.add_argument("--trace", choices=keys, metavar="SCENARIO", help="print one run: " + ", ".join(keys))
    parser.add_argument("--n", type=int, default=2_000, help="calls of the traced run")
    parser.add_argument("--seed", type=int, default=3, help="seed of the traced run")
    parser.add_argument("--every", type=float, default=1.0, help="seconds for each line of the trace")
    arguments = parser.parse_args()
    if arguments.write and (arguments.only or arguments.sizes or arguments.seeds or arguments.tuning):
        parser.error("--write keeps only complete results: without --only, --sizes, --seeds and --tuning")
    return arguments


if __name__ == "__main__":
    main()
