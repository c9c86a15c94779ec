"""Runs a credential_process: bounded in time, and ended with its children when nobody waits for it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import anyio
from botocore.exceptions import CredentialRetrievalError

from batchgw.control_plane.aws.prompt import TERMINAL
from batchgw.redaction import redacted

TIMEOUT = 300.0
"""Seconds for a process: a person may have to log in in a browser meanwhile."""

SHOWN = 500
"""Characters of what it wrote to stderr that an error shows: the last ones."""

PROVIDER = "custom-process"
"""botocore's name for it."""


async def output_of(command: Sequence[str], *, patience: float = TIMEOUT) -> bytes:
    """Run a command to its end and give what it prints. Raises CredentialRetrievalError, or an OSError.

    It is ended, with what it has started, when it takes longer than `patience` seconds and when the caller is
    cancelled.
    """
    apart = not _has_terminal()  # on a terminal it stays in our group: it may want to ask something there
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0 if apart else None
    )
    try:
        with anyio.fail_after(patience):
            out, err = await process.communicate()
    except TimeoutError:
        _end(process.pid, apart=apart)
        raise failed(f"it gave no answer within {patience:.0f} s, and was ended") from None
    except BaseException:
        _end(process.pid, apart=apart)
        with anyio.CancelScope(shield=True):
            await process.wait()
        raise
    if process.returncode != 0:
        said = redacted(" ".join(err.decode(errors="replace").split())[-SHOWN:])
        raise failed(f"it ended with status {process.returncode} and said: {said or 'nothing'}")
    return out


def failed(why: str) -> CredentialRetrievalError:
    """Make botocore's error."""
    return CredentialRetrievalError(provider=PROVIDER, error_msg=why)


def _has_terminal() -> bool:
    try:
        os.close(os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _end(pid: int, *, apart: bool) -> None:
    """Kill a process and what it started: its group, or where it shares ours, each that descends from it."""
    if apart:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        return
    for each in (*_descendants(pid), pid):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(each, signal.SIGKILL)


def _descendants(pid: int) -> Iterator[int]:
    """Give those of a process, where /proc tells them (Linux). Elsewhere Ctrl-C reaches the whole group."""
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, children):
            yield from _descendants(child)
            yield child
