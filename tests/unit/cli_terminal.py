"""Drives the command line from tests as a person at a terminal does, in this process."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from batchgw.cli.main import run

QUESTION = "Enter a value: "
"""The end of every question."""

CTRL_C = "\x03"
"""In the place of an answer: the signal that this key sends."""

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@dataclass(frozen=True)
class Screen:
    """What a command answered: `text` is what the terminal has shown, `asked` how often it was a question."""

    code: int
    out: str
    text: str
    asked: int


class _Person(threading.Thread):
    """Reads the terminal, and gives the next answer whenever a question has come."""

    def __init__(self, terminal: int, answers: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self._terminal = terminal
        self._answers = [*answers]
        self.shown = ""
        self.asked = 0

    def run(self) -> None:
        """Read to the end. A question that was not expected is answered with the end of the input."""
        while True:
            try:
                self.shown += os.read(self._terminal, 65536).decode(errors="replace")
            except OSError:  # Linux says so when the other end is closed
                return
            while self.shown.count(QUESTION) > self.asked:
                self.asked += 1
                answer = self._answers.pop(0) if self._answers else "\x04"
                if answer == CTRL_C:
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                else:
                    os.write(self._terminal, f"{answer}\n".encode())


def at_terminal(*arguments: str | Path, answers: Sequence[str] = ()) -> Screen:
    """Run a command whose stdin and stderr are a terminal at which somebody gives these answers."""
    master, slave = pty.openpty()
    person = _Person(master, answers)
    person.start()
    out, before = io.StringIO(), sys.stdin
    try:
        with (
            open(slave, closefd=False) as sys.stdin,
            open(slave, "w", buffering=1, closefd=False) as err,
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = run([str(a) for a in arguments])
    finally:
        sys.stdin = before
        os.close(slave)
        person.join(10.0)
        os.close(master)
    return Screen(code=code, out=out.getvalue(), text=_CONTROL.sub("", person.shown), asked=person.asked)
