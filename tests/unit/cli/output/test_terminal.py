"""With a terminal, and with signals: the question, the live view, the two-step stop. Real processes."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served
from tests.unit.cli_terminal import at_terminal

PATIENCE = 30.0
"""Seconds after which a test gives up waiting for a text."""


class OnTerminal:
    """A batchgw whose stdin, stdout and stderr are a terminal."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "batchgw", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"},
            start_new_session=True,
        )
        os.close(slave)
        self.text = ""

    def wait_for(self, text: str) -> None:
        """Read until the text has come."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.text:
            assert time.monotonic() < deadline, self.text
            assert self._read(), self.text

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Read to the end and give the exit code."""
        while self._read():
            pass
        os.close(self._master)
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.text += data.decode(errors="replace")
        return bool(data)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch) as info:
        yield info


def pending() -> int:
    """How many writes the policy still asks for."""
    total = batchgw("plan", "policy.yaml", "-o", "json").json["totals"]["total"]
    return int(total["creates"] + total["updates"] + total["resets"])


def slow_plan() -> list[str]:
    """Make a plan, and give the flags that apply it at a call in two seconds."""
    assert batchgw("plan", "policy.yaml", "--out", "p.plan").code == 2
    return ["--plan", "p.plan", "--no-recheck", "--yes", "--rate", "0.5", "--burst", "1"]


@pytest.mark.usefixtures("world")
def test_yes_is_asked_for_and_accepted() -> None:
    run = OnTerminal("apply", "policy.yaml")
    run.wait_for("Enter a value: ")
    assert re.search(r"Make \d+ changes to 8 REST APIs in 4 account-regions\?", run.text)
    assert "Only 'yes' will be accepted." in run.text
    run.type("yes\n")
    assert run.end() == 0
    assert "every target accounted for" in run.text
    assert pending() == 0


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("answer", ["y", "YES"])
def test_anything_else_writes_nothing(answer: str) -> None:
    run = at_terminal("apply", "policy.yaml", answers=[answer])
    assert (run.code, run.asked) == (3, 1)
    assert "nothing was written" in run.text
    assert batchgw("runs", "list", "-o", "json").json == []
    assert pending() > 0


@pytest.mark.usefixtures("world")
def test_the_end_of_the_input_writes_nothing() -> None:
    run = OnTerminal("apply", "policy.yaml")
    run.wait_for("Enter a value: ")
    run.type("\x04")
    assert run.end() == 3  # not 130: nobody interrupted anything
    assert "nothing was written" in run.text
    assert batchgw("runs", "list", "-o", "json").json == []
    assert pending() > 0


@pytest.mark.usefixtures("world")
def test_ctrl_c_ends_the_question_at_once() -> None:
    run = OnTerminal("apply", "policy.yaml")
    run.wait_for("Enter a value: ")
    run.interrupt()
    assert run.end() == 130
    assert "nothing was written" in run.text
    assert "Traceback" not in run.text


@pytest.mark.usefixtures("world")
def test_yes_given_beforehand_asks_nothing() -> None:
    run = OnTerminal("apply", "policy.yaml", "--yes")
    assert run.end() == 0
    assert "Enter a value" not in run.text


@pytest.mark.usefixtures("world")
def test_ctrl_c_once_finishes_what_is_in_flight_and_tells_how_to_go_on() -> None:
    run = OnTerminal("apply", *slow_plan())
    run.wait_for("Applying")
    run.interrupt()
    assert run.end() == 130
    assert "stopping: no new calls" in run.text
    assert "every target accounted for" in run.text
    (command,) = re.findall(r"batchgw (resume \S+)", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", run.text))
    resumed = batchgw(*command.split(), "--yes", "--rate", "1000", "--burst", "100", "-o", "json")
    assert (resumed.code, resumed.json["not_attempted"]) == (0, 0)
    assert pending() == 0


@pytest.mark.usefixtures("world")
def test_ctrl_c_twice_stops_now_and_loses_nothing() -> None:
    run = OnTerminal("apply", *slow_plan())
    run.wait_for("Applying")
    run.interrupt()
    run.wait_for("stopping: no new calls")
    run.interrupt()
    assert run.end() == 130
    assert "Traceback" not in run.text
    resumed = batchgw("resume", "last", "--yes", "--rate", "1000", "--burst", "100", "-o", "json")
    assert (resumed.code, resumed.json["proves"]) == (0, True), resumed.err
    assert pending() == 0


@pytest.mark.usefixtures("world")
def test_the_live_view_is_removed_at_the_end() -> None:
    run = OnTerminal("plan", "policy.yaml")
    assert run.end() == 2
    assert run.text.count("\x1b[?25l") == run.text.count("\x1b[?25h")  # the cursor is given back
    assert "Reading: 8 of 8 APIs in " in run.text


@pytest.mark.usefixtures("world")
def test_no_colour_and_no_live_view_when_they_are_turned_off() -> None:
    run = OnTerminal("plan", "policy.yaml", "--no-color", "--quiet")
    assert run.end() == 2
    assert "\x1b" not in run.text


@pytest.mark.usefixtures("world")
def test_sigterm_is_like_one_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "batchgw", "apply", *slow_plan(), "--log-level", "info",
         "--log-format", "json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    ) as run:  # fmt: skip
        assert run.stderr is not None
        for text in run.stderr:
            if '"phase": "apply"' in text and "batchgw.phase.started" in text:
                break
        run.send_signal(signal.SIGTERM)
        out, err = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130
    assert "every target accounted for" in out
    assert "batchgw resume " in err


def test_a_served_world_ends_at_ctrl_c_with_exit_0(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)
    with subprocess.Popen(
        [sys.executable, "-m", "batchgw", "simulate", "--apis", "2", "--max-seconds", "60"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        assert '"endpoint":"http://127.0.0.1:' in run.stdout.readline()
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=PATIENCE)
    assert run.returncode == 0


@pytest.mark.usefixtures("world")
def test_deploy_asks_how_many_stages_it_is_to_make_live(tmp_path: Path) -> None:
    assert batchgw("apply", "policy.yaml", "--yes", "--quiet").code == 0
    (tmp_path / "policy.yaml").write_text(POLICY + "deploy: {stages: ['prod*']}\n")
    terminal = OnTerminal("deploy", "policy.yaml")
    terminal.wait_for("Make 6 API-stages of 6 REST APIs live, in 4 account-regions?")
    terminal.type("no\n")
    assert terminal.end() == 3
    assert pending() == 6
