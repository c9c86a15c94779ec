"""Reads a signal script from what people write, or an error that says what is wrong with it, and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final, TypeVar, get_args

from batchgw.simulator.documents import Value
from batchgw.simulator.world.signals.script import (
    Alarm,
    AlarmState,
    AlarmStatus,
    Calendar,
    CalendarFault,
    CalendarWord,
    Course,
    Measured,
    Metric,
    Script,
    Step,
    Where,
)

T = TypeVar("T")

FIELDS: Final = ("alarms", "metrics", "calendars")
ALARM_FIELDS: Final = ("name", "account", "region", "composite", "states")
METRIC_FIELDS: Final = ("metric", "api", "stage", "account", "region", "values")
CALENDAR_FIELDS: Final = ("name", "account", "region", "states", "fault")

_ALARM_STATES: tuple[AlarmState, ...] = get_args(AlarmState)
_CALENDAR_WORDS: tuple[CalendarWord, ...] = get_args(CalendarWord)
_CALENDAR_FAULTS: tuple[CalendarFault, ...] = get_args(CalendarFault)
_ACCOUNT = re.compile(r"\d{12}")


def signals(document: Value, *, accounts: Collection[str], regions: Collection[str]) -> Script:
    """Read a whole script about a world of these accounts and regions. Raises UsageError."""
    return _Reading(accounts, regions).script(document)


class _Reading:
    """Reads what names accounts and regions, and knows which there are."""

    def __init__(self, accounts: Collection[str], regions: Collection[str]) -> None:
        self._accounts = accounts
        self._regions = regions

    def script(self, document: Value) -> Script:
        found = document.fields(FIELDS)
        return Script(
            alarms=tuple(map(self._alarm, _items(found, "alarms"))),
            metrics=tuple(map(self._metric, _items(found, "metrics"))),
            calendars=tuple(map(self._calendar, _items(found, "calendars"))),
        )

    def _alarm(self, value: Value) -> Alarm:
        found = value.fields(ALARM_FIELDS)
        return Alarm(
            name=_needed(value, found, "name").text(),
            where=self._where(found),
            course=_course(found, "states", ("state", "reason"), _alarm_status, AlarmStatus(state="OK")),
            composite="composite" in found and found["composite"].flag(),
        )

    def _metric(self, value: Value) -> Metric:
        found = value.fields(METRIC_FIELDS)
        return Metric(
            metric=_needed(value, found, "metric").text(),
            api=found["api"].text() if "api" in found else "*",
            stage=found["stage"].text() if "stage" in found else "*",
            where=self._where(found),
            course=_course(
                found, "values", ("requests", "value"), _measured, Measured(requests=0.0, value=0.0)
            ),
        )

    def _calendar(self, value: Value) -> Calendar:
        found = value.fields(CALENDAR_FIELDS)
        return Calendar(
            name=_needed(value, found, "name").text(),
            where=self._where(found),
            course=_course(found, "states", ("state",), _calendar_word, "OPEN"),
            fault=found["fault"].word(_CALENDAR_FAULTS) if "fault" in found else None,
        )

    def _where(self, found: Mapping[str, Value]) -> Where:
        return Where(
            account=self._account(found["account"]) if "account" in found else None,
            region=self._region(found["region"]) if "region" in found else None,
        )

    def _account(self, value: Value) -> str:
        text = str(value.value)
        if not _ACCOUNT.fullmatch(text):
            raise value.wrong(f"{text!r} is no account id: it has 12 digits, in quotes if it begins with 0")
        if text not in self._accounts:
            raise value.wrong(f"there is no account {text} in this world")
        return text

    def _region(self, value: Value) -> str:
        region = value.text()
        if region not in self._regions:
            raise value.wrong(
                f"there is no region {region} in this world; there are {', '.join(self._regions)}"
            )
        return region


def _items(found: Mapping[str, Value], key: str) -> tuple[Value, ...]:
    return found[key].items() if key in found else ()


def _needed(value: Value, found: Mapping[str, Value], key: str) -> Value:
    if key not in found:
        raise value.wrong(f"needs `{key}`")
    return found[key]


def _course(
    found: Mapping[str, Value],
    key: str,
    fields: tuple[str, ...],
    read: Callable[[Value, Mapping[str, Value]], T],
    initially: T,
) -> Course[T]:
    """Read the steps under a key, each with `at` and what is so from then on."""
    return Course(initially=initially, steps=tuple(_steps(_items(found, key), fields, read)))


def _steps(
    values: tuple[Value, ...], fields: tuple[str, ...], read: Callable[[Value, Mapping[str, Value]], T]
) -> Iterator[Step[T]]:
    last: float | None = None
    for each in values:
        found = each.fields(("at", *fields))
        at = found["at"].number() if "at" in found else 0.0
        if last is not None and at <= last:
            raise each.wrong(f"comes at {at:g} s, and must come after the one before, at {last:g} s")
        last = at
        yield Step(at=at, value=read(each, found))


def _alarm_status(value: Value, found: Mapping[str, Value]) -> AlarmStatus:
    return AlarmStatus(
        state=_needed(value, found, "state").word(_ALARM_STATES),
        reason=found["reason"].text() if "reason" in found else "",
    )


def _measured(value: Value, found: Mapping[str, Value]) -> Measured:
    return Measured(
        requests=_needed(value, found, "requests").number(),
        value=found["value"].number() if "value" in found else 1.0,
    )


def _calendar_word(value: Value, found: Mapping[str, Value]) -> CalendarWord:
    return _needed(value, found, "state").word(_CALENDAR_WORDS)
