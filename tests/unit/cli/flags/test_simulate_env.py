"""`simulate --env`: a world in the background, reached by what a shell evaluates."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.simulator.over_http import background
from batchgw.simulator.over_http.options import ServeOptions
from batchgw.throttle.quota import SERVICES
from tests.unit.cli_driver import Result, batchgw, clean_environment

SMALL = ("--apis", "3", "--accounts", "1", "--regions", "1", "--max-seconds", "60")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Result]:
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_PROFILE", "elsewhere")
    done = batchgw("simulate", "--env", *SMALL)
    yield done
    os.kill(process(done), signal.SIGTERM)


def process(done: Result) -> int:
    found = re.search(r"kill (\d+)", done.err)
    assert found is not None
    return int(found[1])


def gone(folder: Path) -> None:
    """Wait until it is; the suite's own timeout bounds that."""
    while folder.exists():
        time.sleep(0.01)


def evaluated(done: Result, command: str) -> str:
    """What a command prints in a shell that has evaluated the lines."""
    script = f"eval {shlex.quote(done.out)}; {command}"
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout


def test_a_shell_that_evaluates_it_reaches_the_world(started: Result) -> None:
    assert started.code == 0
    shown = evaluated(started, f"{sys.executable} -m batchgw discover -o jsonl")
    assert shown.count('"id":') == 3
    stages = evaluated(started, "echo $BATCHGW_DATA_PLANE_URL")
    assert re.fullmatch(r"http://\S+:\d+/restapis/{api}/{stage}/_user_request_{path}\n", stages)


def test_a_profile_of_the_shell_does_not_lead_past_it(started: Result) -> None:
    assert evaluated(started, "echo ${AWS_PROFILE-unset}") == "unset\n"


def test_no_service_of_the_shell_is_asked_elsewhere(started: Result) -> None:
    unset = started.out.split(";")[0].split()
    assert {f"AWS_ENDPOINT_URL_{service.upper()}" for service in ("api_gateway", *SERVICES)} <= {*unset}


def test_its_journal_ends_with_it(started: Result) -> None:
    folder = Path(evaluated(started, "dirname $BATCHGW_JOURNAL").strip())
    assert folder.is_dir()
    os.kill(process(started), signal.SIGTERM)
    gone(folder)


def test_it_ends_by_itself() -> None:
    gone(background.start(ServeOptions(apis=1, accounts=1, regions=1, max_seconds=0.01)).folder)


def test_what_cannot_be_served_says_why_and_leaves_nothing(started: Result) -> None:
    refused = batchgw("simulate", "--env", *SMALL, "--certfile", "none.pem")
    assert (refused.code, refused.out) == (64, "")
    assert "none.pem" in refused.err
    del started


def test_a_server_without_an_end_is_not_left_behind() -> None:
    with pytest.raises(ValueError, match="must end by itself"):
        background.start(ServeOptions(apis=1))
