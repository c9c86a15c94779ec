"""The process's output streams, made such that nothing written to them can end work.

A stream that is closed at the start is /dev/null. What its encoding lacks is replaced. A reader who left, a
full disk or a terminal that hung up raises no error: what cannot be written is dropped, and `lost` says why.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import stat
import sys
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDIN, STDOUT, STDERR = 0, 1, 2

SLICE: Final = 200
"""Milliseconds between two looks whether a signal has come, while a reader does not read."""

REPLACES: Final = "batchgw.replaces"
"""Name of the error handler: our own marks by what looks like them, all else by its escape."""

_LOOKALIKES: Final = {"\N{RIGHTWARDS ARROW}": "->", "\N{HORIZONTAL ELLIPSIS}": "..."}

_GONE: Final = frozenset({errno.EPIPE, errno.ECONNRESET})
"""What a write answers when its reader left."""


class Outlet(io.RawIOBase):
    """Writes to a file descriptor, and never raises OSError.

    Attributes:
        lost: the error after which nothing more was written; None while all is well.
        hurried: stop waiting for a reader that does not read.
    """

    def __init__(self, descriptor: int, *, whole: bool) -> None:
        """Take a descriptor. `whole`: after one loss write nothing more, since a hole is worse than a cut."""
        super().__init__()
        self.lost: OSError | None = None
        self.hurried = False
        self._descriptor = descriptor
        self._whole = whole
        self._terminal = os.isatty(descriptor)
        self._ready: select.poll | None = None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            self._ready = select.poll()
            self._ready.register(descriptor, select.POLLOUT)

    @property
    def reader_left(self) -> bool:
        """Whether nobody reads any more: no fault of anybody's, unlike a full disk."""
        if self.lost is None:
            return False
        return self.lost.errno in _GONE or (self._terminal and self.lost.errno == errno.EIO)

    def writable(self) -> bool:
        """Say so to the layers above."""
        return True

    def fileno(self) -> int:
        """Give the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return self._terminal

    def write(self, data: ReadableBuffer, /) -> int:
        """Write some bytes, or drop all of them."""
        view = memoryview(data)
        if self.lost is not None and self._whole:
            return len(view)
        try:
            return self._written(view)
        except OSError as error:
            self.lost = error
            return len(view)

    def _written(self, view: memoryview) -> int:
        if self._ready is None:
            return os.write(self._descriptor, view)
        while True:
            while not self._ready.poll(0 if self.hurried else SLICE):
                if self.hurried:
                    raise BlockingIOError(errno.EAGAIN, "its reader does not read")
            try:
                return os.write(self._descriptor, view[: select.PIPE_BUF])
            except BlockingIOError:  # somebody made it non-blocking, and has less room than was said
                if self.hurried:
                    raise


class Stream(io.TextIOWrapper):
    """The text layer over an outlet."""

    def __init__(self, outlet: Outlet, *, encoding: str, line_buffering: bool) -> None:
        super().__init__(
            io.BufferedWriter(outlet), encoding=encoding, errors=REPLACES, line_buffering=line_buffering
        )
        self.outlet = outlet


def take_over() -> None:
    """Put our streams in the place of Python's. To be called once, before anything is written or opened."""
    codecs.register_error(REPLACES, _replaced)
    for descriptor in (STDIN, STDOUT, STDERR):
        _ensure_open(descriptor)
    if sys.stdin is None:
        sys.stdin = open(STDIN, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor, for good
    sys.stdout = _stream(STDOUT, sys.stdout, whole=True)
    sys.stderr = _stream(STDERR, sys.stderr, whole=False)


def hurry(*, data: bool) -> None:
    """Stop waiting for readers that do not read: of diagnostics, and with `data` of data as well."""
    for stream in (sys.stderr, sys.stdout) if data else (sys.stderr,):
        if isinstance(stream, Stream):
            stream.outlet.hurried = True


def _stream(descriptor: int, before: TextIO | None, *, whole: bool) -> Stream:
    outlet = Outlet(descriptor, whole=whole)
    encoding = before.encoding if before is not None else "utf-8"
    return Stream(outlet, encoding=encoding, line_buffering=not whole or outlet.isatty())


def _ensure_open(descriptor: int) -> None:
    """Else the next file that is opened would be taken for the stream, and written into by whoever prints."""
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
