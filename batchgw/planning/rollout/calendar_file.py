"""The events of an iCalendar file, as spans in which a window is open. The libraries load late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from batchgw.errors import UsageError
from batchgw.planning.rollout.windows import HORIZON, Span

_BEFORE = timedelta(days=31)
"""How long before now an event may have begun that still lasts."""


def spans_of(text: str, *, path: str, now: float) -> list[Span]:
    """Give the spans of a calendar's events around a moment and for a year on, those that recur included.

    Events that are cancelled do not count. A time without a zone, and a day, are in UTC. `path` is for
    messages. Raises UsageError for a text that is no calendar.
    """
    import recurring_ical_events  # noqa: PLC0415 - few policies have a calendar
    from icalendar import Calendar  # noqa: PLC0415

    begin = datetime.fromtimestamp(now, UTC)
    try:
        calendar = Calendar.from_ical(text)
        events = recurring_ical_events.of(calendar).between(
            begin - _BEFORE, begin + timedelta(seconds=HORIZON)
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path} is not an iCalendar file that can be read ({error}). A window needs one with events: a"
            " .ics file, as calendars export it."
        ) from error
    return sorted(
        (_seconds(event["DTSTART"].dt), _seconds(event["DTEND"].dt))
        for event in events
        if str(event.get("STATUS", "")).upper() != "CANCELLED"
    )


def _seconds(moment: date | datetime) -> float:
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
