"""One change of one API, from intent to outcome."""

from __future__ import annotations

from typing import TypedDict

from batchgw.control_plane.interface import DeleteGatewayResponse, GetGatewayResponse, PutGatewayResponse
from batchgw.control_plane.paced import PacedControlPlane
from batchgw.errors import ApiNotFound, CallError, ConnectionCut, NotCustomized, Stopped
from batchgw.execution.recorder import Recorder
from batchgw.execution.written import as_planned, not_as_written
from batchgw.journal import PendingChange
from batchgw.model import (
    Action,
    Applied,
    Change,
    Effort,
    Failed,
    GatewayResponse,
    NotAttempted,
    Outcome,
    ResponseType,
    RestApi,
    Skipped,
)
from batchgw.planning.normalize import customisation

OVERTAKEN = "ChangedMeanwhile"
"""Code of a change found neither as it was planned nor as it was before: someone else wrote."""

NOTHING = Effort()
"""What costs nothing."""

IN_DOUBT = "InDoubt"
"""Code of a write that was sent and never answered, and could not be read back."""


class Writer:
    """Makes changes through a control plane, remembering each intent right before its call leaves."""

    def __init__(self, plane: PacedControlPlane, recorder: Recorder) -> None:
        self._plane = plane
        self._recorder = recorder

    async def make(self, api: RestApi, pending: PendingChange, *, now: GatewayResponse | None) -> Outcome:
        """Bring one gateway response to what was planned. Never raises a `CallError` or Stopped.

        `now` is what it was just read to be, when the plan may have aged or a call may have been made by a
        process that died; what is found as planned is not written again.
        """
        making = _Making(api, pending, self._plane, self._recorder)
        try:
            return (now and making.judge(now)) or await making.write_until_sure()
        except (CallError, Stopped) as error:
            return ended(
                api, pending.change, error, effort=making.effort + cost(error), in_doubt=making.in_doubt
            )


class _Making:
    """The making of one change, and what it has cost so far."""

    def __init__(
        self, api: RestApi, pending: PendingChange, plane: PacedControlPlane, recorder: Recorder
    ) -> None:
        self._api = api
        self._pending = pending
        self._change = pending.change
        self._plane = plane
        self._recorder = recorder
        self.effort = NOTHING
        self.in_doubt = False  # a write was sent, and whether it was made is not known

    async def write_until_sure(self) -> Outcome:
        """Write, and where the answer leaves it open, read; write again what a cut kept from being made."""
        cuts = 0
        while True:
            try:
                answered = await self._write()
            except (CallError, Stopped) as error:
                self.in_doubt |= error.in_doubt
                if not self.in_doubt or isinstance(error, Stopped | ApiNotFound):
                    raise
                self.effort += cost(error)
                if outcome := await self._verify():
                    return outcome
                cuts += 1
                if not isinstance(error, ConnectionCut) or cuts >= self._plane.pace.attempts:
                    return self._not_made(error)
            else:
                return await self._concluded(answered)

    def judge(self, now: GatewayResponse) -> Outcome | None:
        """Decide by what is there now. None means: as it was before, so it is still to be written."""
        if as_planned(now, self._change):
            return self._applied(verified=True)
        if customisation(now) == customisation(self._change.before):
            return None
        return Failed(
            api=self._api,
            type=self._change.type,
            action=self._change.action,
            code=OVERTAKEN,
            message="found neither as planned nor as it was before: someone else changed it; plan again",
            effort=self.effort,
        )

    async def _write(self) -> GatewayResponse | None:
        """Make the call. Gives what is now in effect, if the answer says so: one to DELETE is empty."""
        scope, api, response_type = self._api.scope, self._api.id, self._change.type
        request: PutGatewayResponse | DeleteGatewayResponse
        if self._change.after is None:
            request = DeleteGatewayResponse(scope=scope, api=api, type=response_type)
        else:
            request = PutGatewayResponse(
                scope=scope, api=api, type=response_type, settings=self._change.after
            )
        try:
            answer = await self._plane.send(request, departing=self._intend)
        except NotCustomized as error:
            if self._change.after is not None:
                raise  # said of a PUT it is a refusal: nothing was made
            self.effort += cost(error)  # a reset of what is at its default: as desired
            return None
        self.effort = answer.effort if self.effort is NOTHING else self.effort + answer.effort
        return answer.value

    async def _concluded(self, answered: GatewayResponse | None) -> Outcome:
        """Believe a success whose answer shows what was asked. Of any other, see what is there.

        The answer may be stale, or someone else may have written since. Raises NotAsWritten.
        """
        if answered is None or as_planned(answered, self._change):
            return self._applied(verified=False)
        self.in_doubt = True  # should the read fail
        now = await self._read()
        self.in_doubt = False
        if as_planned(now, self._change):
            return self._applied(verified=True)
        raise not_as_written(now, self._change)

    def _intend(self) -> None:
        self._recorder.intend(self._api, self._pending.id)

    async def _verify(self) -> Outcome | None:
        """Read what is there, and judge by it."""
        now = await self._read()
        self.in_doubt = False
        return self.judge(now)

    async def _read(self) -> GatewayResponse:
        answer = await self._plane.send(
            GetGatewayResponse(scope=self._api.scope, api=self._api.id, type=self._change.type)
        )
        self.effort += answer.effort
        return answer.value

    def _not_made(self, error: CallError) -> Failed:
        return Failed(
            api=self._api,
            type=self._change.type,
            action=self._change.action,
            code=type(error).__name__,
            message=f"{error} It was read again: the change was not made.",
            effort=self.effort,
        )

    def _applied(self, *, verified: bool) -> Applied:
        return Applied(
            api=self._api,
            type=self._change.type,
            action=self._change.action,
            effort=self.effort,
            verified_by_read=verified,
        )


class _Because(TypedDict):
    api: RestApi
    type: ResponseType
    action: Action
    code: str
    message: str
    effort: Effort


def ended(
    api: RestApi, change: Change, error: CallError | Stopped, *, effort: Effort, in_doubt: bool
) -> Outcome:
    """Name the outcome of a change that ended in an error.

    What a resume can take up is not attempted: a stop, a condemned scope, and a write in doubt.
    """
    because = _Because(
        api=api,
        type=change.type,
        action=change.action,
        code=type(error).__name__,
        message=str(error),
        effort=effort,
    )
    if isinstance(error, ApiNotFound):
        return Skipped(**because)
    if in_doubt:
        because["code"] = IN_DOUBT
        because["message"] = (
            "the write may have been made: no answer says so, and it could not be read whether it was "
            f"({error}). A resume reads it again"
        )
        return NotAttempted(**because)
    if isinstance(error, Stopped) or error.condemns_scope:
        return NotAttempted(**because)
    return Failed(**because)


def cost(error: CallError | Stopped) -> Effort:
    """Tell what an execution has cost that ended in an error."""
    if isinstance(error, Stopped):
        return Effort()
    return Effort(
        attempts=error.attempts,
        throttles=error.throttles,
        waited=error.waited,
        request_id=error.request_id,
    )
