"""One change of one API, from intent to outcome."""

from __future__ import annotations

from typing import TypedDict

from batchgw.control_plane.interface import (
    ControlPlane,
    DeleteGatewayResponse,
    GetGatewayResponse,
    PutGatewayResponse,
)
from batchgw.errors import ApiNotFound, CallError, NotCustomized, ScopeError, Stopped
from batchgw.execution.recorder import Recorder
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
from batchgw.planning.normalize import customisation, effective

REWRITES = 3
"""Times a write is made again after a re-read showed that it had not been made."""

OVERTAKEN = "ChangedMeanwhile"
"""Code of a change found neither as it was planned nor as it was before: someone else wrote."""


class _Because(TypedDict):
    api: RestApi
    type: ResponseType
    action: Action
    code: str
    message: str


class Writer:
    """Makes changes through a control plane, remembering each intent first."""

    def __init__(self, plane: ControlPlane, recorder: Recorder) -> None:
        self._plane = plane
        self._recorder = recorder

    async def make(self, api: RestApi, pending: PendingChange) -> Outcome:
        """Bring one gateway response to what was planned. Never raises a `CallError` or Stopped."""
        return await _Making(api, pending, self._plane, self._recorder).run()


class _Making:
    """The making of one change, and what it has cost so far."""

    def __init__(self, api: RestApi, pending: PendingChange, plane: ControlPlane, recorder: Recorder) -> None:
        self._api = api
        self._pending = pending
        self._change = pending.change
        self._plane = plane
        self._recorder = recorder
        self._effort = Effort()
        self._unsure = pending.intended  # sent, perhaps, by a process that died

    async def run(self) -> Outcome:
        try:
            if self._unsure and (outcome := await self._verify()):
                return outcome
            return await self._write_until_sure()
        except ApiNotFound as error:
            return Skipped(**self._ended(error), effort=self._effort + _cost(error))
        except (Stopped, ScopeError) as error:
            return NotAttempted(**self._ended(error))
        except CallError as error:
            return Failed(**self._ended(error), effort=self._effort + _cost(error))

    async def _write_until_sure(self) -> Outcome:
        rewrites = 0
        while True:
            try:
                return await self._write()
            except (CallError, Stopped) as error:
                self._unsure |= error.in_doubt
                if not self._unsure or not isinstance(error, CallError) or isinstance(error, ApiNotFound):
                    raise
                self._effort += _cost(error)
                if outcome := await self._verify():
                    return outcome
                if rewrites == REWRITES:
                    return Failed(**self._ended(error), effort=self._effort)
                rewrites += 1

    async def _write(self) -> Outcome:
        self._recorder.intend(self._pending.id)
        scope, api, response_type = self._api.scope, self._api.id, self._change.type
        try:
            if self._change.after is None:
                reset = DeleteGatewayResponse(scope=scope, api=api, type=response_type)
                effort = (await self._plane.send(reset)).effort
            else:
                put = PutGatewayResponse(
                    scope=scope, api=api, type=response_type, settings=self._change.after
                )
                effort = (await self._plane.send(put)).effort
        except NotCustomized as error:  # a reset of what is at its default: as desired
            effort = _cost(error)
        self._unsure = False
        return self._applied(effort, verified=False)

    async def _verify(self) -> Outcome | None:
        """Read what is there now. None means: still as it was before, so the write was not made."""
        answer = await self._plane.send(
            GetGatewayResponse(scope=self._api.scope, api=self._api.id, type=self._change.type)
        )
        if as_planned(answer.value, self._change):
            return self._applied(answer.effort, verified=True)
        self._effort += answer.effort
        if customisation(answer.value) == customisation(self._change.before):
            self._unsure = False
            return None
        return Failed(
            api=self._api,
            type=self._change.type,
            action=self._change.action,
            code=OVERTAKEN,
            message="found neither as planned nor as it was before: someone else changed it; plan again",
            effort=self._effort,
        )

    def _applied(self, effort: Effort, *, verified: bool) -> Applied:
        return Applied(
            api=self._api,
            type=self._change.type,
            action=self._change.action,
            effort=self._effort + effort,
            verified_by_read=verified,
        )

    def _ended(self, error: CallError | Stopped) -> _Because:
        doubt = "; the write was sent and not answered, a resume reads it again" if self._unsure else ""
        return _Because(
            api=self._api,
            type=self._change.type,
            action=self._change.action,
            code=type(error).__name__,
            message=f"{error}{doubt}",
        )


def as_planned(now: GatewayResponse, change: Change) -> bool:
    """Tell whether a response is what the change was to make of it."""
    after = change.after
    return customisation(now) == (None if after is None else effective(change.type, after))


def _cost(error: CallError) -> Effort:
    return Effort(
        attempts=error.attempts,
        throttles=error.throttles,
        waited=error.waited,
        request_id=error.request_id,
    )
