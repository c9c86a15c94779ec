"""DescribeAlarms: in which state alarms are, those that watch a metric and those composed of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.arns import Place, place
from batchgw.control_plane.operations.checks import is_text
from batchgw.control_plane.operations.listing import LONGEST_TOKEN, Page, listed, next_position
from batchgw.control_plane.operations.times import seconds
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.model import Scope

MOST_NAMES = 100
"""Names of a call, and alarms of a page (service model, `AlarmNames` and `MaxRecords`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm.

    Attributes:
        name: unique in its account and region, among alarms of both kinds.
        arn: names account and region, too.
        state: AWS's word: OK, ALARM or INSUFFICIENT_DATA.
        composite: it is composed of other alarms, and watches no metric itself.
        reason: of the state, in CloudWatch's words.
        since: when it came into the state, in seconds since the epoch; None where the answer does not say.
    """

    name: str
    arn: str
    state: str
    composite: bool = False
    reason: str = ""
    since: float | None = None


def alarm_place(text: str, here: Scope) -> Place:
    """Find the alarm of an ARN, or of a name in `here`. Raises ValueError for an ARN of anything else."""
    return place(text, here, service="cloudwatch", kind="alarm:")


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeAlarms(Request[Page[Alarm]]):
    """Describe a page of the alarms of these names, 100 at most. One that does not exist is left out.

    Both kinds are asked for, because the service would give metric alarms alone. For composite ones the
    permission must be on `*` (API reference, DescribeAlarms).
    """

    operation = Operation(name="DescribeAlarms", method="describe_alarms", service="cloudwatch")
    names: tuple[str, ...]
    token: str | None = None

    @property
    def target(self) -> str | None:
        """The alarm, if it is one."""
        return self.names[0] if len(self.names) == 1 else None

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {
            "AlarmNames": list(self.names),
            "AlarmTypes": ["CompositeAlarm", "MetricAlarm"],
            "MaxRecords": MOST_NAMES,
        } | ({"NextToken": self.token} if self.token else {})

    def read(self, answer: Wire, reading: Reading) -> Page[Alarm]:
        """Read a page. An alarm that was not asked for is refused: it would be taken for an answer."""
        del reading
        alarms = (
            *_alarms(listed(answer, "MetricAlarms"), composite=False),
            *_alarms(listed(answer, "CompositeAlarms"), composite=True),
        )
        for alarm in alarms:
            if alarm.name not in self.names:
                raise unreadable_answer(f"alarm {alarm.name} in it was not asked for")
        return Page(items=alarms, token=next_position(answer, "NextToken", LONGEST_TOKEN))


def _alarms(found: Iterable[Any], *, composite: bool) -> Iterator[Alarm]:
    for item in found:
        members: Wire = item if isinstance(item, dict) else {}
        name, arn, state = (members.get(m) for m in ("AlarmName", "AlarmArn", "StateValue"))
        if not name or not is_text(name):
            raise unreadable_answer("an alarm in it has no name")
        if not state or not is_text(state):
            raise unreadable_answer(f"it does not say in which state alarm {name} is")
        reason = members.get("StateReason") or ""
        if not is_text(reason) or not (arn is None or is_text(arn)):
            raise unreadable_answer(f"the ARN of alarm {name}, or the reason of its state, is not a text")
        yield Alarm(
            name=name,
            arn=arn or "",
            state=state,
            composite=composite,
            reason=reason,
            since=_since(members),
        )


def _since(members: Wire) -> float | None:
    """Give when the state began: `StateUpdatedTimestamp` also moves with a new reason for the same state."""
    began = seconds(members.get("StateTransitionedTimestamp"))
    return seconds(members.get("StateUpdatedTimestamp")) if began is None else began
