"""The main job, for real: plan, apply and check over HTTP against the simulated, throttled API.

Everything shown is measured: by the server, which counts calls and refusals, and by the commands themselves.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

APIS, ACCOUNTS, REGIONS = 600, 3, 2
RATE, BURST = 10.0, 40.0  # calls/second and calls, per account-region: AWS's own quota
LONGEST = 300.0  # seconds: the server stops by itself after so long
POLICY = Path("examples/policies/demo.yaml")
BATCHGW = os.path.relpath(Path(sys.executable).parent / "batchgw")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command: what it was, how long it took (seconds), and what the server counted meanwhile."""

    name: str
    seconds: float
    calls: int
    refused: int
    slowest: int  # calls in the scope that had most


@contextmanager
def simulator() -> Iterator[dict[str, Any]]:
    """Serve the world; give what it says when it is ready."""
    command = [BATCHGW, "simulate", "--apis", str(APIS), "--accounts", str(ACCOUNTS)]
    command += ["--regions", str(REGIONS), "--seed", "7", "--port", "0", "--max-seconds", str(LONGEST)]
    command += ["--rate", str(RATE), "--burst", str(BURST)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line:
                sys.exit("error: the simulated API did not start; its message is above")
            yield json.loads(line)
        finally:
            server.terminate()


def environment(ready: dict[str, Any], folder: Path) -> dict[str, str]:
    """The caller's environment without its AWS settings, and with the simulated management account's keys."""
    keys = ready["keys"][ready["management_account"]]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "BATCHGW_"))}
    return clean | {
        "AWS_ACCESS_KEY_ID": keys["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
        "AWS_ENDPOINT_URL": ready["endpoint"],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "BATCHGW_JOURNAL": str(folder / "journal.db"),
    }


def statistics(ready: dict[str, Any]) -> dict[str, Any]:
    """What the server counted, by scope, since it started."""
    with urllib.request.urlopen(ready["endpoint"] + "/_batchgw/stats") as answer:  # noqa: S310 - loopback
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
    print(f"\n$ {shlex.join([BATCHGW, *arguments])}", flush=True)
    calls_before, refused_before = management_calls(ready)
    began = time.monotonic()
    code = subprocess.run([BATCHGW, *arguments], env=env, check=False).returncode
    seconds = time.monotonic() - began
    if code != expected:
        sys.exit(f"error: batchgw {name} exited {code}, not {expected}; its message is above")
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
    """Run the three commands and print what they took."""
    with tempfile.TemporaryDirectory(prefix="batchgw-demo-") as folder, simulator() as ready:
        plan = f"{folder}/demo.plan"
        env = environment(ready, Path(folder))
        where = ["--region", ",".join(ready["regions"]), "--account", ",".join(ready["accounts"])]
        where += ["--role-name", ready["role_name"]]
        began = time.monotonic()
        steps = [
            run("plan", ["plan", str(POLICY), *where, "--out", plan], expected=2, ready=ready, env=env),
            run("apply", ["apply", "--plan", plan, "--yes"], expected=0, ready=ready, env=env),
            run("check", ["check", str(POLICY), *where], expected=0, ready=ready, env=env),
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
        f'  eval "$({BATCHGW} {again})"\n  {shlex.join([BATCHGW, "plan", str(POLICY), *where])}'
    )


if __name__ == "__main__":
    main()
