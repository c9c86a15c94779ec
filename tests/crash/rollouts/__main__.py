"""Kills rollouts: `python -m tests.crash.rollouts [--rollouts N] [--rollbacks N] [--seed S]`."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.compiled_once import compiled_once
from tests.crash.rollouts.cases import Done, done, moments, rollback, rollout, second, warm
from tests.crash.rollouts.world import planned

WORLDS = (3, 11)
"""Seeds of the worlds. Each is used in turn."""

VERBS = ("resume", "retry", "rollback")
"""What a second process is refused while a first one works on a run."""

Act = Callable[..., list[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill as many as is said, and print what is wrong as JSON. Gives the exit code: 1 for anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.rollouts", description=__doc__)
    parser.add_argument("--rollouts", type=int, default=100)
    parser.add_argument("--rollbacks", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same moments")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as name, compiled_once():
        folder = Path(name)
        truths = [planned(seed, folder) for seed in WORLDS]
        warm(truths[0], folder)
        gc.freeze()  # children need not copy what they only look at
        firsts = [done(truth, folder / f"{truth.seed}") for truth in truths]
        wrong = {
            "rollouts": _killed(rollout, firsts, folder, options.rollouts, options.seed),
            "rollbacks": _killed(rollback, firsts, folder, options.rollbacks, options.seed),
            **{verb: second(firsts[0], folder / verb, verb) for verb in VERBS},
        }
    sys.stdout.write(json.dumps(wrong, indent=1) + "\n")
    return 1 if any(wrong.values()) else 0


def _killed(act: Act, firsts: Sequence[Done], folder: Path, count: int, seed: int) -> list[str]:
    """Kill at `count` moments, and give what is wrong, each with the world and the moments."""
    wrong = list[str]()
    known = firsts[0].moments if act is rollout else firsts[0].moments_back
    for number, (kill_at, faults) in enumerate(moments(known, count, seed)):
        first = firsts[number % len(firsts)]
        found = act(first, folder / f"{act.__name__}-{number}", kill_at, faults=faults)
        wrong += [f"world {first.truth.seed}, killed at {kill_at}, faults {faults}: {each}" for each in found]
    return wrong


if __name__ == "__main__":
    sys.exit(main())
