"""One change of one API, from intent to outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from batchgw.concurrency.clock import Moment
from batchgw.control_plane.interface import Execution, Request
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import ApiNotFound, CallError, HeldBack, NotAsWritten, ReadingAged, Stopped
from batchgw.execution.kinds import maker_of
from batchgw.execution.writing.recorder import Recorder
from batchgw.journal import PendingChange
from batchgw.model import (
    Action,
    Applied,
    Change,
    Effort,
    Failed,
    NotAttempted,
    Outcome,
    RestApi,
    Skipped,
    Target,
)
from batchgw.model.kinds import KINDS

CHANGED_MEANWHILE = "ChangedMeanwhile"
"""Code of a target that is neither as it was planned nor as it was before: someone else wrote."""

IN_DOUBT = "InDoubt"
"""Code of a write that was sent and never answered, and could not be read back."""


BEFORE_NOT_MADE = "BeforeNotMade"
"""Code of a change that needs all changes of its API before it, and one of these was not made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was read of an API before its changes are made.

    Attributes:
        at: when it was last read.
        shown: what was in effect then, target by target, as the kind's maker reads it. Empty where that is
            what the plan says it was.
    """

    at: Moment
    shown: Mapping[Target, object] = field(default_factory=dict)

    def as_planned(self, change: Change) -> bool:
        """Tell whether a change is seen to be made."""
        target = change.target
        return target in self.shown and maker_of(change).as_planned(self.shown[target], change)


class Writer:
    """Makes changes through a control plane. Each intent is in the journal right before its call leaves.

    Before a write that leaves more than `trusted` seconds after the last reading, the target is read again.
    Where the quota lets calls through so rarely that every reading is older, that is done at most `attempts`
    times.
    """

    def __init__(self, plane: PacedControlPlane, recorder: Recorder, *, trusted: float) -> None:
        self._plane = plane
        self._recorder = recorder
        self._trusted = trusted

    async def make(
        self,
        api: RestApi,
        pending: PendingChange,
        known: Known,
        *,
        lacks: Target | None = None,
        priority: float = 0.0,
    ) -> Outcome:
        """Bring one target to what was planned. Never raises a `CallError` or Stopped.

        A target that is as planned already is not written again. One that somebody else has changed is not
        written at all, and neither is one that needs the change of another target, which it `lacks`. Of those
        that wait for a quota, the one of the smallest `priority` leaves first.
        """
        making = _Making(api, pending, self._plane, self._recorder, read_at=known.at, trusted=self._trusted)
        making.writing.priority = priority
        target = pending.change.target
        found = making.judge(known.shown[target]) if target in known.shown else None
        if found is None and lacks is not None:
            return before_not_made(api, pending.change, lacks)
        try:
            return found or await making.write_until_sure()
        except (CallError, Stopped) as error:
            return ended(api, pending.change, error, effort=making.effort, in_doubt=making.in_doubt)


def before_not_made(api: RestApi, change: Change, lacks: Target) -> NotAttempted:
    """Give the outcome of a change that needs another one, which was not made."""
    noun = KINDS[lacks.kind].noun
    return NotAttempted(
        api=api,
        target=change.target,
        action=change.action,
        code=BEFORE_NOT_MADE,
        message=f"it needs all changes of its API before it, and the {noun} {lacks} was not brought to plan. "
        "Resume when that is as planned, or plan again",
    )


class _Judged(Exception):
    """A reading, before a write was to be sent again, has decided the change."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class _Making:
    """The making of one change, and what it has cost so far."""

    def __init__(
        self,
        api: RestApi,
        pending: PendingChange,
        plane: PacedControlPlane,
        recorder: Recorder,
        *,
        read_at: Moment,
        trusted: float,
    ) -> None:
        self._api = api
        self._pending = pending
        self._change = pending.change
        self._maker = maker_of(pending.change)
        self._plane = plane
        self._recorder = recorder
        self._read_at = read_at
        self._trusted = trusted
        self._looks = 0
        self.writing = Execution()
        self.effort = Effort()  # of the calls that have ended
        self.in_doubt = False  # a write was sent, and whether it was made is not known

    async def write_until_sure(self) -> Outcome:
        """Write. Where it is open what that would replace, or whether it was made, read and decide by it."""
        self.writing.before_attempt, self.writing.look = self._leave, self._look
        try:
            answered = await self._write()
        except _Judged as judged:
            return judged.outcome
        except CallError as error:
            self.in_doubt = self.writing.in_doubt
            if not (self.in_doubt or error.leaves_open):
                raise
            return self.judge(await self._read()) or self._not_made(error)
        except Stopped:
            self.in_doubt = self.writing.in_doubt
            raise
        finally:  # else every call would be a cycle, which only the garbage collector frees
            self.writing.before_attempt = self.writing.look = None
        return await self._concluded(answered)

    def judge(self, now: object) -> Outcome | None:
        """Decide by what is in effect now. None means that it is as it was before, so it is to be written."""
        self.in_doubt = False
        if self._maker.as_planned(now, self._change):
            return self._applied(verified=True)
        if self._maker.as_before(now, self._change):
            return None
        return Failed(
            api=self._api,
            target=self._change.target,
            action=self._change.action,
            code=CHANGED_MEANWHILE,
            message="found neither as planned nor as it was before: someone else changed it; plan again",
            effort=self.effort,
        )

    async def _write(self) -> object | None:
        """Make the call. Gives what is now in effect, if the answer says so."""
        request = self._maker.write(self._api, self._change)
        try:
            answer = await self._send(request, self.writing)
        except CallError as error:
            if not self._maker.already_made(self._change, error):
                raise
            return None
        return self._maker.answered(answer)

    async def _concluded(self, answered: object | None) -> Outcome:
        """Believe a success whose answer shows what was asked for. After any other, read what is in effect.

        The answer may be stale, or someone else may have written since. Raises NotAsWritten.
        """
        if answered is None or self._maker.as_planned(answered, self._change):
            return self._applied(verified=False)
        self.in_doubt = True  # should the read fail
        now = await self._read()
        self.in_doubt = False
        if self._maker.as_planned(now, self._change):
            return self._applied(verified=True)
        raise not_as_written(self._maker.differences(now, self._change))

    async def _leave(self) -> None:
        """Note the intent before the call leaves. Raises ReadingAged where the last reading is too old."""
        age = self._read_at.age
        if age > self._trusted and self._looks < self._plane.pace.attempts:
            raise ReadingAged(f"what is there was read {age:.0f} s before this write could leave")
        await self._recorder.intend(self._api, self._pending.id)

    async def _look(self, _error: CallError) -> None:
        """Read what is in effect before the write is sent again. Raises _Judged where that decides it."""
        self._looks += 1
        self.in_doubt = self.writing.in_doubt
        try:
            now = await self._read()
        except (CallError, Stopped) as unread:
            spent = self.writing.effort + self.effort
            found = ended(self._api, self._change, unread, effort=spent, in_doubt=self.in_doubt)
            raise _Judged(found) from unread
        reads, self.effort = self.effort, self.effort + self.writing.effort
        if outcome := self.judge(now):
            raise _Judged(outcome)
        self.effort = reads  # what the write costs is added at its end

    async def _read(self) -> object:
        answer = await self._send(self._maker.read(self._api, self._change), Execution())
        self._read_at = Moment.ago(0)
        return answer

    async def _send(self, request: Request[object], execution: Execution) -> object:
        """Make a call, and add what it costs unless a stop ends it."""
        try:
            answer = await self._plane.send(request, execution)
        except CallError:
            self.effort += execution.effort
            raise
        self.effort += execution.effort
        return answer

    def _not_made(self, error: CallError) -> Failed:
        return Failed(
            api=self._api,
            target=self._change.target,
            action=self._change.action,
            code=type(error).__name__,
            message=f"{error} It was read again: the change was not made.",
            effort=self.effort,
        )

    def _applied(self, *, verified: bool) -> Applied:
        return Applied(
            api=self._api,
            target=self._change.target,
            action=self._change.action,
            effort=self.effort,
            verified_by_read=verified,
        )


def not_as_written(differences: Sequence[str]) -> NotAsWritten:
    """Make the error of a write that was answered as a success, and after which something else is there."""
    return NotAsWritten(
        "The service answered that the change was made, but something else is in effect, also when it was "
        f"read again: {'; '.join(differences)}. Someone else may have written at the same time: plan again, "
        "and look at this API if it happens again."
    )


class _Because(TypedDict):
    api: RestApi
    target: Target
    action: Action
    code: str
    message: str
    effort: Effort


def ended(
    api: RestApi, change: Change, error: CallError | Stopped | HeldBack, *, effort: Effort, in_doubt: bool
) -> Outcome:
    """Give the outcome of a change that ended in an error.

    A resume can take up what is not attempted: after a stop, held back by a schedule, in a scope that was
    given up, or in doubt.
    """
    because = _Because(
        api=api,
        target=change.target,
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
    if isinstance(error, Stopped | HeldBack) or error.ends_scope:
        return NotAttempted(**because)
    return Failed(**because)
