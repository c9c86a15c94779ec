"""Alarms, metrics and calendars over time. Times are seconds since the first call. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

AlarmState = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
CalendarWord = Literal["OPEN", "CLOSED"]
CalendarFault = Literal["InvalidDocument", "InvalidDocumentType", "UnsupportedCalendarException"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[T]):
    """From `at` on it is so."""

    at: float
    value: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Generic[T]):
    """What something is over time: at first `initially`, then as the steps say, whose times rise."""

    initially: T
    steps: tuple[Step[T], ...] = ()

    def at(self, time: float) -> Step[T]:
        """Give what it is at a time, and since when; one that never changed is so since 0."""
        found = Step(at=0.0, value=self.initially)
        for step in self.steps:
            if step.at > time:
                break
            if step.value != found.value:
                found = step
        return found

    def change_after(self, time: float) -> float | None:
        """Give when it will next be something else; None for never."""
        now = self.at(time).value
        return next((step.at for step in self.steps if step.at > time and step.value != now), None)

    def parts(self, start: float, end: float) -> Iterator[tuple[float, T]]:
        """Give what it is between two times: for how many seconds, and what."""
        marks = [start, *(step.at for step in self.steps if start < step.at < end), end]
        for begin, finish in pairwise(marks):
            yield finish - begin, self.at(begin).value


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The account and the region of something; None for all of them."""

    account: str | None = None
    region: str | None = None

    def covers(self, account: str, region: str) -> bool:
        """Whether it is there."""
        return self.account in (None, account) and self.region in (None, region)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStatus:
    """A state of an alarm, and CloudWatch's reason for it."""

    state: AlarmState
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm by its name."""

    name: str
    where: Where
    course: Course[AlarmStatus]
    composite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is measured for a while: so many requests a minute, and a value on average."""

    requests: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of the stages that `api` and `stage` match: globs on their names."""

    metric: str
    api: str
    stage: str
    where: Where
    course: Course[Measured]

    def measured(self, start: float, end: float) -> Measured | None:
        """Give how many requests there were between two times, and their value on average; None for none."""
        requests = value = 0.0
        for seconds, each in self.course.parts(start, end):
            part = each.requests * seconds / 60
            requests, value = requests + part, value + part * each.value
        whole = round(requests)
        return Measured(requests=whole, value=value / requests) if whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A change calendar by the name of its document, or a document that is none as `fault` says."""

    name: str
    where: Where
    course: Course[CalendarWord]
    fault: CalendarFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """All that a script says. Of metrics that match the same stage, the first one counts."""

    alarms: tuple[Alarm, ...] = ()
    metrics: tuple[Metric, ...] = ()
    calendars: tuple[Calendar, ...] = ()


class Signals:
    """A script, and the time at which it stands."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.now = 0.0

    def advance(self, now: float) -> None:
        """Let it be a time: seconds since the first call."""
        self.now = now

    def alarms(self, account: str, region: str) -> list[Alarm]:
        """Give the alarms of an account in a region, by name."""
        found = [alarm for alarm in self.script.alarms if alarm.where.covers(account, region)]
        return sorted(found, key=lambda alarm: alarm.name)

    def metric(self, account: str, region: str, metric: str, *, api: str, stage: str) -> Metric | None:
        """Give the metric of a stage; None where nothing is ever measured."""
        for each in self.script.metrics:
            meant = each.metric == metric and fnmatchcase(api, each.api) and fnmatchcase(stage, each.stage)
            if meant and each.where.covers(account, region):
                return each
        return None

    def calendar(self, account: str, region: str, name: str) -> Calendar | None:
        """Give a calendar of an account in a region; None where there is none of the name."""
        for each in self.script.calendars:
            if each.name == name and each.where.covers(account, region):
                return each
        return None
