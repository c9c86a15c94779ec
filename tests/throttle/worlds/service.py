"""A service in virtual time. Each call takes a while, and a token of its scope's bucket, or it is refused."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import cast

import anyio

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.limited import LimitedControlPlane
from batchgw.control_plane.operations import PutGatewayResponse
from batchgw.control_plane.session_state import SessionState
from batchgw.errors import Throttled
from batchgw.events import Event, Observer
from batchgw.model import AccountId, Region, ResponseType, RestApiId, Scope, Settings
from batchgw.throttle.limiters import Limiters
from batchgw.throttle.quota import Quotas
from tests.throttle.worlds.remote import Remote

ACCOUNT = AccountId("111111111111")


def scope(region: str = "eu-west-1", account: str = ACCOUNT) -> Scope:
    """The scope of an account and a region."""
    return Scope(account=AccountId(account), region=Region(region))


def put(where: Scope, api: int = 0) -> PutGatewayResponse:
    """A PutGatewayResponse for the API of that number."""
    return PutGatewayResponse(
        scope=where, api=RestApiId(f"{api:010}"), type=ResponseType.THROTTLED, settings=Settings()
    )


class Service:
    """A control plane that accepts a call when its scope's bucket has a token, and throttles it otherwise.

    Attributes:
        sent: how many calls came, by scope.
        refused: how many of them were refused, by scope.
        finished: when the last accepted call was answered, by scope, in seconds.

    Args:
        bucket: gives the remote bucket of a scope.
        retry_after: seconds that refusals ask for.
        seed: of the latencies, 60 to 200 ms.
    """

    def __init__(
        self, bucket: Callable[[Scope], Remote], *, retry_after: float | None = None, seed: int = 0
    ) -> None:
        self._bucket = bucket
        self._retry_after = retry_after
        self._random = Random(f"service/{seed}")
        self.sent: Counter[Scope] = Counter()
        self.refused: Counter[Scope] = Counter()
        self.finished: dict[Scope, float] = {}

    async def send(
        self,
        request: Request[T],
        execution: Execution | None = None,  # noqa: ARG002
    ) -> T:
        """Take a token after part of the latency. Raises Throttled if there is none."""
        where = request.scope
        self.sent[where] += 1
        latency = 0.11 * math.exp(0.257 * self._random.gauss(0, 1))
        up = latency * self._random.uniform(0.3, 0.6)
        await anyio.sleep(up)
        taken = self._bucket(where).take(anyio.current_time())
        await anyio.sleep(latency - up)
        if not taken:
            self.refused[where] += 1
            raise Throttled("Too Many Requests", retry_after=self._retry_after)
        self.finished[where] = anyio.current_time()
        return cast("T", None)

    async def current_account(self) -> AccountId:
        """The one account of all calls."""
        return ACCOUNT


class Seen:
    """An observer that keeps all events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        """Keep the event."""
        self.events.append(event)


def limited(
    service: Service, quotas: Quotas | None = None, seen: Observer | None = None
) -> LimitedControlPlane:
    """A control plane that sends through new limiters to the service."""
    stop = StopSignal()
    limiters = Limiters(quotas or Quotas(), sleep=stop.sleep, most=32)
    state = SessionState(stop=stop, limiters=limiters)
    return LimitedControlPlane(service, state=state, observer=seen or Seen())


async def puts(plane: LimitedControlPlane, where: Scope, calls: int, *, workers: int = 16) -> None:
    """Make so many puts, `workers` at a time. Each is repeated until it is accepted."""
    todo = iter(range(calls))
    plane.state.limiters.of(where).total.expected = calls

    async def work(numbers: Iterable[int]) -> None:
        for number in numbers:
            await persist(plane, where, number)
            plane.state.limiters.of(where).total.expected -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(min(workers, calls)):
            tasks.start_soon(work, todo)


async def persist(plane: LimitedControlPlane, where: Scope, number: int) -> None:
    """Repeat one put until it is accepted."""
    while True:
        try:
            await plane.send(put(where, number))
        except Throttled:
            continue
        return
