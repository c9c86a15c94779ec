"""A wrapper is one method, and stands anywhere: around all others, between any two, or right at the plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import cast

import anyio
import pytest

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.interface import ControlPlane, Execution, Request, T, Wrapper
from batchgw.control_plane.limited import LimitedControlPlane
from batchgw.control_plane.operations import GetGatewayResponses
from batchgw.control_plane.readonly import ReadOnlyControlPlane
from batchgw.control_plane.retrying import RetryingControlPlane
from batchgw.control_plane.session_state import SessionState
from batchgw.errors import ServiceFailure, Throttled
from batchgw.events import NullObserver
from batchgw.model import AccountId, Region, RestApiId, Scope
from batchgw.throttle.limiters import Limiters
from batchgw.throttle.quota import Quotas
from tests.virtual import virtually

SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
READ = GetGatewayResponses(scope=SCOPE, api=RestApiId("a1b2c3d4e5"))
DELAY = 7.0

Wrap = Callable[[ControlPlane], ControlPlane]


class Counting(Wrapper):
    """Counts the calls that pass through it."""

    def __init__(self, inner: ControlPlane) -> None:
        super().__init__(inner)
        self.calls = 0

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        self.calls += 1
        return await self._inner.send(request, execution)


class Delaying(Wrapper):
    """Holds up each call that passes through it, and says so."""

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        await anyio.sleep(DELAY)
        if execution is not None:
            execution.waited += DELAY
        return await self._inner.send(request, execution)


class Plane:
    """Is throttled, then fails, then answers."""

    def __init__(self) -> None:
        self.errors = [Throttled("Too Many Requests"), ServiceFailure("internal", status=500)]
        self.prefetched: list[Scope] = []

    async def send(
        self,
        request: Request[T],  # noqa: ARG002 - all are answered alike
        execution: Execution | None = None,
    ) -> T:
        if self.errors:
            raise self.errors.pop(0)
        if execution is not None:
            execution.request_id = "r-3"
        return cast("T", {})

    async def current_account(self) -> AccountId:
        return SCOPE.account

    async def prefetch_credentials(self, scope: Scope) -> None:
        self.prefetched.append(scope)


def stacked(plane: ControlPlane, extra: type[Wrapper], place: int) -> tuple[ControlPlane, Wrapper]:
    """read-only( retrying( limited( plane ) ) ) with one more wrapper, counted from the plane."""
    stop = StopSignal()
    state = SessionState(stop=stop, limiters=Limiters(Quotas(), sleep=stop.sleep, most=4))
    order: Sequence[Wrap] = (
        lambda inner: LimitedControlPlane(inner, state=state),
        lambda inner: RetryingControlPlane(inner, state=state, observer=NullObserver(), random=Random(7)),
        ReadOnlyControlPlane,
    )
    top: ControlPlane = plane
    for wrap in order[:place]:
        top = wrap(top)
    top = added = extra(top)
    for wrap in order[place:]:
        top = wrap(top)
    return top, added


@pytest.mark.parametrize(("place", "calls"), [(0, 3), (1, 3), (2, 1), (3, 1)])
def test_one_that_counts_sees_attempts_below_the_retries_and_executions_above(place: int, calls: int) -> None:
    async def main() -> None:
        top, counting = stacked(Plane(), Counting, place)
        execution = Execution()
        assert await top.send(READ, execution) == {}
        assert isinstance(counting, Counting)
        assert counting.calls == calls
        assert (execution.throttles, execution.attempts, execution.request_id) == (1, 2, "r-3")

    virtually(main)


@pytest.mark.parametrize(("place", "delays"), [(0, 3), (1, 3), (2, 1), (3, 1)])
def test_what_one_that_delays_has_waited_is_in_the_cost_of_the_call(place: int, delays: int) -> None:
    async def main() -> None:
        top, _ = stacked(Plane(), Delaying, place)
        execution, began = Execution(), anyio.current_time()
        await top.send(READ, execution)
        took = anyio.current_time() - began
        assert took >= delays * DELAY
        assert execution.waited == pytest.approx(took)

    virtually(main)


@pytest.mark.parametrize("place", range(4))
def test_what_it_does_not_override_is_passed_on(place: int) -> None:
    async def main() -> None:
        plane = Plane()
        top, _ = stacked(plane, Counting, place)
        assert await top.current_account() == SCOPE.account
        assert isinstance(top, Wrapper)
        await top.prefetch_credentials(SCOPE)
        assert plane.prefetched == [SCOPE]

    virtually(main)
