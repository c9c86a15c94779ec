"""The main job, for real: plan, apply and check over HTTP against the simulated, throttled API.

Everything shown is measured: by the server, which counts calls and refusals, and by the commands themselves.
"""

from __future__ import annotations

import argparse
import json
import shlex
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import demo_rollout
from scripts.demo_world import BATCHGW, batchgw, environment, expect, opened, simulator, where

APIS, ACCOUNTS, REGIONS = 600, 3, 2
RATE, BURST = 10.0, 40.0  # calls/second and calls, per account-region: AWS's own quota
POLICY = Path("examples/policies/demo.yaml")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command: what it was, how long it took (seconds), and what the server counted meanwhile."""

    name: str
    seconds: float
    calls: int
    refused: int
    slowest: int  # calls in the scope that had most


def statistics(ready: dict[str, Any]) -> dict[str, Any]:
    """What the server counted, by scope, since it started."""
    with opened(ready["endpoint"] + "/_batchgw/stats") as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def management_calls(ready: dict[str, Any]) -> tuple[dict[str, int], int]:
    """Calls per scope and refusals altogether, of API Gateway's operations: STS has another quota."""
    calls: dict[str, int] = {}
    refused = 0
    for scope, of_scope in statistics(ready)["scopes"].items():
        for operation, tally in of_scope["operations"].items():
            if operation not in ("AssumeRole", "GetCallerIdentity"):
                calls[scope] = calls.get(scope, 0) + tally["calls"]
                refused += tally["refused"]
    return calls, refused


def run(
    name: str, arguments: list[str], *, expected: int, ready: dict[str, Any], env: dict[str, str]
) -> Step:
    """Run a command before the reader's eyes. Ends the demo when it does not exit as it should."""
    calls_before, refused_before = management_calls(ready)
    began = time.monotonic()
    expect(arguments, expected, lambda each: batchgw(each, env))
    seconds = time.monotonic() - began
    calls, refused = management_calls(ready)
    made = {scope: n - calls_before.get(scope, 0) for scope, n in calls.items()}
    return Step(
        name=name,
        seconds=seconds,
        calls=sum(made.values()),
        refused=refused - refused_before,
        slowest=max(made.values()),
    )


def main() -> None:
    """Show what is asked for: the quota, or with --rollout the waves."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="batchgw against a simulated, throttled API"
    )
    parser.add_argument(
        "--rollout", action="store_true", help="make a response live in waves, and take it back"
    )
    if parser.parse_args().rollout:
        demo_rollout.main()
    else:
        at_the_quota()


def at_the_quota() -> None:
    """Run the three commands and print what they took."""
    world = ["--apis", str(APIS), "--accounts", str(ACCOUNTS), "--regions", str(REGIONS)]
    world += ["--rate", str(RATE), "--burst", str(BURST)]
    with tempfile.TemporaryDirectory(prefix="batchgw-demo-") as folder, simulator(*world) as ready:
        plan = f"{folder}/demo.plan"
        env = environment(ready, Path(folder))
        everywhere = where(ready)
        began = time.monotonic()
        steps = [
            run("plan", ["plan", str(POLICY), *everywhere, "--out", plan], expected=2, ready=ready, env=env),
            run("apply", ["apply", "--plan", plan, "--yes"], expected=0, ready=ready, env=env),
            run("check", ["check", str(POLICY), *everywhere], expected=0, ready=ready, env=env),
        ]
        elapsed = time.monotonic() - began
        calls, refused = management_calls(ready)
    limit = (max(calls.values()) - BURST) / RATE
    print(f"\n{APIS} REST APIs in {len(calls)} account-regions at {RATE:g} calls/s, burst {BURST:g} each:\n")
    print("  step     calls  refused  seconds")
    for step in steps:
        print(f"  {step.name:<7}{step.calls:>7,}{step.refused:>9}{step.seconds:>9.1f}")
    print(f"  all    {sum(calls.values()):>7,}{refused:>9}{elapsed:>9.1f}")
    print(
        f"\n  makespan {elapsed:.1f} s, three program starts included; the limit is "
        f"({max(calls.values())} - {BURST:g}) / {RATE:g} = {limit:.1f} s: ratio {elapsed / limit:.2f}"
    )
    again = shlex.join(["simulate", "--env", "--accounts", str(ACCOUNTS), "--regions", str(REGIONS)])
    print(
        "\nThat server has ended. To try the same commands, or others, yourself:\n\n"
        f'  eval "$({BATCHGW} {again})"\n  {shlex.join([BATCHGW, "plan", str(POLICY), *everywhere])}'
    )


if __name__ == "__main__":
    main()
