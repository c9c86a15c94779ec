"""The process's output streams. Writing to them never fails and never waits for a reader.

A stream that is closed at the start is /dev/null. Characters that its encoding lacks are replaced. When the
reader left, the disk is full or the terminal hung up, no error is raised: output is dropped, and `lost` says
why. When the reader is slow, output goes to a backlog that a thread writes.
"""

from __future__ import annotations

import atexit
import codecs
import errno
import io
import os
import select
import stat
import sys
from typing import TYPE_CHECKING, Final, TextIO

from batchgw.cli.output.backlog import Backlog, Waiting
from batchgw.wording import amount

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDIN, STDOUT, STDERR = 0, 1, 2

MOST_DIAGNOSTICS: Final = 16 * 1024 * 1024
"""Bytes of diagnostics that may wait for a reader. More are dropped and counted."""

MOST_DATA: Final = 64 * 1024 * 1024
"""Bytes of data that may wait for a reader. Data is never dropped: a write of more waits."""

LAST: Final = 2.0
"""Seconds for which the end of the process waits for a reader of diagnostics."""

REPLACES: Final = "batchgw.replaces"
"""Name of the error handler: batchgw's own symbols become similar ASCII, everything else an escape."""

_LOOKALIKES: Final = {"\N{RIGHTWARDS ARROW}": "->", "\N{HORIZONTAL ELLIPSIS}": "..."}

_GONE: Final = frozenset({errno.EPIPE, errno.ECONNRESET})
"""Errors of a write whose reader left."""


class Outlet(io.RawIOBase):
    """Writes to a file descriptor. Never raises OSError, and never waits for a reader of diagnostics.

    Attributes:
        lost: the error after which nothing more was written; None while there was none.
        hurried: do not wait for a reader that does not read.
        dropped: lines that were dropped because nobody read them.
    """

    def __init__(self, descriptor: int, *, whole: bool, backlog: Backlog | None = None) -> None:
        """Take a descriptor.

        `whole` says that this is data. After one loss nothing more is written, because data with a hole is
        worse than data that ends early. While `MOST_DATA` bytes wait, a write waits, too. `backlog` is that
        of other streams to the same file.
        """
        super().__init__()
        self.lost: OSError | None = None
        self.hurried = False
        self.dropped = 0
        self._given = descriptor
        self._descriptor = descriptor
        self._whole = whole
        self._terminal = os.isatty(descriptor)
        if self._terminal:
            self._descriptor = _never_waiting(descriptor)
        self._backlog = Backlog() if backlog is None else backlog
        self._ready: select.poll | None = None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            self._ready = select.poll()
            self._ready.register(self._descriptor, select.POLLOUT)

    @property
    def reader_left(self) -> bool:
        """Whether the reader left, which is no failure, unlike a full disk."""
        if self.lost is None:
            return False
        return self.lost.errno in _GONE or (self._terminal and self.lost.errno == errno.EIO)

    def writable(self) -> bool:
        """Give True: this can be written to."""
        return True

    def fileno(self) -> int:
        """Give the descriptor."""
        return self._given

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return self._terminal

    def drain(self, seconds: float | None = None) -> bool:
        """Wait until all is written or lost, for `seconds` at most. Tell whether it is."""
        return self._backlog.wait(seconds=seconds)

    def write(self, data: ReadableBuffer, /) -> int:
        """Write bytes now, or as soon as there is room, or drop them."""
        view = memoryview(data)
        if self.lost is not None and self._whole:
            return len(view)
        done = 0
        try:
            done = 0 if self._backlog.size else self._written(view)
            if done < len(view):
                self._leave(memoryview(bytes(view[done:])))
        except OSError as error:
            self._lose(view[done:], error)
        return len(view)

    def _written(self, view: memoryview) -> int:
        """Write what there is room for, and give how much that is."""
        if self._ready is None:
            return os.write(self._descriptor, view)
        done = 0
        while done < len(view) and self._ready.poll(0):
            try:
                done += os.write(self._descriptor, view[done : done + select.PIPE_BUF])
            except BlockingIOError:  # it has less room than poll said
                break
        return done

    def _leave(self, data: memoryview) -> None:
        """Leave the rest to the backlog. Raises BlockingIOError where nobody may wait for the reader."""
        if not self._whole and not self.hurried and self._backlog.size + len(data) > MOST_DIAGNOSTICS:
            self.dropped += bytes(data).count(b"\n")
            return
        if self.hurried:
            raise BlockingIOError(errno.EAGAIN, "its reader does not read")
        if self._whole:
            self._backlog.wait(most=MOST_DATA)
        self._backlog.add(
            Waiting(descriptor=self._descriptor, data=data, given_up=lambda: self._given_up, lose=self._lose)
        )

    @property
    def _given_up(self) -> bool:
        return self.hurried or (self._whole and self.lost is not None)

    def _lose(self, data: memoryview, error: OSError) -> None:
        self.lost = error
        if not self._whole and error.errno == errno.EAGAIN:
            self.dropped += bytes(data).count(b"\n")


