"""A control plane whose every call, first try or retry, read or write, first waits for its scope's quotas.

Calls to other services than API Gateway wait for theirs (`limited_services`).
"""

from __future__ import annotations

from batchgw.concurrency.clock import current_time
from batchgw.control_plane.endpoints import was_sent
from batchgw.control_plane.event_fields import of_call
from batchgw.control_plane.interface import API_GATEWAY, ControlPlane, Execution, Request, T, Wrapper
from batchgw.control_plane.limited_services import LimitedServices
from batchgw.control_plane.session_state import SessionState
from batchgw.errors import (
    CallError,
    ConnectionCut,
    ConnectionFailed,
    EndpointUnreachable,
    Starved,
)
from batchgw.events import (
    CallAnswered,
    CallSent,
    CallThrottled,
    NullObserver,
    Observer,
    QuotaShared,
    ScopeGivenUp,
)
from batchgw.model import Scope
from batchgw.throttle.limiter import Limiter, Permit

PATIENCE = 3600.0
"""Seconds in which a scope's quota may let nothing through until the scope is given up."""


class LimitedControlPlane(Wrapper):
    """Waits for the quotas of a call's scope. No call leaves after a stop, or in a scope that is given up.

    Args:
        inner: what a call goes to once it may leave. It signs then, and not before: signatures age.
        state: the limiters and all that the other wrappers know of, too.
        patience: seconds in which nothing is let through until a scope is given up.
        observer: is told of each call that leaves, and of its answer, if that is no error but a refusal by a
            quota. Also of scopes that are given up, or turn out to share a quota.
    """

    def __init__(
        self,
        inner: ControlPlane,
        *,
        state: SessionState,
        patience: float = PATIENCE,
        observer: Observer | None = None,
    ) -> None:
        super().__init__(inner)
        self._patience = patience
        self.state = state
        self._observer = observer or NullObserver()
        self._services = LimitedServices(inner, state=state, patience=patience, observer=self._observer)

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Wait, send, and tell the limiter what the answer says about the quota."""
        if request.operation.service != API_GATEWAY:
            return await self._services.send(request, execution)
        execution = execution or Execution()
        state, scope = self.state, request.scope
        limiter = state.limiters.of(scope)

        def check() -> None:
            state.stop.check()
            state.given_up.check(scope)
            state.endpoints.check(scope.region, current_time())

        permit = await limiter.acquire(check, operation=request.operation.name, priority=execution.priority)
        execution.waited += permit.waited
        state.limiters.sent(scope)
        try:
            if execution.before_attempt is not None:
                await execution.before_attempt()
            left = current_time()
            self._observer.notify(
                CallSent(
                    **of_call(request), attempt=execution.number, waited=permit.waited, rate=limiter.rate
                )
            )
            value = await self._sent(request, execution)
        except CallError as error:
            self._learn(request, execution, limiter, permit, error)
            verdict = self._unreachable(error, scope)
            if verdict is None:
                raise
            raise verdict from error
        except BaseException:  # it was not sent, or nobody will ever know
            limiter.unanswered(permit)
            raise
        limiter.accepted(permit)
        state.limiters.accepted(scope)
        state.endpoints.answered(scope.region)
        self._observer.notify(
            CallAnswered(
                **of_call(request),
                attempt=execution.number,
                latency=current_time() - left,
                request_id=execution.request_id,
            )
        )
        return value

    async def _sent(self, request: Request[T], execution: Execution) -> T:
        """Let a write come to its end. A read changes nothing, so a stop need not wait for its answer."""
        if request.operation.writes:
            return await self._inner.send(request, execution)
        return await self.state.stop.heeded(lambda: self._inner.send(request, execution))

    def _unreachable(self, error: CallError, scope: Scope) -> EndpointUnreachable | None:
        """Learn from an error what it says of the endpoint; give the verdict when that is given up."""
        if isinstance(error, ConnectionFailed):
            return self.state.endpoints.failed(error, scope, scope.region, current_time())
        if was_sent(error):
            self.state.endpoints.answered(scope.region)
        return None

    def _mind_starving(self, scope: Scope, limiter: Limiter) -> None:
        if limiter.starving < self._patience:
            return
        error = Starved(
            f"nothing was let through in {scope} for {limiter.starving:.0f} s: others use up its quota. "
            "Nothing more is asked there, so that they are not held up. Find out who calls (CloudTrail names "
            "them), and resume the run later; --patience says how long is waited"
        )
        if self.state.given_up.add(scope, error):
            self._observer.notify(ScopeGivenUp(scope=scope, code=error.code, message=error.message))

    def _learn(
        self,
        request: Request[object],
        execution: Execution,
        limiter: Limiter,
        permit: Permit,
        error: CallError,
    ) -> None:
        """Tell the limiter what an error says about the quota."""
        scope, limiters = request.scope, self.state.limiters
        if not was_sent(error):
            limiter.refund(permit)
        elif error.is_throttle:
            limiter.refused(permit, error.retry_after)
            self._mind_starving(scope, limiter)
            shared = limiters.refused(scope)
            if shared is not None:
                self._observer.notify(QuotaShared(account=shared.account, regions=shared.regions))
            self._observer.notify(
                CallThrottled(
                    **of_call(request),
                    attempt=execution.number,
                    rate=limiter.rate,
                    retry_after=error.retry_after,
                    request_id=error.request_id,
                )
            )
        elif isinstance(error, ConnectionCut):
            limiter.unanswered(permit)
        else:
            limiter.accepted(permit)
            limiters.accepted(scope)
