"""GetCalendarState: whether a change calendar is open, and when that changes."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.arns import Place, place
from batchgw.control_plane.operations.times import seconds_of_text
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.model import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarState:
    """The state of a change calendar. `changes` is when it changes next, in seconds since the epoch.

    It is None where the service names no time.
    """

    open: bool
    changes: float | None = None


def calendar_place(text: str, here: Scope) -> Place:
    """Find the calendar of an ARN, or of a name in `here`. Raises ValueError for an ARN of anything else."""
    return place(text, here, service="ssm", kind="document/")


@dataclass(frozen=True, slots=True, kw_only=True)
class GetCalendarState(Request[CalendarState]):
    """Ask for the state of one calendar, by its name or its ARN, in the region where it is.

    Raises EntityNotFound where there is none, and BadRequest for a document that is no calendar, or one that
    the service cannot read.
    """

    operation = Operation(name="GetCalendarState", method="get_calendar_state", service="ssm")
    calendar: str

    @property
    def target(self) -> str:
        """The calendar."""
        return self.calendar

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"CalendarNames": [self.calendar]}

    def read(self, answer: Wire, reading: Reading) -> CalendarState:
        """Read the state."""
        del reading
        state, changes = answer.get("State"), answer.get("NextTransitionTime")
        if state not in ("OPEN", "CLOSED"):
            raise unreadable_answer(f"it does not say whether calendar {self.calendar} is open or closed")
        at = seconds_of_text(changes)
        if changes and at is None:
            raise unreadable_answer(f"when calendar {self.calendar} changes is not a time")
        return CalendarState(open=state == "OPEN", changes=at)
