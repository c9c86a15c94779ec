"""Output that waits for a slow reader. A thread writes it, so that no reader delays the work."""

from __future__ import annotations

import errno
import os
import select
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Condition, Thread
from typing import Final

SLICE: Final = 200
"""Milliseconds between two checks for a signal, while a reader does not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Bytes that wait. `given_up` tells whether their stream stopped waiting. `lose` is called on a loss."""

    descriptor: int
    data: memoryview
    given_up: Callable[[], bool]
    lose: Callable[[memoryview, OSError], None]


class Backlog:
    """What waits for one file, in order, from all streams that write to it. Several threads may use it."""

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self._changed = Condition()
        self._thread: Thread | None = None
        self.size = 0
        """Bytes that wait."""

    def add(self, waiting: Waiting) -> None:
        """Take bytes, and write them when there is room."""
        with self._changed:
            self._waiting.append(waiting)
            self.size += len(waiting.data)
            if self._thread is None:
                self._thread = Thread(target=self._work, name="batchgw-output", daemon=True)
                self._thread.start()

    def wait(self, *, most: int = 0, seconds: float | None = None) -> bool:
        """Wait until at most `most` bytes are left, for `seconds` at most. Tell whether that was reached."""
        until = None if seconds is None else time.monotonic() + seconds
        with self._changed:
            while self.size > most:
                left = SLICE / 1000 if until is None else min(SLICE / 1000, until - time.monotonic())
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def _work(self) -> None:
        while (first := self._first()) is not None:
            try:
                written = written_of(first)
            except OSError as error:
                written = len(first.data)
                first.lose(first.data, error)
            self._took(first, written)

    def _first(self) -> Waiting | None:
        """Give what is next. Where there is nothing the thread ends, and `add` starts a new one."""
        with self._changed:
            if self._waiting:
                return self._waiting[0]
            self._thread = None
            return None

    def _took(self, first: Waiting, written: int) -> None:
        with self._changed:
            self.size -= written
            if written == len(first.data):
                self._waiting.popleft()
            else:
                self._waiting[0] = replace(first, data=first.data[written:])
            self._changed.notify_all()


def written_of(waiting: Waiting) -> int:
    """Wait for room and write what fits. Give how many bytes. Raises OSError, also when it is given up."""
    poll = select.poll()
    poll.register(waiting.descriptor, select.POLLOUT)
    while not poll.poll(0 if waiting.given_up() else SLICE):
        if waiting.given_up():
            raise BlockingIOError(errno.EAGAIN, "its reader does not read")
    try:
        return os.write(waiting.descriptor, waiting.data[: select.PIPE_BUF])
    except BlockingIOError:  # it has less room than poll said
        if waiting.given_up():
            raise
        time.sleep(SLICE / 1000)  # poll would say so again at once
        return 0
