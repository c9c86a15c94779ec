"""When is a window open? Moments are seconds since the epoch; nothing here asks the time.

A window by the clock opens and closes at the first moment at which the clock of its zone shows that time, or,
where the clock jumps over it, at the jump. So an hour that comes twice makes a window that spans it an hour
longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import count
from math import inf
from zoneinfo import ZoneInfo

from batchgw.model.rollout.window import MINUTES, WeekWindow

HORIZON = 400 * 86_400.0
"""Seconds that are looked ahead: more than a year, after which a calendar says nothing one could wait for."""

_STEPS = 10_000  # changes that are looked at, at most: those of 13 windows, twice a day, for a year


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Whether a window is open at a moment, and until when that stays so; None where no end is known."""

    open: bool
    until: float | None


StateAt = Callable[[float], State]
"""Tells the state of a window at a moment."""

Span = tuple[float, float]
"""From when (inclusive) to when (exclusive) a window is open."""


def of_week(window: WeekWindow) -> StateAt:
    """Give what tells the state of a window by the clock."""
    return partial(_state_of_week, window)


def of_spans(spans: Sequence[Span]) -> StateAt:
    """Give what tells the state of a window that is open in these spans, in whatever order they are."""
    ordered = sorted(spans)
    return lambda now: _state(iter(ordered), now)


def all_open(windows: Sequence[StateAt]) -> StateAt:
    """Give what tells the state of several windows together, all of which must be open."""

    def state_at(now: float) -> State:
        states = [window(now) for window in windows]
        if not all(state.open for state in states):
            return State(open=False, until=_next_opening(windows, now))
        ends = [state.until for state in states if state.until is not None]
        return State(open=True, until=min(ends, default=None))

    return state_at


def when_done(window: StateAt, begun: float, seconds: float) -> float:
    """Give the moment at which work is done that takes so long, and is done only while a window is open.

    It is infinite where the window does not open for long enough.
    """
    moment, left = begun, seconds
    for _ in range(_STEPS):
        state = window(moment)
        if state.open and (state.until is None or state.until - moment >= left):
            return moment + left
        if state.until is None:
            return inf
        left -= state.until - moment if state.open else 0.0
        moment = state.until
    return inf


def _next_opening(windows: Sequence[StateAt], now: float) -> float | None:
    moment = now
    for _ in range(_STEPS):
        closed = [state.until for state in (window(moment) for window in windows) if not state.open]
        if not closed:
            return moment
        known = [until for until in closed if until is not None]
        if len(known) < len(closed) or max(known) > now + HORIZON:
            return None
        moment = max(known)
    return None


def _state_of_week(window: WeekWindow, now: float) -> State:
    return _state(_spans_of_week(window, now), now)


def _state(spans: Iterator[Span], now: float) -> State:
    """Find the state at a moment among spans that are in order, and may touch or overlap."""
    opened: float | None = None  # the end of what is open now, as far as it was followed
    for begin, end in spans:
        if begin > now + HORIZON:
            return State(open=opened is not None, until=None)
        if opened is not None:
            if begin > opened:
                break
            opened = max(opened, end)
        elif begin <= now < end:
            opened = end
        elif begin > now:
            return State(open=False, until=begin)
    return State(open=opened is not None, until=opened)


def _spans_of_week(window: WeekWindow, now: float) -> Iterator[Span]:
    """Give the spans from before a moment on, in order."""
    zone = ZoneInfo(window.zone)
    first = datetime.fromtimestamp(now, zone).date() - timedelta(days=2)
    over_midnight = window.closes <= window.opens
    for n in count():
        day = first + timedelta(days=n)
        if day.weekday() in window.days:
            begin = _moment(day, window.opens, zone)
            end = _moment(day + timedelta(days=over_midnight), window.closes, zone)
            if begin < end:  # both may be in the hour that the clock jumps over
                yield begin, end
        elif n > HORIZON / 86_400 + 3:
            return


def _moment(day: date, minutes: int, zone: ZoneInfo) -> float:
    """Give the first moment at which a clock shows a time of a day, or has jumped over it."""
    days, rest = divmod(minutes, MINUTES)
    shown = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), tzinfo=zone)
    late, early = shown.timestamp(), shown.replace(fold=1).timestamp()
    if datetime.fromtimestamp(late, zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
        return late  # with fold 0 it is the first of two
    return _jump(early, late, zone)


def _jump(early: float, late: float, zone: ZoneInfo) -> float:
    """Find the moment between two, to the second, at which a clock jumps."""
    before = _offset(early, zone)
    while late - early > 1:
        middle = (early + late) // 2
        if _offset(middle, zone) == before:
            early = middle
        else:
            late = middle
    return late


def _offset(moment: float, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).utcoffset()
