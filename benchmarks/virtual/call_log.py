"""Every call, logged between batchgw and the service: no limiter is asked about itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import anyio

from batchgw.control_plane.interface import ControlPlane, Execution, Request, T
from batchgw.errors import CallError
from batchgw.events import CallSent, Event
from batchgw.model import AccountId, Scope
from batchgw.simulator.traffic.latency import Latency


class CallLog:
    """A control plane that logs every call and passes it on to another one.

    Attributes:
        sent: when each call was sent, in virtual seconds.
        refused: when the calls were sent that the quota refused.
        attempts: attempts of each API-type.
        finished: when the last success came back.
    """

    def __init__(
        self,
        inner: ControlPlane,
        *,
        uplink: Callable[[Scope], Latency] | None = None,
        on_answer: Callable[[float], None] | None = None,
    ) -> None:
        """`uplink` gives a scope's latency from the client to the service's bucket.

        `on_answer` is called as each call comes back, with the time at which it was sent.
        """
        self._inner = inner
        self._uplink = uplink
        self._on_answer = on_answer
        self._uplinks: dict[Scope, Latency] = {}
        self.sent: list[float] = []
        self.refused: list[float] = []
        self.attempts: Counter[tuple[str, str]] = Counter()
        self.finished = 0.0

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Log a call and pass it on."""
        now = anyio.current_time()
        self.sent.append(now)
        self.attempts[getattr(request, "api", ""), getattr(request, "type", "")] += 1
        if self._uplink is not None:
            await anyio.sleep(self._delay(request.scope, self._uplink))
        try:
            answer = await self._inner.send(request, execution)
        except CallError as error:
            if error.is_throttle:
                self.refused.append(now)
            raise
        finally:
            if self._on_answer is not None:
                self._on_answer(now)
        self.finished = anyio.current_time()
        return answer

    async def current_account(self) -> AccountId:
        """Pass it on."""
        return await self._inner.current_account()

    def _delay(self, scope: Scope, uplink: Callable[[Scope], Latency]) -> float:
        """Seconds that the scope's next call takes to the bucket. Calls sent at once arrive one by one."""
        latency = self._uplinks.get(scope)
        if latency is None:
            latency = self._uplinks[scope] = uplink(scope)
        return latency.draw()

    @property
    def began(self) -> float:
        """When the first call was sent. Raises IndexError when none was."""
        return self.sent[0]


class WaitLog:
    """An observer that logs how long each call waited before it was sent: from when, until when."""

    def __init__(self) -> None:
        self.waits: list[tuple[float, float]] = []

    def notify(self, event: Event) -> None:
        """Log a call that was sent."""
        if isinstance(event, CallSent):
            now = anyio.current_time()
            self.waits.append((now - event.waited, now))
