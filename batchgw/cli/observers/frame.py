"""One frame of the live view, for rich to print.

Rich's own table takes some milliseconds for ten scopes, a third of what the event loop may stall
(`benchmarks.kept_for_speed`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.style import Style

BAR: Final = 24
"""Characters of a bar."""

LEAST_BAR: Final = 6
"""Characters below which no bar is drawn."""

GAP: Final = "  "
"""Between two columns."""

PLAIN: Final = Style()
BOLD: Final = Style(bold=True)
DIM: Final = Style(dim=True)
YELLOW: Final = Style(color="yellow")
RED: Final = Style(color="red")


class Cell(NamedTuple):
    """A text of one line. A column is as wide as its widest text."""

    text: str
    style: Style = PLAIN
    right: bool = False

    def padded(self, width: int) -> str:
        """Give the text at the column's width."""
        return self.text.rjust(width) if self.right else self.text.ljust(width)


class Row(NamedTuple):
    """A line: a title, a bar of `done` in `total`, and more cells. Without a total the bar only moves."""

    title: Cell
    done: int
    total: int | None
    cells: tuple[Cell, ...]


class Frame:
    """Rows, between a first line and a last one.

    On a narrow terminal bars go first, then the columns in `spare`, last first. Then titles are cut.
    """

    def __init__(
        self, rows: list[Row], *, first: str = "", last: str = "", spare: tuple[int, ...] = ()
    ) -> None:
        self._rows = rows
        self._first = first
        self._last = last
        self._spare = spare

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render for rich."""
        if self._first:
            yield from _line(self._first, BOLD, options.max_width)
        if self._rows:
            yield from self._table(console, options)
        if self._last:
            yield from _line(self._last, DIM, options.max_width)

    def _table(self, console: Console, options: ConsoleOptions) -> RenderResult:
        title = max(len(row.title.text) for row in self._rows)
        columns = list(zip(*(row.cells for row in self._rows), strict=True))
        widths = {n: max(len(cell.text) for cell in column) for n, column in enumerate(columns)}
        spare = list(self._spare)
        while (
            room := options.max_width - title - sum(widths.values()) - len(GAP) * len(widths)
        ) < 0 and spare:
            del widths[spare.pop()]
        bar = min(BAR, room - len(GAP))
        title += min(0, room)
        for row in self._rows:
            yield Segment(_cut(row.title.padded(title), title), row.title.style)
            if bar >= LEAST_BAR:
                yield Segment(GAP)
                yield from _bar(row, bar, console, options)
            for n, width in widths.items():
                yield Segment(GAP + row.cells[n].padded(width), row.cells[n].style)
            yield Segment.line()


def _line(text: str, style: Style, width: int) -> Iterator[Segment]:
    yield Segment(_cut(text, width), style)
    yield Segment.line()


def _cut(text: str, width: int) -> str:
    """Cut a text that is too long: a line that wraps would spoil the view."""
    if len(text) <= width:
        return text
    return text[: width - 1] + "…" if width > 0 else ""


def _bar(row: Row, width: int, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
    drawn = 0
    for segment in console.render(ProgressBar(total=row.total, completed=row.done, width=width), options):
        drawn += len(segment.text)
        yield segment
    yield Segment(" " * (width - drawn))
