"""What a rollout asks of CloudWatch and Systems Manager: its gates and windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchgw.control_plane.operations.cloudwatch import DescribeAlarms, GetMetricData
from batchgw.control_plane.operations.ssm import GetCalendarState
from batchgw.model import Region
from batchgw.model.rollout.gate import AlarmCheck, CalendarCheck, MetricCheck
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.window import CalendarWindow
from batchgw.permissions.narrowing import EVERY
from batchgw.permissions.statement import Statement


def asking(rollout: Rollout | None, partition: str, regions: Sequence[Region]) -> Iterator[Statement]:
    """Give a statement for each operation that its gates and windows need; none without a rollout."""
    if rollout is None:
        return
    checks = [gate.check for gate in rollout.gates]
    if any(isinstance(check, AlarmCheck) for check in checks):
        yield Statement(
            sid="AskAlarms",
            actions=(f"cloudwatch:{DescribeAlarms.operation.name}",),
            resources=(EVERY,),  # a narrower one tells no composite alarm (API reference, DescribeAlarms)
            why="asks in which state alarms are",
        )
    if any(isinstance(check, MetricCheck) for check in checks):
        yield Statement(
            sid="AskMetrics",
            actions=(f"cloudwatch:{GetMetricData.operation.name}",),
            resources=(EVERY,),  # it knows no resources (service authorization reference)
            why="compares what was measured of stages",
        )
    calendars = [check.calendar for check in checks if isinstance(check, CalendarCheck)]
    calendars += [window.arn for window in rollout.windows if isinstance(window, CalendarWindow)]
    if calendars:
        arns = [arn for each in calendars for arn in _documents(each, partition, regions)]
        yield Statement(
            sid="AskCalendars",
            actions=(f"ssm:{GetCalendarState.operation.name}",),
            resources=tuple(dict.fromkeys(arns)),
            why="asks whether change calendars are open",
        )


def _documents(calendar: str, partition: str, regions: Sequence[Region]) -> Iterator[str]:
    """Give the documents that a calendar may be: a plain name may be one of any account."""
    if calendar.startswith("arn:"):
        yield calendar
        return
    for region in regions or (EVERY,):
        yield f"arn:{partition}:ssm:{region}:*:document/{calendar}"
