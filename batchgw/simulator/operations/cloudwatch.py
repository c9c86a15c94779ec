"""Amazon CloudWatch's DescribeAlarms and GetMetricData. What they say is scripted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TypeVar

from batchgw.simulator.operations.listing import Page, page
from batchgw.simulator.operations.operation import Input, Operation, answers
from batchgw.simulator.operations.params import optional_text, strings, structure, structures, text, whole
from batchgw.simulator.reply import Body, Params, ServiceFault
from batchgw.simulator.service_models import partition
from batchgw.simulator.services import AwsService
from batchgw.simulator.world.signals.script import Alarm, Measured

CLOUDWATCH = AwsService(
    name="cloudwatch",
    signing_name="monitoring",
    protocol="query",
    throttled=("Throttling", 400, "Rate exceeded"),
    denied=("AccessDenied", 403),
    throttle_is_modelled=False,
)

MOST_NAMES = 100
"""Names of a call, and alarms of a page (service model, `AlarmNames` and `MaxRecords`)."""

MOST_QUERIES = 500
MOST_POINTS = 100_800
"""Of a call (API reference, GetMetricData)."""

MINUTE = 60
"""Seconds. API Gateway measures once a minute (developer guide, metrics)."""

NAMESPACE = "AWS/ApiGateway"

T = TypeVar("T")

_Series = tuple[str, list[tuple[float, float]]]
"""The id of a query, and (seconds since the epoch, value)."""


def describe_alarms(given: Input) -> Body:
    """Give a page of the alarms in the caller's account and region: metric alarms alone, unless asked."""
    names = strings(given.params, "AlarmNames")
    prefix = optional_text(given.params, "AlarmNamePrefix")
    kinds = strings(given.params, "AlarmTypes") or ["MetricAlarm"]
    state = optional_text(given.params, "StateValue")
    if names is not None and len(names) > MOST_NAMES:
        raise _not_valid(f"AlarmNames can have at most {MOST_NAMES} members")
    if names is not None and prefix is not None:
        raise _not_valid("AlarmNames and AlarmNamePrefix cannot both be specified")
    size = whole(given.params, "MaxRecords") or MOST_NAMES
    if not 1 <= size <= MOST_NAMES:
        raise _not_valid(f"MaxRecords must be between 1 and {MOST_NAMES}, not {size}")
    now = given.world.signals.now
    found = [
        alarm
        for alarm in given.world.signals.alarms(given.account, given.region)
        if (names is None or alarm.name in names)
        and alarm.name.startswith(prefix or "")
        and ("CompositeAlarm" if alarm.composite else "MetricAlarm") in kinds
        and state in (None, alarm.course.at(now).value.state)
    ]
    listed = _page(found, size, given.params)
    body: Body = {
        "MetricAlarms": [_alarm(given, alarm) for alarm in listed.items if not alarm.composite],
        "CompositeAlarms": [_alarm(given, alarm) for alarm in listed.items if alarm.composite],
    }
    return body if listed.next_token is None else {**body, "NextToken": listed.next_token}


def _alarm(given: Input, alarm: Alarm) -> Body:
    signals = given.world.signals
    step = alarm.course.at(signals.now)
    since = math.floor(given.now - signals.now + step.at)
    where = f"arn:{partition(given.region)}:cloudwatch:{given.region}:{given.account}"
    return {
        "AlarmName": alarm.name,
        "AlarmArn": f"{where}:alarm:{alarm.name}",
        "ActionsEnabled": True,
        "StateValue": step.value.state,
        "StateReason": step.value.reason or f"{step.value.state} by script",
        "StateUpdatedTimestamp": since,
        "StateTransitionedTimestamp": since,
    }


