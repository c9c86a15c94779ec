"""How gateway responses are read, planned, written and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from batchgw.control_plane.interface import Request
from batchgw.control_plane.operations import (
    DeleteGatewayResponse,
    GetGatewayResponse,
    GetGatewayResponses,
    PutGatewayResponse,
)
from batchgw.errors import CallError, NotCustomized
from batchgw.execution import comparison
from batchgw.execution.looking import Comparer, Looking, WayBack
from batchgw.model import (
    Action,
    Change,
    Desired,
    GatewayResponse,
    ResponseChange,
    RestApi,
    SetAside,
    Settings,
)
from batchgw.model.inheritance import Observed, customisation, effective, shown
from batchgw.model.response_change import responses
from batchgw.planning.coverage import owed, uncovered
from batchgw.planning.diff import diff
from batchgw.planning.kinds import Compared
from batchgw.planning.merge import merged
from batchgw.planning.stale import staleness

T = TypeVar("T")

CONFLICT = "ChangedSince"
"""Code of a response that is not taken back, because somebody else has changed it since the run."""


class ResponseMaker:
    """Plans, makes and judges response changes; see `kinds.Maker`."""

    needs_all_before = False
    second_lane = False

    def comparer(self, desired: Desired) -> Comparer | None:
        """Compare all 21 types with the policy's rules."""
        if not desired.of_responses:
            return None
        by_type = owed(desired)

        async def compared(api: RestApi, _: Sequence[Change], looking: Looking) -> Compared:
            observed = _observed(await looking.plane.send(self.read_all(api)))
            return Compared(changes=diff(observed, desired), uncovered=uncovered(observed, by_type))

        return compared

    async def taken_back(self, way: WayBack, looking: Looking) -> Compared:
        """Compare each type with what it was, and with what the run made of it."""
        observed = _observed(await looking.plane.send(self.read_all(way.api)))
        found = [self._back(change, observed, force=way.force) for change in responses(way.changes)]
        return Compared(
            changes=tuple(each for each in found if not isinstance(each, SetAside)),
            set_aside=tuple(each for each in found if isinstance(each, SetAside)),
        )

    def _back(self, change: ResponseChange, observed: Observed, *, force: bool) -> ResponseChange | SetAside:
        now = shown(change.type, observed)
        after = _restoring(change.before)
        if self.as_before(now, change):
            return ResponseChange(type=change.type, action=Action.NO_OP, before=now, after=after)
        if not (force or self.as_planned(now, change)):
            differing = "; ".join(self.differences(now, change))
            message = (
                f"someone else changed {change.type.value} since the run, so it is left alone ({differing}). "
                "With --force it is taken back all the same"
            )
            return SetAside(target=change.target, code=CONFLICT, message=message, ending="held")
        made = Action.CREATE if now.default_response else Action.UPDATE
        action = Action.RESET if after is None else made
        return ResponseChange(type=change.type, action=action, before=now, after=after)

    def at_once(self, change: Change) -> bool:
        """No response is of the second lane."""
        del change
        return False

    def write(self, api: RestApi, change: Change) -> Request[object]:
        """PUT replaces all of a response, DELETE takes its customisation away."""
        change = _the(ResponseChange, change)
        if change.after is None:
            return DeleteGatewayResponse(scope=api.scope, api=api.id, type=change.type)
        return PutGatewayResponse(scope=api.scope, api=api.id, type=change.type, settings=change.after)

    def answered(self, answer: object) -> GatewayResponse | None:
        """The answer to a PUT says what is in effect, the one to a DELETE is empty."""
        return None if answer is None else _the(GatewayResponse, answer)

    def already_made(self, change: Change, error: CallError) -> bool:
        """Whether a DELETE found nothing to take away. To a PUT the same error is a refusal."""
        return isinstance(error, NotCustomized) and change.after is None

    def read(self, api: RestApi, change: Change) -> Request[object]:
        """One response of one API."""
        return GetGatewayResponse(scope=api.scope, api=api.id, type=_the(ResponseChange, change).type)

    def read_all(self, api: RestApi) -> Request[object]:
        """All 21 at once."""
        return GetGatewayResponses(scope=api.scope, api=api.id)

    def now(self, answer: object, change: Change) -> GatewayResponse:
        """One of the 21."""
        return shown(_the(ResponseChange, change).type, _observed(answer))

    def as_planned(self, now: object, change: Change) -> bool:
        """Whether both answer clients alike."""
        return comparison.as_planned(_the(GatewayResponse, now), _the(ResponseChange, change))

    def as_before(self, now: object, change: Change) -> bool:
        """Whether the API itself customises the type as it did."""
        return customisation(_the(GatewayResponse, now)) == customisation(_the(ResponseChange, change).before)

    def differences(self, now: object, change: Change) -> Sequence[str]:
        """Status, headers and templates that differ."""
        return comparison.differences(_the(GatewayResponse, now), _the(ResponseChange, change))

    def moved(self, answer: object, changes: Sequence[Change], desired: Desired) -> Sequence[str]:
        """Compare with the before-images."""
        return staleness(changes, _observed(answer), desired)


def _restoring(before: GatewayResponse) -> Settings | None:
    """Give what makes a response what it was; None for its default, which is never written out."""
    if before.default_response:
        return None
    return merged(before.type, effective(before.type, before.settings), Settings())


def _the(kind: type[T], value: object) -> T:
    """Take a value of this kind of change. Raises TypeError for one of another kind."""
    if isinstance(value, kind):
        return value
    raise TypeError(f"{type(value).__name__} is not of a response change")


def _observed(answer: object) -> Observed:
    if isinstance(answer, Mapping):
        return answer
    raise TypeError(f"{type(answer).__name__} is no answer to GetGatewayResponses")
