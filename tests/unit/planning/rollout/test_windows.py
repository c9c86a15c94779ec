"""When windows are open: moments worked out by hand, also where the clock jumps."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.errors import UsageError
from batchgw.model.rollout.window import WeekWindow
from batchgw.planning.rollout.calendar_file import spans_of
from batchgw.planning.rollout.windows import HORIZON, State, all_open, of_spans, of_week, when_done

DAYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
EVERY = tuple(DAYS.values())


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def week(days: tuple[int, ...], opens: str, closes: str, zone: str = "Europe/Berlin") -> WeekWindow:
    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    return WeekWindow(days=days, opens=minutes(opens), closes=minutes(closes), zone=zone)


OFFICE = week((0, 1, 2, 3), "09:00", "16:00")
NIGHT = week((4,), "22:00", "02:00")
GAP = week(EVERY, "02:30", "05:00")  # on 2026-03-29, 02:00 +01:00 is 03:00 +02:00
ENDS_IN_GAP = week(EVERY, "01:00", "02:30")
WITHIN_GAP = week((6,), "02:10", "02:50")
DOUBLED = week(EVERY, "02:30", "04:00")  # on 2026-10-25, 03:00 +02:00 is 02:00 +01:00
ENDS_DOUBLED = week(EVERY, "01:00", "02:30")
ALWAYS = week(EVERY, "00:00", "24:00")


@pytest.mark.parametrize(
    ("window", "now", "is_open", "until"),
    [
        # 2026-12-03 is a Thursday
        (OFFICE, "2026-12-03T08:59:59+01:00", False, "2026-12-03T09:00+01:00"),
        (OFFICE, "2026-12-03T09:00:00+01:00", True, "2026-12-03T16:00+01:00"),
        (OFFICE, "2026-12-03T16:00:00+01:00", False, "2026-12-07T09:00+01:00"),
        (OFFICE, "2026-03-26T16:00:00+01:00", False, "2026-03-30T09:00+02:00"),  # summer has begun meanwhile
        (NIGHT, "2026-12-04T23:00:00+01:00", True, "2026-12-05T02:00+01:00"),
        (NIGHT, "2026-12-05T01:59:00+01:00", True, "2026-12-05T02:00+01:00"),
        (NIGHT, "2026-12-05T02:00:00+01:00", False, "2026-12-11T22:00+01:00"),
        (GAP, "2026-03-29T01:45:00+01:00", False, "2026-03-29T03:00+02:00"),
        (GAP, "2026-03-29T03:00:00+02:00", True, "2026-03-29T05:00+02:00"),
        (ENDS_IN_GAP, "2026-03-29T01:59:00+01:00", True, "2026-03-29T03:00+02:00"),
        (WITHIN_GAP, "2026-03-29T01:00:00+01:00", False, "2026-04-05T02:10+02:00"),
        (DOUBLED, "2026-10-25T02:00:00+02:00", False, "2026-10-25T02:30+02:00"),
        (DOUBLED, "2026-10-25T02:10:00+01:00", True, "2026-10-25T04:00+01:00"),
        (ENDS_DOUBLED, "2026-10-25T02:15:00+02:00", True, "2026-10-25T02:30+02:00"),
        (ENDS_DOUBLED, "2026-10-25T02:15:00+01:00", False, "2026-10-26T01:00+01:00"),
    ],
)
def test_a_window_by_the_clock(window: WeekWindow, now: str, *, is_open: bool, until: str) -> None:
    assert of_week(window)(at(now)) == State(open=is_open, until=at(until))


def test_a_window_that_never_closes_has_no_end() -> None:
    assert of_week(ALWAYS)(at("2026-12-03T12:00+01:00")) == State(open=True, until=None)


def test_several_must_all_be_open() -> None:
    quiet = of_spans([(at("2026-12-03T15:00+01:00"), at("2026-12-08T10:00+01:00"))])
    both = all_open([of_week(OFFICE), quiet])
    assert both(at("2026-12-03T12:00+01:00")) == State(open=False, until=at("2026-12-03T15:00+01:00"))
    assert both(at("2026-12-03T15:30+01:00")) == State(open=True, until=at("2026-12-03T16:00+01:00"))
    assert both(at("2026-12-04T12:00+01:00")) == State(open=False, until=at("2026-12-07T09:00+01:00"))
    assert both(at("2026-12-08T09:00+01:00")) == State(open=True, until=at("2026-12-08T10:00+01:00"))
    assert both(at("2026-12-08T11:00+01:00")) == State(open=False, until=None)


@pytest.mark.parametrize(
    ("begun", "hours", "done"),
    [
        ("2026-12-03T10:00+01:00", 6, "2026-12-03T16:00+01:00"),  # to the very end of the window
        ("2026-12-03T10:00+01:00", 7, "2026-12-07T10:00+01:00"),  # six hours on Thursday, one on Monday
        ("2026-12-03T20:00+01:00", 15, "2026-12-09T10:00+01:00"),  # Monday, Tuesday, an hour of Wednesday
    ],
)
def test_work_is_done_while_the_window_is_open(begun: str, hours: float, done: str) -> None:
    assert when_done(of_week(OFFICE), at(begun), hours * 3600) == at(done)


def test_work_is_never_done_where_the_window_does_not_open_again() -> None:
    assert when_done(of_spans([(0.0, 10.0)]), 5.0, 5.0) == 10.0
    assert when_done(of_spans([(0.0, 10.0)]), 5.0, 6.0) == float("inf")


def test_windows_that_are_never_open_together_never_open() -> None:
    never = all_open([of_week(week((0,), "09:00", "10:00")), of_week(week((1,), "09:00", "10:00"))])
    assert never(at("2026-12-03T12:00+01:00")) == State(open=False, until=None)
    assert all_open([])(0.0) == State(open=True, until=None)


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.sampled_from(EVERY), min_size=1),
    st.integers(0, 1439),
    st.integers(0, 1440),
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"]),
    st.floats(at("2026-01-01T00:00+00:00"), at("2027-12-31T00:00+00:00")),
)
def test_a_window_is_as_it_says_until_it_says_otherwise(
    days: set[int], opens: int, closes: int, zone: str, now: float
) -> None:
    state_at = of_week(WeekWindow(days=tuple(days), opens=opens, closes=closes, zone=zone))
    found = state_at(now)
    if found.until is not None:
        assert now < found.until <= now + HORIZON
        assert state_at((now + found.until) / 2).open is found.open
        assert state_at(found.until).open is not found.open


CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:weekly
DTSTART;TZID=Europe/Berlin:20261130T090000
DTEND;TZID=Europe/Berlin:20261130T120000
RRULE:FREQ=WEEKLY;COUNT=3
EXDATE;TZID=Europe/Berlin:20261207T090000
END:VEVENT
BEGIN:VEVENT
UID:cancelled
STATUS:CANCELLED
DTSTART:20261201T000000Z
DTEND:20261203T000000Z
END:VEVENT
BEGIN:VEVENT
UID:day
DTSTART;VALUE=DATE:20261210
DTEND;VALUE=DATE:20261211
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def test_a_calendar_file_is_open_during_its_events() -> None:
    assert spans_of(CALENDAR, path="c.ics", now=at("2026-12-01T00:00+00:00")) == [
        (at("2026-11-30T09:00+01:00"), at("2026-11-30T12:00+01:00")),
        (at("2026-12-10T00:00+00:00"), at("2026-12-11T00:00+00:00")),
        (at("2026-12-14T09:00+01:00"), at("2026-12-14T12:00+01:00")),
    ]


@pytest.mark.parametrize("text", ["", "no calendar", CALENDAR[:200]])
def test_what_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^c\.ics is not an iCalendar file"):
        spans_of(text, path="c.ics", now=0.0)
