"""Windows: when calls may be made. As they are written; `planning.rollout` tells which are open."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.model.shape import JSON, count, items, record, text

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The days of the week, as `date.weekday` counts them."""

MINUTES = 24 * 60
"""Of a day: where a window ends that is open until midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekWindow:
    """Open on some days of the week, between two times on the clock of a zone.

    Attributes:
        days: 0 is Monday. The day is that on which the window opens.
        opens: minutes after midnight, on the clock.
        closes: the same. Where it is not later than `opens`, it is on the next day.
        zone: an IANA name, such as Europe/Berlin.

    Raises ValueError for what is no day or time.
    """

    days: tuple[int, ...]
    opens: int
    closes: int
    zone: str

    def __post_init__(self) -> None:
        if not self.days or not {*self.days} <= {*range(len(DAYS))}:
            raise ValueError("a window is open on some days of the week")
        if not 0 <= self.opens < MINUTES or not 0 <= self.closes <= MINUTES:
            raise ValueError("a window opens and closes within a day")

    def __str__(self) -> str:
        """Render for people: `mon, tue 09:00-16:00 Europe/Berlin`."""
        days = ", ".join(DAYS[day] for day in self.days)
        return f"{days} {_clock(self.opens)}-{_clock(self.closes)} {self.zone}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWindow:
    """Open during the events of an iCalendar file. `path` is relative to the working folder, or absolute."""

    path: str

    def __str__(self) -> str:
        """Render for people."""
        return f"the calendar {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarWindow:
    """Open when an SSM Change Calendar is. `arn` may be its name, too."""

    arn: str

    def __str__(self) -> str:
        """Render for people."""
        return f"the Change Calendar {self.arn}"


Window = WeekWindow | FileWindow | CalendarWindow
"""When calls may be made."""


def window_to_json(window: Window) -> dict[str, JSON]:
    """Render a window; its keys tell which kind it is."""
    match window:
        case WeekWindow():
            return {
                "days": list(window.days),
                "opens": window.opens,
                "closes": window.closes,
                "zone": window.zone,
            }
        case FileWindow():
            return {"file": window.path}
        case CalendarWindow():
            return {"calendar": window.arn}


def read_window(data: JSON) -> Window:
    """Read what `window_to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    found = record(data)
    if "file" in found:
        return FileWindow(path=text(found["file"]))
    if "calendar" in found:
        return CalendarWindow(arn=text(found["calendar"]))
    return WeekWindow(
        days=tuple(map(count, items(found["days"]))),
        opens=count(found["opens"]),
        closes=count(found["closes"]),
        zone=text(found["zone"]),
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
