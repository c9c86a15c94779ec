"""Starts a contestant's process, lets it make rounds of puts, and asks for its peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from select import select
from tempfile import TemporaryFile
from typing import Any, Self

from benchmarks.harness.environment import environment
from benchmarks.harness.last_words import last_words

PATIENCE = 60.0
"""Seconds that a round may take."""

KEYS = {"AWS_ACCESS_KEY_ID": "AKIABENCHMARK0000000", "AWS_SECRET_ACCESS_KEY": "bench" * 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to make puts: a module of this package, and the options of its `opened`.

    Its rounds have `share` times as many puts as those of the others.
    """

    name: str
    module: str
    options: Mapping[str, Any] = field(default_factory=dict)
    goals: Mapping[str, float] = field(default_factory=dict)
    share: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a round took, per put: CPU seconds, and seconds of the clock."""

    cpu: float
    seconds: float


class Contestant:
    """A process that waits for rounds. Once it has failed, `failed` says how, and no more rounds are made."""

    def __init__(self, way: Way, url: str) -> None:
        self.way = way
        self.rounds: list[Taken] = []
        self.peak: float | None = None
        self.failed: str | None = None
        self._errors = TemporaryFile("w+")  # noqa: SIM115 - closed on leaving
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.client.worker", way.module, json.dumps(way.options), url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment() | KEYS,
        )
        self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def round(self, puts: int) -> None:
        """Let it make a round with this number of puts, times its share."""
        puts *= self.way.share
        answer = self._ask({"puts": puts})
        if answer is not None:
            self.rounds.append(Taken(**{name: seconds / puts for name, seconds in answer.items()}))

    def end(self) -> None:
        """End the process, and learn its peak memory."""
        if self.failed is None and self._process.stdin is not None:
            self._process.stdin.close()
            self.peak = (self._answer() or {}).get("peak")

    def _ask(self, question: Mapping[str, int]) -> dict[str, float] | None:
        if self.failed is not None or self._process.stdin is None:
            return None
        with suppress(BrokenPipeError):  # the process has ended, and the answer says so
            print(json.dumps(question), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, float] | None:
        """Wait for a line. Gives None when there is none; then `failed` says why."""
        stdout = self._process.stdout
        if stdout is None or not select([stdout], [], [], PATIENCE)[0]:
            self.failed = f"no answer within {PATIENCE:g} s"
            return None
        line = stdout.readline()
        if not line:
            self.failed = last_words(self._stderr())
            return None
        answer: dict[str, float] = json.loads(line)
        return answer

    def _stderr(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        return self._errors.read()
