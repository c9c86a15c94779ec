"""The command line with each emulator: what it prints, what it changes, and its exit codes."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.integration import fleet as fleets
from tests.integration.command import TIMEOUT, Shell
from tests.integration.emulator import IRELAND, VIRGINIA, Emulator
from tests.integration.fleet import POLICY, WRITES, Fleet

AT_ONCE = ("--rate", "1000", "--burst", "1000")

SLOWLY = ("--rate", "0.2", "--burst", "9")
"""In each region 1 listing, 6 reads and 2 writes at once, then 10 more writes in 50 seconds, which even a
busy machine is not slower than."""


def opened(emulator: Emulator, folder: Path, **variables: str) -> tuple[Fleet, Shell]:
    """Make the APIs, and a folder with the policy to work in."""
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return fleets.launch(emulator), Shell(emulator=emulator, folder=folder, variables=variables)


@pytest.mark.parametrize("fast_path", ["1", "0"])
def test_plan_apply_check_and_drift(emulator: Emulator, tmp_path: Path, fast_path: str) -> None:
    """All commands in order, each with its exit code. boto3 reads what is true."""
    fleet, shell = opened(emulator, tmp_path, BATCHGW_CLIENT_FAST_PATH=fast_path)

    planned = shell.batchgw("plan", "policy.yaml", "--out", "saved.plan")
    assert planned.code == 2
    assert "Plan: 16 to create, 4 to update, 4 to reset, 12 as desired, in 10 APIs of 12." in planned.out
    assert fleet.state() == Fleet.before()

    applied = shell.batchgw("apply", "--plan", "saved.plan", "--yes", "--output", "json")
    assert applied.code == 0
    summary = json.loads(applied.out)
    assert (summary["applied"], summary["unchanged"], summary["expected"]) == (24, 12, 36)
    assert summary["proves"]
    assert fleet.state() == Fleet.after()

    assert shell.batchgw("check", "policy.yaml").code == 0

    fleet.delete((IRELAND, "untouched"), "UNAUTHORIZED")
    fleet.put((VIRGINIA, "own-waf"), "THROTTLED", fleets.SLOW_DOWN)
    checked = shell.batchgw("check", "policy.yaml", "--output", "jsonl")
    assert checked.code == 2
    assert {
        (line["api"]["region"], line["api"]["name"], change["target"], change["action"])
        for line in checked.lines
        if line["kind"] == "api"
        for change in line["changes"]
        if change["action"] != "NO_OP"
    } == {
        (IRELAND, "orders-untouched", "UNAUTHORIZED", "CREATE"),
        (VIRGINIA, "orders-own-waf", "THROTTLED", "RESET"),
    }


def test_what_discover_prints_is_what_put_takes(only_ministack: Emulator, tmp_path: Path) -> None:
    fleet, shell = opened(only_ministack, tmp_path)
    found = shell.batchgw(
        "discover", "--region", f"{IRELAND},{VIRGINIA}", "--name", "orders-own-*", "-o", "jsonl"
    )
    assert found.code == 0
    own = {"orders-own-throttled", "orders-own-waf", "orders-own-status"}
    assert {(line["region"], line["name"]) for line in found.lines} == {
        (region, name) for region in (IRELAND, VIRGINIA) for name in own
    }

    quota = ("--type", "QUOTA_EXCEEDED", "--status", "420", "--header", "X-Reason=quota", "--yes")
    put = shell.batchgw("put", *quota, "--targets", "-", "-o", "json", stdin=found.out)
    assert put.code == 0
    assert json.loads(put.out)["applied"] == 6
    wanted = {"statusCode": "420", "responseParameters": {"gatewayresponse.header.X-Reason": "'quota'"}}
    assert fleet.state() == {
        at: {**own, "QUOTA_EXCEEDED": wanted} if at[1].startswith("own-") else own
        for at, own in Fleet.before().items()
    }


def test_ctrl_c_ends_an_apply_and_says_how_to_finish_it(only_ministack: Emulator, tmp_path: Path) -> None:
    fleet, shell = opened(only_ministack, tmp_path)
    code, err = _ended_halfway(fleet, shell, signal.SIGINT)
    assert code == 130
    assert "stopping: no new calls" in err
    hint = re.search(r"^To finish it: batchgw (resume .+)$", err, re.MULTILINE)
    assert hint is not None

    resumed = shell.batchgw(*shlex.split(hint[1]), "--yes", *AT_ONCE, "--output", "json")
    assert resumed.code == 0
    assert json.loads(resumed.out)["applied"] == WRITES
    assert fleet.state() == Fleet.after()


def test_an_apply_that_was_killed_is_resumed(only_moto: Emulator, tmp_path: Path) -> None:
    """After kill -9, a resume goes on: the lock of the dead process does not stop its own run."""
    fleet, shell = opened(only_moto, tmp_path)
    code, _ = _ended_halfway(fleet, shell, signal.SIGKILL)
    assert code == -signal.SIGKILL

    resumed = shell.batchgw("resume", "last", "--yes", *AT_ONCE, "--output", "json")
    assert resumed.code == 0
    summary = json.loads(resumed.out)
    assert (summary["applied"], summary["unchanged"], summary["proves"]) == (WRITES, 12, True)
    assert fleet.state() == Fleet.after()


def _ended_halfway(fleet: Fleet, shell: Shell, by: signal.Signals) -> tuple[int, str]:
    """Start an apply and end it after the first writes. Give its exit code and its output."""
    with shell.started("apply", "policy.yaml", "--yes", *SLOWLY) as process:
        _wait_for_a_write(fleet, process)
        process.send_signal(by)
        _, err = process.communicate(timeout=TIMEOUT)
    assert fleet.state() != Fleet.after(), "it was too fast for this test"
    return process.returncode, err


def _wait_for_a_write(fleet: Fleet, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while fleet.state() == Fleet.before():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "nothing was written"
