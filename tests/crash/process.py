"""Runs the real command line in a process of its own, which can be signalled and killed."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 120.0
"""Seconds to wait for anything: far more than it takes on a busy machine."""

POLL = 0.01  # seconds

REPOSITORY = Path(__file__).parents[2]

_RESUME = re.compile(r"To finish it: batchgw (resume .+)")


class TimedOut(AssertionError):
    """What was waited for did not happen."""


def until(happened: Callable[[], bool], what: str) -> None:
    """Wait until `happened` is true. Raises TimedOut after `PATIENCE`; `what` is for its message."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            raise TimedOut(f"{what}: not in {PATIENCE:g} s")
        time.sleep(POLL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended.

    Attributes:
        code: its exit code, or the negative number of the signal that killed it.
        out: all of its stdout.
        err: all of its stderr.
    """

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def advice(self) -> list[str]:
        """The arguments of the resume command it printed."""
        printed = _RESUME.search(self.err)
        assert printed, self.err
        return shlex.split(printed[1])


class Process:
    """A running batchgw. It leads a process group of its own, as a job started in a terminal does."""

    def __init__(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], out: Path, err: Path
    ) -> None:
        self._out, self._err = out, err
        with out.open("wb") as stdout, err.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "batchgw", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=REPOSITORY,
                env=dict(environment),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def err(self) -> str:
        """What it has written to stderr so far."""
        return self._err.read_text(encoding="utf-8")

    def signal(self, number: signal.Signals) -> None:
        """Signal its whole group, as Ctrl-C does."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def kill(self) -> Ended:
        """Kill it with SIGKILL, and wait for its end."""
        self.signal(signal.SIGKILL)
        return self.end()

    def end(self) -> Ended:
        """Wait for its end."""
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._process.wait()
            raise TimedOut(f"no end in {PATIENCE:g} s; stderr ends with: {self.err[-2000:]}") from None
        return Ended(code=code, out=self._out.read_text(encoding="utf-8"), err=self.err)

    def await_message(self, words: str) -> None:
        """Wait until `words` are on its stderr."""
        until(lambda: words in self.err or not self.alive, f"{words!r} on stderr")
        assert words in self.err, self.err
