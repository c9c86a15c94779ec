"""May calls be made now? The windows of a rollout, and its deadline."""

from __future__ import annotations

from pathlib import Path

import anyio

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.interface import ControlPlane
from batchgw.errors import CallError, DeadlineOver, HeldBack, UsageError, WindowClosed
from batchgw.execution import signals
from batchgw.execution.rollout.conduct import Conduct
from batchgw.model import Scope
from batchgw.model.rollout.window import CalendarWindow, FileWindow, WeekWindow, Window
from batchgw.planning.rollout.calendar_file import spans_of
from batchgw.planning.rollout.windows import State, StateAt, all_open, of_spans, of_week
from batchgw.times import timestamp

POLL = 60.0
"""Seconds between two questions to a Change Calendar, whose changes nobody announces."""


class Opening:
    """Knows whether all windows are open.

    Args:
        windows: those of the rollout.
        conduct: its clock, and its deadline, which counts from now.
        plane: asks Change Calendars.
        here: where a calendar is that is named without an ARN.
        stop: ends a wait.
    """

    def __init__(
        self,
        windows: tuple[Window, ...],
        conduct: Conduct,
        *,
        plane: ControlPlane,
        here: Scope,
        stop: StopSignal,
    ) -> None:
        self._windows = windows
        self._conduct = conduct
        self._plane = plane
        self._here = here
        self._stop = stop
        self._began = anyio.current_time()
        self._calendars = [each.arn for each in windows if isinstance(each, CalendarWindow)]
        self._of_calendars: dict[str, State] = {}
        now = conduct.clock()
        self._clocks = [_state_at(each, now) for each in windows if not isinstance(each, CalendarWindow)]

    async def refresh(self) -> None:
        """Ask the Change Calendars. One that cannot be read counts as closed, until it can."""
        for arn in self._calendars:
            try:
                found = await signals.calendar(self._plane, arn, self._here)
            except CallError:
                self._of_calendars[arn] = State(open=False, until=None)
            else:
                self._of_calendars[arn] = State(open=found.open, until=found.changes)

    async def keep_fresh(self) -> None:
        """Ask them again and again. Runs until cancelled."""
        while self._calendars:
            await anyio.sleep(POLL)
            await self.refresh()

    def state(self) -> State:
        """Tell whether all windows are open now, and until when that stays so."""
        calendars: list[StateAt] = [lambda _now, s=state: s for state in self._of_calendars.values()]  # type: ignore[misc]
        return all_open([*self._clocks, *calendars])(self._conduct.clock())

    def why_not(self) -> HeldBack | None:
        """Say why no new call may be made now; None where one may, or where that is waited for."""
        deadline = self._conduct.deadline
        if deadline is not None and anyio.current_time() - self._began >= deadline:
            return DeadlineOver(
                f"the run was given {deadline:g} s (--deadline), and these are over. Resume it when there is "
                "time"
            )
        if self._conduct.wait_for_window or not self._windows:
            return None
        state = self.state()
        if state.open:
            return None
        named = ", ".join(map(str, self._windows))
        when = "nobody knows when" if state.until is None else f"next at {timestamp(state.until)}"
        return WindowClosed(
            f"no calls are made outside of {named}, which opens {when}. Resume the run then, or let it wait "
            "(--wait-for-window)"
        )

    async def wait(self) -> None:
        """Wait until all windows are open, where that is asked for. Raises Stopped."""
        while self._windows and self._conduct.wait_for_window and self.why_not() is None:
            state = self.state()
            if state.open:
                return
            left = POLL if state.until is None else state.until - self._conduct.clock()
            await self._stop.sleep(max(1.0, min(left, POLL) if self._calendars else left))
            await self.refresh()


def _state_at(window: WeekWindow | FileWindow, now: float) -> StateAt:
    """Give what tells the state of a window. Raises UsageError for a file that cannot be read."""
    if isinstance(window, WeekWindow):
        return of_week(window)
    try:
        text = Path(window.path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The window's calendar {window.path} cannot be read: {error}. Correct `window` in the policy, "
            "and plan again."
        ) from error
    return of_spans(spans_of(text, path=window.path, now=now))
