"""A log file. A thread writes it, so that a slow disk does not delay the run."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from batchgw.errors import UsageError

MOST: Final = 20_000
"""Lines that may wait for the disk, about ten megabytes. More are dropped."""

LAST: Final = 2.0
"""Seconds for which the end of the run waits for the file."""

FOR_OWNER = 0o600
"""Mode of a new file: a log names accounts and APIs."""


class LogFile:
    """Accepts lines at once and writes them in order. A file that cannot be written does not end the run.

    `trouble` is called once, in the thread that logs, with why entries are missing.
    """

    def __init__(self, descriptor: int, path: Path, trouble: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._path = path
        self._trouble: Callable[[str], None] | None = trouble
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._failure: OSError | None = None
        self._thread = Thread(target=self._write_all, name="batchgw-log-file", daemon=True)
        self._thread.start()

    def __call__(self, text: str) -> None:
        """Take a line."""
        if self._failure is not None:
            self._tell(
                f"the log file {self._path} cannot be written any more ({self._failure.strerror}); the run "
                "goes on without it."
            )
        elif self._lines.qsize() >= MOST:
            self._tell(f"the log file {self._path} is written too slowly: some entries are missing from it.")
        else:
            self._lines.put(text)

    def close(self) -> None:
        """Wait a moment for what was not written yet."""
        self._lines.put(None)
        self._thread.join(LAST)
        if self._failure is not None:
            self("")  # `trouble` was not called yet
        elif self._thread.is_alive():
            self._tell(f"the log file {self._path} is written too slowly: its last entries are missing.")
        else:
            os.close(self._descriptor)

    def _tell(self, text: str) -> None:
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            trouble(text)

    def _write_all(self) -> None:
        try:
            for text in self._batches():
                self._write(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            self._failure = error

    def _batches(self) -> Iterator[str]:
        """Give what waits, all of it at once, until the end."""
        while (text := self._lines.get()) is not None:
            waiting = [text]
            try:
                while (text := self._lines.get_nowait()) is not None:
                    waiting.append(text)
            except Empty:
                yield "\n".join([*waiting, ""])
            else:
                yield "\n".join([*waiting, ""])
                return

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


@contextmanager
def log_file(path: Path, trouble: Callable[[str], None]) -> Iterator[LogFile]:
    """Open a file to append to. Raises UsageError where that fails, without waiting for a pipe's reader."""
    file = LogFile(_opened(path), path, trouble)
    try:
        yield file
    finally:
        file.close()


def _opened(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, FOR_OWNER)
    except OSError as error:
        if error.errno == errno.ENXIO and stat.S_ISFIFO(path.stat().st_mode):
            raise UsageError(
                f"cannot write --log-file {path}: it is a named pipe that nobody reads. Start its reader "
                "first, or name a file."
            ) from None
        raise UsageError(f"cannot write --log-file {path}: {error.strerror or error}.") from None
    os.set_blocking(descriptor, True)
    return descriptor
