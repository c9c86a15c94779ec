"""A control plane whose every call, first try or retry, read or write, first waits for its scope's quotas."""

from __future__ import annotations

from collections.abc import Callable

from batchgw.concurrency.clock import current_time
from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.endpoints import Endpoints
from batchgw.control_plane.given_up import GivenUpScopes
from batchgw.control_plane.interface import Answer, ControlPlane, Request, T
from batchgw.errors import (
    CallError,
    ConnectionCut,
    ConnectionFailed,
    CredentialsUnavailable,
    EndpointUnreachable,
    Starved,
)
from batchgw.events import NullObserver, Observer, QuotaShared, ScopeGivenUp
from batchgw.model import AccountId, Effort, Scope
from batchgw.throttle.limiter import Limiter, Permit
from batchgw.throttle.limiters import Limiters
from batchgw.throttle.memory import Memory
from batchgw.throttle.quota import Quotas

PATIENCE = 3600.0
"""Seconds in which a scope's quota may let nothing through until the scope is given up."""

Departure = Callable[[Request[object], float, float], None]
"""Told of a request that leaves now: the request, seconds it waited, the limiter's calls/second."""


class LimitedControlPlane:
    """One limiter per scope, made on first use. No call leaves after a stop, or in a scope given up.

    Args:
        inner: what a call goes to when it is its turn. It signs then, and not before: signatures age.
        quotas: of every scope.
        stop: ends all waiting.
        most: cap on the calls at work at once, per scope.
        patience: seconds in which nothing is let through until a scope is given up.
        memory: what earlier runs have learned.
        observer: is told when scopes turn out to share a quota.
    """

    def __init__(
        self,
        inner: ControlPlane,
        *,
        quotas: Quotas,
        stop: StopSignal,
        most: int,
        patience: float = PATIENCE,
        memory: Memory | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._inner = inner
        self._patience = patience
        self.stop = stop
        self.given_up = GivenUpScopes()
        self.limiters = Limiters(quotas, sleep=stop.sleep, most=most, memory=memory)
        self._observer = observer or NullObserver()
        self.endpoints = Endpoints()

    def limiter(self, scope: Scope) -> Limiter:
        """The limiter of a scope."""
        return self.limiters.of(scope)

    async def send(
        self, request: Request[T], *, departure: Departure | None = None, priority: float = 0.0
    ) -> Answer[T]:
        """Wait, send, and tell the limiter what the answer says about the quota."""
        scope = request.scope
        limiter = self.limiters.of(scope)

        def check() -> None:
            self.stop.check()
            self.given_up.check(scope)
            self.endpoints.check(scope.region, current_time())

        permit = await limiter.acquire(check, operation=request.operation.name, priority=priority)
        self.limiters.sent(scope)
        try:
            if departure is not None:
                departure(request, permit.waited, limiter.rate)
            answer = await self._sent(request)
        except CallError as error:
            error.waited += permit.waited
            self._tell(scope, limiter, permit, error)
            verdict = self._unreachable(error, scope)
            if verdict is None:
                raise
            verdict.waited = error.waited
            raise verdict from error
        except BaseException:  # it was not sent, or nobody will ever know
            limiter.unanswered(permit)
            raise
        limiter.accepted(permit)
        self.limiters.accepted(scope)
        self.endpoints.answered(scope.region)
        spent = answer.effort
        if permit.waited == 0.0 and spent.attempts == 1 and not (spent.throttles or spent.waited):
            return answer  # nothing to add to what it cost
        effort = Effort(attempts=1, waited=permit.waited, request_id=spent.request_id)
        return Answer(value=answer.value, effort=effort)

    async def _sent(self, request: Request[T]) -> Answer[T]:
        """Let a write come to its end. A read changes nothing, so a stop need not wait for its answer."""
        if request.operation.writes:
            return await self._inner.send(request)
        return await self.stop.heeded(lambda: self._inner.send(request))

    async def current_account(self) -> AccountId:
        """Ask STS, whose quota is another one."""
        return await self._inner.current_account()

    def _unreachable(self, error: CallError, scope: Scope) -> EndpointUnreachable | None:
        """Learn from an error what it says of the endpoint; give the verdict when that is given up."""
        if isinstance(error, ConnectionFailed):
            return self.endpoints.failed(error, scope, scope.region, current_time())
        if _was_sent(error):
            self.endpoints.answered(scope.region)
        return None

    def _mind_starving(self, scope: Scope, limiter: Limiter) -> None:
        if limiter.starving < self._patience:
            return
        error = Starved(
            f"nothing was let through in {scope} for {limiter.starving:.0f} s: others use up its quota. "
            "Nothing more is asked there, so that they are not held up. Find out who calls (CloudTrail names "
            "them), and resume the run later; --patience says how long is waited"
        )
        if self.given_up.add(scope, error):
            self._observer.notify(ScopeGivenUp(scope=scope, code=error.code, message=error.message))

    def _tell(self, scope: Scope, limiter: Limiter, permit: Permit, error: CallError) -> None:
        if not _was_sent(error):
            limiter.refund(permit)
        elif error.is_throttle:
            limiter.refused(permit, error.retry_after)
            self._mind_starving(scope, limiter)
            shared = self.limiters.refused(scope)
            if shared is not None:
                self._observer.notify(QuotaShared(account=shared.account, regions=shared.regions))
        elif isinstance(error, ConnectionCut):
            limiter.unanswered(permit)
        else:
            limiter.accepted(permit)
            self.limiters.accepted(scope)


def _was_sent(error: CallError) -> bool:
    """Tell whether API Gateway may have seen the call: no keys, no connection, and it has not."""
    if isinstance(error, ConnectionFailed | CredentialsUnavailable):
        return False
    return bool(error.status) or error.is_throttle or error.outcome_unknown
