"""What left and what came back, seen between batchgw and the service: no limiter is asked about itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import anyio

from batchgw.control_plane.interface import Answer, ControlPlane, Request, T
from batchgw.errors import CallError
from batchgw.events import CallSent, Event
from batchgw.model import AccountId, Scope
from batchgw.simulator.traffic.latency import Latency


class Watched:
    """A control plane that notes every call on its way to another.

    Attributes:
        left: when each call left, in virtual seconds.
        refused: when those left that were refused by the quota.
        tries: how often each API-type was asked for.
        finished: when the last success came back.
    """

    def __init__(
        self,
        inner: ControlPlane,
        *,
        uplink: Callable[[Scope], Latency] | None = None,
        looking: Callable[[float], None] | None = None,
    ) -> None:
        """`uplink` makes a scope's own dice of how long its calls are on their way to the service's bucket.

        `looking` is called as each call comes back, with the time it left.
        """
        self._inner = inner
        self._uplink = uplink
        self._looking = looking
        self._ways: dict[Scope, Latency] = {}
        self.left: list[float] = []
        self.refused: list[float] = []
        self.tries: Counter[tuple[str, str]] = Counter()
        self.finished = 0.0

    async def send(self, request: Request[T]) -> Answer[T]:
        """Pass a call on."""
        now = anyio.current_time()
        self.left.append(now)
        self.tries[getattr(request, "api", ""), getattr(request, "type", "")] += 1
        if self._uplink is not None:
            await anyio.sleep(self._way(request.scope, self._uplink))
        try:
            answer = await self._inner.send(request)
        except CallError as error:
            if error.is_throttle:
                self.refused.append(now)
            raise
        finally:
            if self._looking is not None:
                self._looking(now)
        self.finished = anyio.current_time()
        return answer

    async def current_account(self) -> AccountId:
        """Pass it on."""
        return await self._inner.current_account()

    def _way(self, scope: Scope, uplink: Callable[[Scope], Latency]) -> float:
        """Seconds of the next call of a scope. Scopes that send at once are told apart by it."""
        way = self._ways.get(scope)
        if way is None:
            way = self._ways[scope] = uplink(scope)
        return way.draw()

    @property
    def began(self) -> float:
        """When the first call left. Raises IndexError when none did."""
        return self.left[0]


class Queue:
    """An observer that notes how long each call waited for its turn: from when, until when."""

    def __init__(self) -> None:
        self.waits: list[tuple[float, float]] = []

    def notify(self, event: Event) -> None:
        """Take note of a departure."""
        if isinstance(event, CallSent):
            now = anyio.current_time()
            self.waits.append((now - event.waited, now))
