"""What is asked of CloudWatch and Systems Manager: alarms, metrics and calendars, each to its last page.

It decides nothing: what an alarm or a closed calendar means is up to whoever asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations.cloudwatch import (
    Alarm,
    DescribeAlarms,
    GetMetricData,
    MetricQuery,
    MetricSeries,
)
from batchgw.control_plane.operations.cloudwatch.describe_alarms import MOST_NAMES, alarm_place
from batchgw.control_plane.operations.cloudwatch.get_metric_data import MOST_QUERIES
from batchgw.control_plane.operations.ssm import CalendarState, GetCalendarState
from batchgw.control_plane.operations.ssm.get_calendar_state import calendar_place
from batchgw.discovery.pages import pages
from batchgw.model import Scope

T = TypeVar("T")
Asked = TypeVar("Asked", DescribeAlarms, GetMetricData)

WHOLE = "Complete"
"""AWS's word for a series of which nothing is missing."""


async def alarms(plane: ControlPlane, wanted: Collection[str], here: Scope) -> Mapping[str, Alarm | None]:
    """Give the alarms that are named by ARNs, or by names in `here`. One that does not exist is None.

    Raises ValueError for an ARN of anything else, and a `CallError`.
    """
    by_scope: dict[Scope, dict[str, list[str]]] = {}
    for text in wanted:
        where = alarm_place(text, here)
        by_scope.setdefault(where.scope, {}).setdefault(where.name, []).append(text)
    found: dict[str, Alarm | None] = dict.fromkeys(wanted)
    for scope, texts in by_scope.items():
        for names in _parts(tuple(texts), MOST_NAMES):
            first = DescribeAlarms(scope=scope, names=names)
            async for page in pages(plane, partial(_at_token, first)):
                for alarm in page:
                    found.update(dict.fromkeys(texts[alarm.name], alarm))
    return found


async def metric_data(
    plane: ControlPlane, scope: Scope, queries: Sequence[MetricQuery], *, start: float, end: float
) -> Mapping[str, MetricSeries]:
    """Give what the queries measured in a scope, by their ids. Times are seconds since the epoch.

    A series of which the service gives no more has its last word as `status`: anything but `WHOLE` says that
    values are missing. Raises a `CallError`.
    """
    found: dict[str, MetricSeries] = {}
    for part in _parts(tuple(queries), MOST_QUERIES):
        first = GetMetricData(scope=scope, queries=part, start=start, end=end)
        async for page in pages(plane, partial(_at_token, first)):
            for series in page:
                before = found.get(series.id)
                values = series.values if before is None else (*before.values, *series.values)
                found[series.id] = MetricSeries(id=series.id, values=values, status=series.status)
    return found


async def calendar(plane: ControlPlane, wanted: str, here: Scope) -> CalendarState:
    """Give the state of the calendar that is named by an ARN, or by a name in `here`.

    It is asked in its own region, with the keys of its own account. Raises ValueError for an ARN of anything
    else, EntityNotFound where there is no such calendar, and a `CallError`.
    """
    where = calendar_place(wanted, here)
    return await plane.send(GetCalendarState(scope=where.scope, calendar=where.name))


def _at_token(first: Asked, token: str | None) -> Asked:
    """Ask for the page of a token as for the first one."""
    return replace(first, token=token)


def _parts(items: tuple[T, ...], size: int) -> Iterator[tuple[T, ...]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]
