"""Opens what people name: a file, a pipe, or standard input. Any wait for it ends with a signal."""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

STDIN: Final = "-"

LOOK: Final = 200
"""Milliseconds between two looks whether a pipe has something."""


@contextmanager
def opened(path: Path | str) -> Iterator[IO[bytes]]:
    """Open a file for reading, or standard input for "-", which stays open.

    Raises OSError, and ValueError for what cannot be the name of a file.
    """
    if str(path) == STDIN:
        yield _interruptible(sys.stdin.buffer)
        return
    with open(path, "rb", buffering=0, opener=_without_waiting) as file:
        yield _interruptible(file)


def _without_waiting(path: str, flags: int) -> int:
    """Open a pipe, too, that nobody writes to yet: `_Pipe` waits for what comes."""
    return os.open(path, flags | os.O_NONBLOCK)


def _interruptible(file: IO[bytes]) -> IO[bytes]:
    try:
        return io.BufferedReader(_Pipe(file.fileno()))
    except io.UnsupportedOperation:  # not a file of the system, so it cannot block
        return file


class _Pipe(io.RawIOBase):
    """Reads a descriptor, and waits for it in short pieces.

    A signal that comes right before a blocking read does not end it: Python's handler runs only after it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while True:
            while not self._poll.poll(LOOK):
                pass
            try:
                return os.readv(self._descriptor, [buffer])
            except BlockingIOError:  # another reader was faster
                continue
