"""Runs a credential_process: bounded in time, and ended with its children when nobody waits for it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio
from botocore.exceptions import CredentialRetrievalError

from batchgw.control_plane.aws.credentials.prompt import TERMINAL
from batchgw.redaction import redacted

TIMEOUT = 300.0
"""Seconds for a process: a person may have to log in in a browser meanwhile."""

MOST = 1 << 20
"""Bytes that it may print: credentials have a few KB."""

SHOWN = 500
"""Characters of what it wrote to stderr that an error shows: the last ones."""

LAST = 2.0
"""Seconds for a process that was killed, and for what may still hold its output."""

_CHUNK = 1 << 16
"""Bytes read at a time."""

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
            end = partial(_end, process.pid, apart=apart)
            out, err = await asyncio.gather(_printed(process.stdout, end), _last_words(process.stderr))
            await process.wait()
    except TimeoutError:
        raise failed(f"it gave no answer within {patience:.0f} s, and was ended") from None
    finally:
        if process.returncode is None:
            _end(process.pid, apart=apart)
            with anyio.move_on_after(LAST, shield=True):
                await process.communicate()  # it counts as ended once all that it printed is read
    if len(out) > MOST:
        raise failed(f"it printed more than {MOST // 2**20} MiB, so these are no credentials")
    if process.returncode != 0:
        raise failed(f"it ended with status {process.returncode} and said: {err or 'nothing'}")
    return out


async def _printed(stream: asyncio.StreamReader | None, end: Callable[[], None]) -> bytes:
    """Read to the end, and call `end` for a process that prints too much."""
    found = b""
    while stream is not None and (part := await stream.read(_CHUNK)):
        if len(found) <= MOST:
            found += part
            if len(found) > MOST:
                end()
    return found


async def _last_words(stream: asyncio.StreamReader | None) -> str:
    """Read to the end, and keep what an error shows. Secrets are removed before the text is cut."""
    found = b""
    while stream is not None and (part := await stream.read(_CHUNK)):
        found = (found + part)[-_CHUNK:]
    return redacted(" ".join(found.decode(errors="replace").split()))[-SHOWN:]


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
    """Give a process's children, where /proc tells them (Linux). Elsewhere Ctrl-C reaches the whole group."""
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, children):
            yield from _descendants(child)
            yield child
