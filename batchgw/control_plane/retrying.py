"""A control plane that makes a call again when that may help, by the one retry policy (`tries`).

After some errors it is open what a write would meet: it may have been made, or somebody else is writing. Such
a write is not repeated before its sender has looked what is there.
"""

from __future__ import annotations

from random import Random
from typing import Generic

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from batchgw.control_plane.advice import with_operation
from batchgw.control_plane.classify import of_other_account
from batchgw.control_plane.event_fields import of_call
from batchgw.control_plane.interface import API_GATEWAY, ControlPlane, Execution, Request, T, Wrapper
from batchgw.control_plane.session_state import SessionState
from batchgw.control_plane.tries import ATTEMPTS, Tries, error_of
from batchgw.errors import AccessDenied, ApiNotFound, CallError, DeniedByScp, ReadingAged, RegionOff
from batchgw.events import CallGaveUp, CallRetried, Observer, ScopeGivenUp


def may_retry(error: BaseException, request: Request[object], *, looks: bool = False) -> bool:
    """Whether sending the same request again is safe and may help.

    `looks` says that the sender itself first reads what is there, if an error leaves that open.
    """
    if not isinstance(error, CallError):
        return False
    if isinstance(error, ReadingAged):
        return looks
    if not (error.retry_safe and error.sent):
        return False
    return looks or not needs_a_look(error, request)


def needs_a_look(error: CallError, request: Request[object]) -> bool:
    """Tell whether it must be seen what is there before a request is sent again.

    One that adds something, as a deployment, meets nothing of anybody's: it only may not be made twice.
    """
    operation = request.operation
    return operation.writes and (error.leaves_open if operation.overwrites else error.outcome_unknown)


class RetryingControlPlane(Wrapper):
    """Makes an execution: as many attempts as it takes. It stands around the limiter: each one waits there.

    Args:
        inner: what each attempt goes through.
        state: what the other wrappers know, too.
        observer: is told of attempts that are made again, of calls given up, and of scopes given up.
        random: the dice of the backoff's jitter.
        attempts: bound on attempts that fail for another reason than a throttle.
    """

    def __init__(
        self,
        inner: ControlPlane,
        *,
        state: SessionState,
        observer: Observer,
        random: Random | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        super().__init__(inner)
        self._state = state
        self._observer = observer
        self._random = random or Random()  # noqa: S311 - jitter, not cryptography
        self._attempts = attempts

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Make attempts until one succeeds, or another would not help."""
        execution = execution or Execution()
        tries = Tries(attempts=self._attempts, random=self._random)
        attempts = _Attempts(
            request, execution, tries, inner=self._inner, state=self._state, observer=self._observer
        )
        try:
            return await self._attempted(attempts, tries)
        except CallError as error:
            judged = self._judged(request, error)
            self._give_up(request, execution, judged)
            if judged is error:
                raise
            raise judged from error

    async def _attempted(self, attempts: _Attempts[T], tries: Tries) -> T:
        """Make attempts, and let tenacity decide about the failed ones.

        The first attempt stands before the loop, because nearly all calls succeed at once. Within the loop
        each call costs some 30 us more CPU in this wrapper (`benchmarks.pipeline_cost`). A whole run, which
        may take 0.60 of bare aioboto3 (`benchmarks.client_cost`), has hardly as much left.
        """
        failed: list[CallError] = []
        try:
            return await attempts.make()
        except CallError as error:
            failed.append(error)
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(attempts.may_repeat),
            stop=tries.exhausted,
            wait=attempts.delay,
            before_sleep=attempts.tell,
            sleep=attempts.sleep,
            reraise=True,
        ):
            with attempt:
                if failed:
                    raise failed.pop()
                return await attempts.make()
        raise AssertionError("tenacity ends with a value or an error")

    def _judged(self, request: Request[object], error: CallError) -> CallError:
        """Give what ended the execution: of a denial or a 404, whether it is the API's or the scope's.

        What another service denies says nothing of API Gateway, so it is only told which call that was.
        """
        if request.operation.service != API_GATEWAY:
            return with_operation(error, request.operation.service, request.operation.name)
        if isinstance(error, AccessDenied) and error.sent:
            return self._state.given_up.judged(request, error)
        if isinstance(error, ApiNotFound):
            return of_other_account(error, request.scope) or error
        return error

    def _give_up(self, request: Request[object], execution: Execution, error: CallError) -> None:
        """Tell of a call that is given up, and give the scope up if that is what the error means.

        An error of another service gives nothing up: whoever asked decides what it means.
        """
        if not error.sent:
            return
        scope = request.scope
        self._observer.notify(
            CallGaveUp(
                **of_call(request),
                attempts=execution.attempts,
                code=error.code,
                message=error.message,
                request_id=error.request_id,
            )
        )
        ours = request.operation.service == API_GATEWAY
        if ours and error.ends_scope and self._state.given_up.add(scope, error):
            rightly = isinstance(error, DeniedByScp | RegionOff)
            self._observer.notify(
                ScopeGivenUp(scope=scope, code=error.code, message=error.message, rightly=rightly)
            )


class _Attempts(Generic[T]):
    """The attempts of one execution."""

    def __init__(
        self,
        request: Request[T],
        execution: Execution,
        tries: Tries,
        *,
        inner: ControlPlane,
        state: SessionState,
        observer: Observer,
    ) -> None:
        self._request = request
        self._execution = execution
        self._tries = tries
        self._inner = inner
        self._state = state
        self._observer = observer
        self._open: CallError | None = None  # the error that left open what a write would meet

    async def make(self) -> T:
        """Look if an attempt has left open what is there by now, then send once."""
        await self._look()
        try:
            value = await self._inner.send(self._request, self._execution)
        except CallError as error:
            self._count(error)
            raise
        self._state.given_up.allowed(self._request)
        self._execution.attempts += 1
        return value

    async def _look(self) -> None:
        if self._open is None or self._execution.look is None:
            return
        error, self._open = self._open, None
        await self._execution.look(error)
        self._execution.in_doubt = False

    def _count(self, error: CallError) -> None:
        execution, operation = self._execution, self._request.operation
        execution.request_id = error.request_id
        if needs_a_look(error, self._request):
            self._open = error
        if error.sent:
            execution.in_doubt |= operation.writes and error.outcome_unknown
            execution.throttles += error.is_throttle
            execution.attempts += not error.is_throttle
            self._tries.count(error)
            if error.reached_api:
                self._state.given_up.allowed(self._request)

    def may_repeat(self, error: BaseException) -> bool:
        """Tell whether another attempt is safe and may help."""
        return may_retry(error, self._request, looks=self._execution.look is not None)

    def delay(self, state: RetryCallState) -> float:
        """Tell tenacity how many seconds to wait until the next attempt."""
        return self._state.wait(self._tries.delay(state), self._request)

    async def sleep(self, seconds: float) -> None:
        """Wait as tenacity was told, but not past a stop."""
        self._execution.waited += seconds
        with self._state.paused(self._request):
            await self._state.stop.sleep(seconds)

    def tell(self, state: RetryCallState) -> None:
        """Tell of an attempt that will be made again; tenacity calls it when that is decided."""
        error = error_of(state)
        if error.is_throttle or not error.sent:
            return
        self._observer.notify(
            CallRetried(
                **of_call(self._request),
                attempt=self._tries.ended,
                delay=state.upcoming_sleep,
                code=error.code,
                message=error.message,
                request_id=error.request_id,
            )
        )