class Stream(io.TextIOWrapper):
    """The text layer over an outlet."""

    def __init__(self, outlet: Outlet, *, encoding: str, line_buffering: bool) -> None:
        super().__init__(
            io.BufferedWriter(outlet), encoding=encoding, errors=REPLACES, line_buffering=line_buffering
        )
        self.outlet = outlet


def take_over() -> None:
    """Replace Python's streams. Call this once, before anything is written or opened."""
    codecs.register_error(REPLACES, _replaced)
    for descriptor in (STDIN, STDOUT, STDERR):
        _ensure_open(descriptor)
    if sys.stdin is None:
        sys.stdin = open(STDIN, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor, for good
    backlogs: dict[tuple[int, int], Backlog] = {}
    sys.stdout = _stream(STDOUT, sys.stdout, whole=True, backlogs=backlogs)
    sys.stderr = _stream(STDERR, sys.stderr, whole=False, backlogs=backlogs)
    atexit.register(finish)


def finish() -> None:
    """Write what waits: all data, and diagnostics for `LAST` seconds. Say how much was dropped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Stream):
            stream.flush()
            stream.outlet.drain(LAST if stream is sys.stderr else None)
    if isinstance(sys.stderr, Stream) and (dropped := sys.stderr.outlet.dropped):
        sys.stderr.outlet.dropped = 0
        missing = amount(dropped, "line is missing", "lines are missing")
        sys.stderr.write(f"warning: {missing} here, because nobody read in time.\n")
        sys.stderr.outlet.drain(LAST)


def hurry(*, data: bool) -> None:
    """Stop waiting for readers of diagnostics that do not read; with `data`, also for readers of data."""
    for stream in (sys.stderr, sys.stdout) if data else (sys.stderr,):
        if isinstance(stream, Stream):
            stream.outlet.hurried = True


def _stream(
    descriptor: int, before: TextIO | None, *, whole: bool, backlogs: dict[tuple[int, int], Backlog]
) -> Stream:
    """Make a stream. Streams to the same file share a backlog, so that output keeps its order."""
    file = os.fstat(descriptor)
    backlog = backlogs.setdefault((file.st_dev, file.st_ino), Backlog())
    outlet = Outlet(descriptor, whole=whole, backlog=backlog)
    encoding = before.encoding if before is not None else "utf-8"
    return Stream(outlet, encoding=encoding, line_buffering=not whole or outlet.isatty())


def _never_waiting(terminal: int) -> int:
    """Open a terminal once more, without blocking; give the same descriptor where that fails.

    A terminal says that there is room even when there is too little, and a blocking write then waits: a slow
    connection would delay everything. The given descriptor is not changed, since the shell shares it.
    """
    try:
        opened = os.open(os.ttyname(terminal), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:  # it has no name, as in some containers, or belongs to another user
        return terminal
    if os.fstat(opened).st_rdev == os.fstat(terminal).st_rdev:
        return opened
    os.close(opened)
    return terminal


def _ensure_open(descriptor: int) -> None:
    """Open /dev/null if it is closed. Else the next opened file would get its number, and the output."""
    try:
        os.fstat(descriptor)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != descriptor:
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - the call's own form


def _replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_LOOKALIKES.get(c) or _escape(c) for c in text), error.end


def _escape(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode("ascii")
