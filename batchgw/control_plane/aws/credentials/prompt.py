"""A question on the terminal that waits without holding up the event loop, and ends when its asker does."""

from __future__ import annotations

import os
import select
import termios
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import anyio
import anyio.lowlevel

TERMINAL = "/dev/tty"

_LONGEST = 4096  # bytes of a line that a terminal passes on


class NoTerminal(Exception):
    """There is nobody to ask."""


async def ask_unseen(question: str) -> str:
    """Ask for a line that is not shown while it is typed. Raises NoTerminal. It can be cancelled."""
    with ExitStack() as stack:
        try:
            terminal = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
        except OSError as error:
            raise NoTerminal(f"there is no terminal to ask on ({error.strerror})") from error
        stack.callback(os.close, terminal)
        stack.enter_context(_unseen(terminal))
        os.write(terminal, question.encode())
        try:
            line = await _line(terminal)
        finally:
            os.write(terminal, b"\n")
    if not line.strip():
        raise NoTerminal("the terminal gave no answer")
    return line.decode(errors="replace").strip()


async def _line(terminal: int) -> bytes:
    """Read in a thread: not every event loop can watch a terminal. If cancelled, wake the thread up."""
    woken, wake = os.pipe()
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_waking, wake)
            line = await anyio.to_thread.run_sync(_read, terminal, woken)
            tasks.cancel_scope.cancel()
        await anyio.lowlevel.checkpoint_if_cancelled()  # an empty line may mean that we were
        return line
    finally:
        os.close(woken)
        os.close(wake)


async def _waking(wake: int) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        os.write(wake, b".")


def _read(terminal: int, woken: int) -> bytes:
    ready, _, _ = select.select([terminal, woken], [], [])
    return os.read(terminal, _LONGEST) if terminal in ready else b""


@contextmanager
def _unseen(terminal: int) -> Iterator[None]:
    before = termios.tcgetattr(terminal)
    silent = [*before]
    silent[3] &= ~termios.ECHO  # the local modes (termios(3))
    termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
