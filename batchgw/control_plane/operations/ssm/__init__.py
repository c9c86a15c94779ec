"""Operations of Systems Manager."""

from batchgw.control_plane.operations.ssm.get_calendar_state import CalendarState, GetCalendarState

__all__ = ["OPERATIONS", "CalendarState", "GetCalendarState"]

OPERATIONS = (GetCalendarState.operation,)
"""Those that batchgw sends."""
