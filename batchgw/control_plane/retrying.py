"""A control plane that makes a call again when that may help, by the one retry policy (`tries`).

A write is not repeated after an error that leaves open what is there by now (it may have been made, or
somebody else is writing) before whoever sends it has looked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Generic

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from batchgw.concurrency.clock import current_time
from batchgw.control_plane.classify import of_other_account
from batchgw.control_plane.interface import Answer, Request, T
from batchgw.control_plane.limited import LimitedControlPlane
from batchgw.control_plane.tries import ATTEMPTS, Tries, error_of
from batchgw.errors import AccessDenied, ApiNotFound, CallError, ReadingAged, Stopped
from batchgw.events import (
    CallAnswered,
    CallGaveUp,
    CallRetried,
    CallSent,
    CallThrottled,
    Observer,
    ScopeGivenUp,
)
from batchgw.model import AccountId, Effort

Look = Callable[[CallError], Awaitable[None]]
"""Looks what is there before a write is sent again, and raises where it must not be.

It is given the error, with what the execution has cost until then.
"""


def may_retry(error: BaseException, request: Request[object], *, looks: bool = False) -> bool:
    """Tell whether sending the same request again is safe and may help.

    `looks` says that whoever sends it looks first, where an error leaves open what is there.
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


class RetryingControlPlane:
    """Wraps the limited control plane, so that every attempt pays for its turn.

    Args:
        inner: what each attempt goes through.
        observer: is told of every attempt.
        random: the dice of the backoff's jitter.
        attempts: bound on attempts that fail for another reason than a throttle.
    """

    def __init__(
        self,
        inner: LimitedControlPlane,
        *,
        observer: Observer,
        random: Random | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.inner = inner
        self.observer = observer
        self.random = random or Random()  # noqa: S311 - jitter, not cryptography
        self.attempts = attempts

    async def send(
        self,
        request: Request[T],
        *,
        departing: Callable[[], None] | None = None,
        look: Look | None = None,
        priority: float = 0.0,
    ) -> Answer[T]:
        """Make one execution. The effort of the answer, or on the error, is that of all its attempts.

        `departing` is called right before each attempt leaves; where it raises, nothing is sent. It may raise
        ReadingAged to have a look first. Without a `look` a write is not sent again after an error that
        leaves open what is there. `priority` is as in `LimitedControlPlane.send`.
        """
        execution = _Execution(request, self, departing, look, priority)
        try:
            try:
                return await execution.attempt()
            except CallError as error:
                if not execution.may_retry(error):
                    raise
                return await execution.go_on(error)
        except (CallError, Stopped) as error:
            judged = execution.judged(error)
            judged.in_doubt = execution.in_doubt
            if isinstance(judged, CallError):
                execution.give_up(judged)
            if judged is error:
                raise
            raise judged from error

    async def current_account(self) -> AccountId:
        """Ask STS; the plane behind retries it."""
        return await self.inner.current_account()


class _Execution(Generic[T]):
    """All tries of one request, and what they have cost so far."""

    def __init__(
        self,
        request: Request[T],
        plane: RetryingControlPlane,
        departing: Callable[[], None] | None,
        look: Look | None,
        priority: float,
    ) -> None:
        self._request = request
        self._priority = priority
        self._plane = plane
        self._departing = departing
        self._look = look
        self._api = request.api_id
        self._target = request.target
        self.tries = Tries(attempts=plane.attempts, random=plane.random)
        self.in_doubt = False  # whether an attempt at a write was sent and its fate is unknown
        self._open: CallError | None = None  # the error that left open what a write would meet
        self._number = 0  # of the attempt under way, counted from 1
        self._waited = 0.0
        self._left = 0.0

    async def go_on(self, first: CallError) -> Answer[T]:
        """Let tenacity decide about a first attempt that failed, and about all that follow from it.

        It is asked from there on: nearly every call succeeds at once, and should not pay for it.
        """
        failed: CallError | None = first

        async def attempt() -> Answer[T]:
            nonlocal failed
            if failed is not None:
                error, failed = failed, None
                raise error
            await self.look()
            return await self.attempt()

        retrying = AsyncRetrying(
            retry=retry_if_exception(self.may_retry),
            stop=self.tries.exhausted,
            wait=self.delay,
            before_sleep=self.tell,
            sleep=self.sleep,
            reraise=True,
        )
        return await retrying(attempt)

    def may_retry(self, error: BaseException) -> bool:
        """Tell whether another attempt is safe and may help."""
        return may_retry(error, self._request, looks=self._look is not None)

    async def look(self) -> None:
        """Let whoever sends it look first, where an attempt has left open what is there by now."""
        if self._open is None or self._look is None:
            return
        error, self._open = self._open, None
        self.charge(error)
        error.in_doubt = self.in_doubt
        await self._look(error)
        self.in_doubt = False

    async def attempt(self) -> Answer[T]:
        """Send once."""
        self._number = self.tries.ended + 1
        try:
            answer = await self._plane.inner.send(
                self._request, departure=self._departs, priority=self._priority
            )
        except CallError as error:
            self._count(error)
            raise
        self._plane.inner.given_up.allowed(self._request)
        spent = answer.effort
        self._waited += spent.waited
        self._plane.observer.notify(
            CallAnswered(
                scope=self._request.scope,
                operation=self._request.operation.name,
                api=self._api,
                target=self._target,
                attempt=self._number,
                latency=current_time() - self._left,
                request_id=spent.request_id,
            )
        )
        if self._number == 1 and self._waited == spent.waited:  # nothing to add to what it cost
            return answer
        effort = Effort(
            attempts=self.tries.failures + 1,
            throttles=self.tries.throttles,
            waited=self._waited,
            request_id=spent.request_id,
        )
        return Answer(value=answer.value, effort=effort)

    def tell(self, state: RetryCallState) -> None:
        """Tell of an attempt that will be made again; tenacity calls it when that is decided."""
        error = error_of(state)
        if error.is_throttle:
            self._tell_throttled(error)
            return
        if not error.sent:
            return
        self._plane.observer.notify(
            CallRetried(
                scope=self._request.scope,
                operation=self._request.operation.name,
                api=self._api,
                target=self._target,
                attempt=self.tries.ended,
                delay=state.upcoming_sleep,
                code=error.code,
                message=error.message,
                request_id=error.request_id,
            )
        )

    def delay(self, state: RetryCallState) -> float:
        """Tell tenacity how many seconds to wait until the next attempt."""
        return self._plane.inner.endpoints.shortened(self.tries.delay(state), self._request.scope.region)

    async def sleep(self, seconds: float) -> None:
        """Wait as tenacity was told, but not past a stop."""
        self._waited += seconds
        with self._plane.inner.limiter(self._request.scope).paused():
            await self._plane.inner.stop.sleep(seconds)

    def judged(self, error: CallError | Stopped) -> CallError | Stopped:
        """Give what ended the execution: of a denial or a 404, whether it is the API's or the scope's."""
        if isinstance(error, AccessDenied) and error.sent:
            return self._plane.inner.given_up.judged(self._request, error)
        if isinstance(error, ApiNotFound):
            return of_other_account(error, self._request.scope) or error
        return error

    def give_up(self, error: CallError) -> None:
        """Note what it cost, and give the scope up if that is what the error means."""
        self.charge(error)
        scope = self._request.scope
        if not error.sent:
            return
        self._plane.observer.notify(
            CallGaveUp(
                scope=scope,
                operation=self._request.operation.name,
                api=self._api,
                target=self._target,
                attempts=self.tries.failures,
                code=error.code,
                message=error.message,
                request_id=error.request_id,
            )
        )
        if error.ends_scope and self._plane.inner.given_up.add(scope, error):
            self._plane.observer.notify(ScopeGivenUp(scope=scope, code=error.code, message=error.message))

    def charge(self, error: CallError) -> None:
        """Say on an error what the execution has cost until then."""
        error.attempts, error.throttles, error.waited = (
            self.tries.failures,
            self.tries.throttles,
            self._waited,
        )

    def _departs(self, request: Request[object], waited: float, rate: float) -> None:
        if self._departing is not None:
            self._departing()
        self._left = current_time()
        self._plane.observer.notify(
            CallSent(
                scope=request.scope,
                operation=request.operation.name,
                api=self._api,
                target=self._target,
                attempt=self._number,
                waited=waited,
                rate=rate,
            )
        )

    def _count(self, error: CallError) -> None:
        self._waited += error.waited
        if needs_a_look(error, self._request):
            self._open = error
        if not error.sent:
            return
        self.in_doubt |= self._request.operation.writes and error.outcome_unknown
        self.tries.count(error)
        if error.reached_api:
            self._plane.inner.given_up.allowed(self._request)

    def _tell_throttled(self, error: CallError) -> None:
        limiter = self._plane.inner.limiter(self._request.scope)
        self._plane.observer.notify(
            CallThrottled(
                scope=self._request.scope,
                operation=self._request.operation.name,
                api=self._api,
                target=self._target,
                attempt=self.tries.ended,
                rate=limiter.rate,
                retry_after=error.retry_after,
                request_id=error.request_id,
            )
        )