def get_metric_data(given: Input) -> Body:
    """Give a page of what queries measured. Series have pages together, by their data points."""
    queries = structures(given.params, "MetricDataQueries")
    if len(queries) > MOST_QUERIES:
        raise _not_valid(
            f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}."
        )
    start, end = _time(given.params, "StartTime"), _time(given.params, "EndTime")
    if start >= end:
        raise _not_valid("The parameter StartTime must be less than the parameter EndTime.")
    all_series = [_series(given, query, start, end) for query in queries]
    if given.params.get("ScanBy") != "TimestampAscending":
        all_series = [(name, points[::-1]) for name, points in all_series]
    size = whole(given.params, "MaxDatapoints") or MOST_POINTS
    entries = [(name, point) for name, points in all_series for point in points or (None,)]
    listed = _page(entries, min(max(1, size), MOST_POINTS), given.params)
    goes_on = _goes_on(entries, listed)
    results: list[Body] = []
    for name, group in groupby(listed.items, key=lambda entry: entry[0]):
        points = [point for _, point in group if point is not None]
        results.append(
            {
                "Id": name,
                "Label": name,
                "Timestamps": [time for time, _ in points],
                "Values": [value for _, value in points],
                "StatusCode": "PartialData" if name == goes_on else "Complete",
            }
        )
    body: Body = {"MetricDataResults": results}
    return body if listed.next_token is None else {**body, "NextToken": listed.next_token}


def _goes_on(
    entries: list[tuple[str, tuple[float, float] | None]],
    listed: Page[tuple[str, tuple[float, float] | None]],
) -> str | None:
    """Give the query of which a later page has more points; None where the page ends with a whole one."""
    if listed.next_token is None:
        return None
    name, last = listed.items[-1]
    points = [point for each, point in entries if each == name]
    return name if points[-1] != last else None


def _series(given: Input, query: Params, start: float, end: float) -> _Series:
    name = text(query, "Id")
    stat = structure(query, "MetricStat")
    if stat is None:
        raise _not_valid(f"The simulator knows no expressions, and query {name} has no MetricStat")
    metric, period = structure(stat, "Metric") or {}, whole(stat, "Period") or 0
    if period < MINUTE or period % MINUTE:
        raise _not_valid(f"The period of query {name} must be a multiple of {MINUTE}, not {period}")
    pick = _STATS.get(text(stat, "Stat"))
    if pick is None:
        raise _not_valid(f"The simulator knows no statistic {text(stat, 'Stat')}")
    dimensions = {text(each, "Name"): text(each, "Value") for each in structures(metric, "Dimensions")}
    if text(metric, "Namespace") != NAMESPACE or dimensions.keys() != {"ApiName", "Stage"}:
        return name, []
    signals = given.world.signals
    found = signals.metric(
        given.account,
        given.region,
        text(metric, "MetricName"),
        api=dimensions["ApiName"],
        stage=dimensions["Stage"],
    )
    if found is None:
        return name, []
    first_call = given.now - signals.now  # in seconds since the epoch
    begin = max(start, first_call) // period * period
    points: list[tuple[float, float]] = []
    while begin < min(end, given.now):
        measured = found.measured(
            max(0.0, begin - first_call), max(0.0, min(begin + period, given.now) - first_call)
        )
        if measured is not None and begin >= start:
            points.append((begin, pick(measured)))
        begin += period
    return name, points


_STATS: Mapping[str, Callable[[Measured], float]] = {
    "SampleCount": lambda each: each.requests,
    "Average": lambda each: each.value,
    "Minimum": lambda each: each.value,
    "Maximum": lambda each: each.value,
    "Sum": lambda each: each.requests * each.value,
}
"""What a statistic makes of what was measured."""


def _page(items: Sequence[T], size: int, params: Params) -> Page[T]:
    try:
        return page(items, size=size, token=optional_text(params, "NextToken"))
    except ValueError:
        raise ServiceFault("InvalidNextToken", 400, "The next token specified is invalid.") from None


def _time(params: Params, name: str) -> float:
    """Read a time: a date, as in process, or its text, as over HTTP."""
    value = params.get(name)
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, datetime):
        raise _not_valid(f"The parameter {name} must be a time")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _not_valid(message: str) -> ServiceFault:
    return ServiceFault("ValidationError", 400, message, modelled=False)


OPERATIONS: Mapping[str, Operation] = {
    "DescribeAlarms": answers(describe_alarms),
    "GetMetricData": answers(get_metric_data),
}
