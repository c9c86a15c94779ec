"""The two streams: data on stdout, everything else on stderr. Colour only on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from batchgw.cli.flags.options import OutputFlags
from batchgw.cli.output.streams import Stream
from batchgw.report.views.text import Line, Span, Style, clean, line

_ANSI: dict[Style, str] = {
    "add": "32",
    "change": "33",
    "remove": "31",
    "bold": "1",
    "dim": "2",
    "good": "32",
    "warning": "33",
    "error": "1;31",
}
"""SGR codes of the styles (ECMA-48)."""


def wants_color(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that may be coloured, given NO_COLOR and TERM=dumb."""
    return _is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _is_terminal(stream: TextIO) -> bool:
    return not stream.closed and stream.isatty()


class Console:
    """Prints lines, without anything that would control a terminal.

    Printing never fails, see `streams`. When no more data can be written, as in `batchgw plan | head`, `lost`
    tells callers that they may stop.
    """

    def __init__(
        self,
        *,
        color: bool = True,
        quiet: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
    ) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._color_out = color and wants_color(self._out)
        self.color = color and wants_color(self._err)
        self.quiet = quiet
        self.above: Callable[[str], None] | None = None
        """Prints a line of stderr above a live view, while there is one."""
        self.hide: Callable[[], None] | None = None
        """Removes the live view, while there is one."""
        self.asking = False
        """Whether a question is open: nothing is drawn then, and the line that is typed stays whole."""

    @property
    def lost(self) -> bool:
        """Whether data is dropped: its reader left, or it cannot be written."""
        return isinstance(self._out, Stream) and self._out.outlet.lost is not None

    @property
    def unwritten(self) -> str | None:
        """Why data could not be written; None when it was written, and when its reader left."""
        if not isinstance(self._out, Stream):
            return None
        outlet = self._out.outlet
        return None if outlet.lost is None or outlet.reader_left else outlet.lost.strerror

    @property
    def interactive(self) -> bool:
        """Whether somebody can be asked: stderr and stdin are terminals."""
        return _is_terminal(self._err) and sys.stdin is not None and _is_terminal(sys.stdin)

    @property
    def live(self) -> bool:
        """Whether a live view may be drawn on stderr."""
        return _is_terminal(self._err) and os.environ.get("TERM") != "dumb" and not self.quiet

    @property
    def err(self) -> TextIO:
        """The stream of everything that is not data."""
        return self._err

    def text(self, text: str) -> None:
        """Print data as it is, such as a starter file or a schema."""
        self._write(text if text.endswith("\n") else text + "\n")

    def data(self, lines: Iterable[Line]) -> None:
        """Print lines of data."""
        for each in lines:
            if self.lost:
                return
            self._write(_rendered(each, color=self._color_out) + "\n")

    def note(self, *lines: Line) -> None:
        """Print what is good to know; not with --quiet."""
        if not self.quiet:
            self.tell(*lines)

    def tell(self, *lines: Line) -> None:
        """Print what the user must know, even with --quiet: questions, warnings, errors."""
        for each in lines:
            self.raw(_rendered(each, color=self.color))

    def raw(self, text: str) -> None:
        """Print one rendered line on stderr, above a live view when there is one."""
        if self.above is not None:
            self.above(text)
            return
        self._err.write(text + "\n")
        self._err.flush()

    def warning(self, text: str) -> None:
        """Print a warning."""
        self.tell(line(Span("warning:", "warning"), " " + text))

    @contextmanager
    def question(self) -> Iterator[None]:
        """Keep the terminal for a question, as long as the block lasts."""
        if self.hide is not None:
            self.hide()
        self.asking = True
        try:
            yield
        finally:
            self.asking = False

    def ask(self, text: str) -> None:
        """Print the start of a line that the user completes."""
        self._err.write(text)
        self._err.flush()

    def flush(self) -> None:
        """Write out the data printed so far."""
        self._out.flush()

    def drain(self) -> None:
        """Write it out, and wait until it is read or lost."""
        self.flush()
        if isinstance(self._out, Stream):
            self._out.outlet.drain()

    def _write(self, text: str) -> None:
        self._out.write(text)


def console_for(output: OutputFlags) -> Console:
    """Make the console the output flags ask for."""
    return Console(color=not output.no_color, quiet=output.quiet)


def _rendered(parts: Line, *, color: bool) -> str:
    return "".join(
        f"\x1b[{_ANSI[s.style]}m{clean(s.text)}\x1b[0m" if color and s.style else clean(s.text) for s in parts
    )
