"""`batchgw` as a program of its own, in a folder of its own, with an emulator's keys and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.emulator import Emulator

TIMEOUT = 60
"""Seconds until a command that has not ended is killed and the test fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines that were printed."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Runs batchgw against an emulator: every command is given its address. `folder` is cwd and home."""

    emulator: Emulator
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def batchgw(self, *arguments: str, stdin: str = "") -> Ended:
        """Run a command to its end."""
        with self.started(*arguments) as process:
            out, err = process.communicate(stdin, timeout=TIMEOUT)
        return Ended(code=process.returncode, out=out, err=err)

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command. It does not outlive the block."""
        with subprocess.Popen(
            [sys.executable, "-m", "batchgw", *arguments, "--endpoint-url", self.emulator.url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self._environment(),
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),  # where a killed command leaves its plan
            "AWS_EC2_METADATA_DISABLED": "true",
            **self.emulator.keys.environment,
            **self.variables,
        }
