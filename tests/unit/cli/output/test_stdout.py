"""Where data goes, as a real process: a full disk is said, a reader who left is let go."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BATCHGW = [sys.executable, "-m", "batchgw"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("verb", [["version"], ["presets"], ["schema"]])
def test_a_full_disk_behind_stdout_is_an_error_and_no_defect(verb: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([*BATCHGW, *verb], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: standard output cannot be written: No space left on device.")
    assert len(ended.stderr.splitlines()) == 1


def test_json_lines_are_lines() -> None:
    shown = subprocess.run([*BATCHGW, "schema", "-o", "jsonl"], stdout=subprocess.PIPE, text=True, check=True)
    (only,) = shown.stdout.splitlines()
    assert json.loads(only)["title"]


def test_a_reader_who_leaves_is_let_go_without_a_word() -> None:
    command = f"'{sys.executable}' -m batchgw presets | head -n 1"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert len(ended.stdout.splitlines()) == 1
    assert ended.stderr == ""
