"""The live view: a bar for the whole, and one for each of the scopes that will take longest."""

from __future__ import annotations

from rich.console import Console as RichConsole
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from batchgw.cli.console import Console
from batchgw.cli.observers.progress import REFRESH, TITLES, done_of, end_line
from batchgw.cli.observers.tracker import Standing, Tracker
from batchgw.report.text import duration

SCOPES = 10
"""Scopes with a bar of their own."""


class LiveView:
    """Draws on the terminal between a phase's start and its end; lines printed meanwhile go above."""

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
        """Take the view away and leave a line."""
        if self._live is not None:
            self._live.stop()
            self._live = None
            self._console.above = None
        self._console.note(end_line(tracker, now, elapsed))

    def _above(self, text: str) -> None:
        self._rich.print(Text.from_ansi(text), soft_wrap=True)


def drawn(tracker: Tracker, now: float) -> Table:
    """Lay out one frame."""
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "right", "right", "left", "right"):
        table.add_column(justify=justify, no_wrap=True)
    whole = tracker.all(now)
    _add(table, TITLES.get(tracker.phase, tracker.phase), whole, tracker.noun)
    if tracker.count > 1:
        standings, hidden = tracker.scopes(now, at_most=SCOPES)
        for standing in standings:
            _add(table, f"  {standing.name}", standing, "")
        if hidden:
            table.add_row(Text(f"  and {hidden:,} more scopes under way", "dim"))
    return table


def _add(table: Table, title: str, standing: Standing, noun: str) -> None:
    bar = ProgressBar(total=standing.total, completed=standing.done, width=24, pulse=standing.total is None)
    left = "" if standing.left is None else f"{duration(standing.left)} left"
    table.add_row(
        Text(title, "bold" if noun else ""),
        bar,
        Text(f"{done_of(standing)} {noun}".rstrip()),
        Text(f"{standing.rate:.1f}/s of {standing.quota:g}"),
        Text(f"{standing.throttles:,} throttled", "yellow" if standing.throttles else "dim"),
        Text(f"{standing.failed:,} failed" if standing.failed else "", "red"),
        Text(left),
    )
