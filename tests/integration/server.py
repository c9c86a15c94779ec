"""Starts an emulator's server on a free port of 127.0.0.1. It is stopped in any case, even after errors."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT = 60.0
"""Seconds until a server must have announced its address. On an idle machine that takes two."""

_POLL = 0.02  # seconds

_ANNOUNCED = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")
"""What both werkzeug (moto) and hypercorn (MiniStack) say once they listen; no other address is accepted."""

_TETHER = Path(__file__).with_name("tether.py")


class ServerFailed(Exception):
    """A server ended, or was silent for too long, before it could be used. The message has its output."""


@contextmanager
def serving(
    module: str,
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str],
    python: Path = Path(sys.executable),
    timeout: float = START_TIMEOUT,
) -> Iterator[str]:
    """Run a module that serves HTTP for the length of the block, and give its address.

    `python` is the interpreter whose environment has the module.

    The port must be left to the server (0): only so can no other process take it in between. Of this
    process's environment it sees PATH alone, so that neither credentials nor proxies lead it anywhere.
    `folder` is its home and takes its files. Raises ServerFailed, after `timeout` seconds at the latest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    command = [str(python), "-P", str(_TETHER), module, *arguments]
    with log.open("wb") as output, _process(command, folder, environment, output.fileno()) as p:
        yield _address(p, log, timeout)


@contextmanager
def _process(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], output: int
) -> Iterator[subprocess.Popen[bytes]]:
    own = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "TMPDIR": str(folder)}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={**own, "PYTHONUNBUFFERED": "1", **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # it has nothing to save, and a graceful end waits for idle connections


def _address(process: subprocess.Popen[bytes], log: Path, timeout: float) -> str:
    deadline = time.monotonic() + timeout
    while True:
        said = log.read_text(encoding="utf-8", errors="replace")
        if announced := _ANNOUNCED.search(said):
            return announced[1]
        if process.poll() is not None:
            raise ServerFailed(f"it ended with {process.returncode}: {said[-2000:]}")
        if time.monotonic() > deadline:
            raise ServerFailed(f"no address after {timeout:g} s: {said[-2000:]}")
        time.sleep(_POLL)
