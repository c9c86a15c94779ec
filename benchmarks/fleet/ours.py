"""batchgw: the command `batchgw check` as a user gives it, with a journal and a log file."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path

from batchgw.cli.main import run
from benchmarks.fleet.size import POLICY, ROLE, Size

DRIFT = 2  # exit code


def check(url: str, ca: Path, size: Size) -> tuple[int, int]:
    """Run the command. Raises RuntimeError when it does not find what is there."""
    with tempfile.TemporaryDirectory(prefix="batchgw-night-") as folder:
        policy = Path(folder, "policy.yaml")
        targets = {"accounts": list(size.account_ids), "regions": list(size.region_names), "role": ROLE}
        policy.write_text(f"{POLICY}targets: {json.dumps(targets)}\n")
        command = ["check", str(policy), "--endpoint-url", url, "--ca-bundle", str(ca), "--output", "jsonl"]
        command += ["--journal", f"{folder}/journal.db", "--log-file", f"{folder}/log"]
        with Path(folder, "out").open("w+") as out:
            with contextlib.redirect_stdout(out):
                code = run(command)
            out.seek(0)
            totals = next(json.loads(line) for line in out if line.startswith('{"kind":"totals"'))
    if code != DRIFT:
        raise RuntimeError(f"exit code {code}")
    return totals["total"]["apis"], totals["total"]["changed_apis"]
