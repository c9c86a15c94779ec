"""The live view: a bar for the whole, and one for each of the slowest scopes."""

from __future__ import annotations

from rich.console import Console as RichConsole
from rich.live import Live
from rich.text import Text

from batchgw.cli.observers.frame import BOLD, DIM, RED, YELLOW, Cell, Frame, Row
from batchgw.cli.observers.progress_lines import TITLES, done_of, end_line
from batchgw.cli.observers.tracker import Progress, Tracker
from batchgw.cli.output.console import Console
from batchgw.times import duration
from batchgw.wording import amount

REFRESH = 0.2
"""Seconds between frames."""

SCOPES = 10
"""Scopes with a bar of their own."""


class LiveView:
    """Draws on the terminal while a phase lasts. Lines printed meanwhile go above."""

    interval = REFRESH

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rich = RichConsole(
            file=console.err, force_terminal=True, no_color=not console.color, highlight=False
        )
        self._live: Live | None = None

    def show(self, tracker: Tracker, now: float) -> None:
        """Draw a frame."""
        frame = drawn(tracker, now)
        if self._live is None:
            self._live = Live(
                frame, console=self._rich, auto_refresh=False, transient=True, redirect_stdout=False
            )
            self._live.start(refresh=True)
            self._console.above = self._above
        else:
            self._live.update(frame, refresh=True)

    def end(self, tracker: Tracker, now: float, elapsed: float) -> None:
        """Remove the view and leave a line."""
        if self._live is not None:
            self._live.stop()
            self._live = None
            self._console.above = None
        self._console.note(end_line(tracker, now, elapsed))

    def _above(self, text: str) -> None:
        self._rich.print(Text.from_ansi(text), soft_wrap=True)


SPARE = (4, 1, 2)
"""Columns that a narrow terminal leaves out, the last first: time left, rate, throttles."""


def drawn(tracker: Tracker, now: float) -> Frame:
    """Lay out one frame."""
    title = TITLES.get(tracker.phase, tracker.phase)
    rows = [_row(Cell(title, BOLD), tracker.all(now), tracker.noun)]
    last = ""
    if tracker.count > 1:
        slowest, hidden = tracker.scopes(now, at_most=SCOPES)
        rows += [_row(Cell(f"  {progress.name}"), progress, "") for progress in slowest]
        if hidden:
            last = f"  and {amount(hidden, 'more scope')} under way"
    return Frame(rows, last=last, spare=SPARE)


def _row(title: Cell, progress: Progress, noun: str) -> Row:
    cells = (
        Cell(done_of(progress, noun), right=True),
        Cell(f"{progress.rate:.1f}/s of {progress.quota:g}", right=True),
        Cell(f"{progress.throttles:,} throttled", YELLOW if progress.throttles else DIM, right=True),
        Cell(f"{progress.failed:,} failed" if progress.failed else "", RED),
        Cell("" if progress.left is None else f"{duration(progress.left)} left", right=True),
    )
    return Row(title, progress.done, progress.total, cells)
