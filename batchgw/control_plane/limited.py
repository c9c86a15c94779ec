"""A control plane whose every call, first try or retry, read or write, first waits for its scope's quota."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import anyio

from batchgw.control_plane.condemned import CondemnedScopes
from batchgw.control_plane.interface import Answer, ControlPlane, Request, T
from batchgw.control_plane.stop import StopSignal
from batchgw.errors import CallError, ConnectionCut, ConnectionFailed
from batchgw.model import AccountId, Effort, Scope
from batchgw.throttle.limiter import Limiter
from batchgw.throttle.pacer import Pacer

Departure = Callable[[Request[object], float, float], None]
"""Told of a request that leaves now: the request, seconds it waited, the limiter's calls/second."""


class LimitedControlPlane:
    """One limiter per scope, made on first use. A stop or a condemned scope ends the wait without a call."""

    def __init__(self, inner: ControlPlane, *, pacer: Callable[[], Pacer], stop: StopSignal) -> None:
        self._inner = inner
        self._pacer = pacer
        self.stop = stop
        self.condemned = CondemnedScopes()
        self._limiters: dict[Scope, Limiter] = {}

    def limiter(self, scope: Scope) -> Limiter:
        """The limiter of a scope."""
        found = self._limiters.get(scope)
        if found is None:
            found = self._limiters[scope] = Limiter(self._pacer(), sleep=self._sleep)
        return found

    async def send(self, request: Request[T], *, departure: Departure | None = None) -> Answer[T]:
        """Wait, send, and tell the limiter what the answer says about the quota."""
        limiter = self.limiter(request.scope)
        arrived = anyio.current_time()
        left = await limiter.wait(lambda: self._check(request.scope))
        waited = left - arrived
        if departure is not None:
            departure(request, waited, limiter.rate)
        try:
            answer = await self._inner.send(request)
        except CallError as error:
            error.waited += waited
            _tell(limiter, left, error)
            raise
        limiter.ok(left)
        effort = Effort(attempts=1, waited=waited, request_id=answer.effort.request_id)
        return replace(answer, effort=effort)

    async def current_account(self) -> AccountId:
        """Ask STS, whose quota is another one."""
        return await self._inner.current_account()

    def _check(self, scope: Scope) -> None:
        self.stop.check()
        self.condemned.check(scope)

    async def _sleep(self, seconds: float) -> None:
        await self.stop.sleep(seconds)


def _tell(limiter: Limiter, left: float, error: CallError) -> None:
    if error.is_throttle:
        limiter.throttled(left, error.retry_after)
    elif isinstance(error, ConnectionCut | ConnectionFailed):
        limiter.unknown(left)
    else:
        limiter.ok(left)
