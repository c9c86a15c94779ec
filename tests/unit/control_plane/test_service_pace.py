"""Other services have a pace of their own, and nothing that they say counts against API Gateway."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from random import Random
from typing import cast

import anyio
import pytest

from batchgw.control_plane.interface import Execution, Operation, Reading, Request, T, Wire
from batchgw.control_plane.operations import GetRestApis
from batchgw.control_plane.operations.account import ListRegions
from batchgw.control_plane.operations.ec2 import DescribeRegions
from batchgw.control_plane.operations.organizations import ListAccounts
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import (
    AccessDenied,
    CallError,
    ConnectionFailed,
    CredentialsRejected,
    EndpointUnreachable,
    ServiceFailure,
    Starved,
    Stopped,
    Throttled,
)
from batchgw.events import CallAnswered, CallGaveUp, CallRetried, CallSent, CallThrottled, Event, ScopeGivenUp
from batchgw.model import AccountId, Region, Scope
from batchgw.throttle.quota import Quota
from tests.virtual import virtually

HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
ACCOUNTS = ListAccounts(scope=HERE)
THROTTLE = Throttled("Too many requests", code="TooManyRequestsException", status=400)


class Plane:
    """Answers after `latency` seconds. `errors` come first, one for each call to another service."""

    def __init__(self, *errors: CallError, latency: float = 0.0) -> None:
        self.errors = list(errors)
        self.forever: CallError | None = None
        self.latency = latency
        self.left: list[tuple[float, str]] = []
        self.under_way = self.most = 0

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        self.left.append((anyio.current_time(), request.operation.name))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await anyio.sleep(self.latency)
        finally:
            self.under_way -= 1
        if request.operation.service != "apigateway":
            if self.forever is not None:
                raise self.forever
            if self.errors:
                raise self.errors.pop(0)
        if execution is not None:
            execution.request_id = "r-1"
        return cast("T", None)

    async def current_account(self) -> AccountId:
        return HERE.account


class Seen:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetParameter(Request[None]):
    """An operation of a service that batchgw does not ask itself."""

    operation = Operation(name="GetParameter", method="get_parameter", service="kms")

    def params(self) -> Wire:
        return {}

    def read(self, answer: Wire, reading: Reading) -> None:
        del answer, reading


def by_reader(number: int) -> ListRegions:
    member = Scope(account=AccountId(f"{number:012}"), region=HERE.region)
    return ListRegions(scope=member, asked_by="organization")


def times(plane: Plane) -> list[float]:
    """Seconds after the first call, to a tenth."""
    return [round(at - plane.left[0][0], 1) for at, _ in plane.left]


async def all_at_once(paced: PacedControlPlane, *requests: Request[object]) -> None:
    async with anyio.create_task_group() as tasks:
        for request in requests:
            tasks.start_soon(paced.send, request)


@pytest.mark.parametrize(
    ("pace", "latency", "expected"),
    [
        (Pace(), 0.0, [0.0, 0.7, 1.3, 2.0, 2.7]),  # 1.5/s
        (Pace(), 3.0, [0.0, 3.0, 6.0, 9.0, 12.0]),  # one after the other
        (Pace(services={"organizations": Quota(0.5, 1)}), 0.0, [0.0, 2.0, 4.0, 6.0, 8.0]),
        (Pace(rate=1.0, burst=1.0), 0.0, [0.0, 0.7, 1.3, 2.0, 2.7]),  # API Gateway's says nothing here
    ],
)
def test_organizations_is_asked_one_thing_after_the_other_at_its_own_pace(
    pace: Pace, latency: float, expected: list[float]
) -> None:
    async def main() -> None:
        plane = Plane(latency=latency)
        await all_at_once(PacedControlPlane(plane, pace=pace), *[ACCOUNTS] * 5)
        assert (times(plane), plane.most) == (expected, 1)

    virtually(main)


@pytest.mark.parametrize(
    ("request_", "least", "most"),
    [
        # Each account is a caller of its own: 5/s with a burst of 5, one at a time.
        (lambda n: ListRegions(scope=Scope(account=AccountId(f"{n:012}"), region=HERE.region)), 0.0, 0.2),
        # The organisation's reader is one caller, whichever accounts it asks about: 20 calls at 5/s.
        (by_reader, 3.0, 4.0),
        # A regional service has a quota in each region.
        (lambda n: DescribeRegions(scope=Scope(account=HERE.account, region=Region(f"x-{n}"))), 0.0, 0.2),
        (lambda _: DescribeRegions(scope=HERE), 3.0, 4.0),
        # A service that is in no table is asked once a second.
        (lambda _: GetParameter(scope=HERE), 19.0, 19.1),
    ],
)
def test_a_quota_belongs_to_who_asks_and_to_the_region_of_a_regional_service(
    request_: Callable[[int], Request[object]], least: float, most: float
) -> None:
    """Twenty calls at once."""

    async def main() -> None:
        plane = Plane()
        await all_at_once(PacedControlPlane(plane), *[request_(n) for n in range(20)])
        assert least <= times(plane)[-1] <= most

    virtually(main)


def test_a_throttle_slows_its_service_down_and_is_retried_without_using_up_an_attempt() -> None:
    async def main() -> None:
        plane, seen = Plane(*[THROTTLE] * 8), Seen()
        paced = PacedControlPlane(plane, observer=seen, pace=Pace(attempts=2), random=Random(7))
        execution = Execution()
        await paced.send(ACCOUNTS, execution)
        assert (execution.throttles, execution.attempts) == (8, 1)
        assert times(plane)[-1] > 12.0, "8 calls at 1.5/s would have left in 5.3 s"
        assert execution.waited == pytest.approx(times(plane)[-1], abs=0.1)
        told = [type(event) for event in seen.events]
        assert told == [CallSent, CallThrottled] * 8 + [CallSent, CallAnswered]
        assert {event.service for event in seen.events if isinstance(event, CallSent)} == {"organizations"}

    virtually(main)


def test_what_passes_is_retried_with_backoff_and_bounded() -> None:
    async def main() -> None:
        plane, seen = Plane(*[ServiceFailure("500", status=500)] * 3), Seen()
        paced = PacedControlPlane(plane, observer=seen, pace=Pace(attempts=3))
        with pytest.raises(ServiceFailure):
            await paced.send(ACCOUNTS)
        assert [type(e) for e in seen.events if not isinstance(e, CallSent)] == [
            CallRetried,
            CallRetried,
            CallGaveUp,
        ]

    virtually(main)


@pytest.mark.parametrize(
    "error",
    [
        AccessDenied("denied", code="AccessDeniedException", status=400),
        CredentialsRejected("unknown", code="UnrecognizedClientException", status=400),
        ConnectionFailed("no", endpoint="https://organizations"),
        THROTTLE,
    ],
)
def test_nothing_counts_against_api_gateway(error: CallError) -> None:
    """Neither its quota is spent or learned, nor is an account-region or a region's endpoint given up."""

    async def main() -> None:
        plane, seen = Plane(error), Seen()
        paced = PacedControlPlane(plane, observer=seen, pace=Pace(attempts=1))
        with nullcontext() if error is THROTTLE else pytest.raises(type(error)):
            await paced.send(ACCOUNTS)
        assert list(paced.learned()) == []
        assert paced.why_given_up(HERE) is None
        assert not any(isinstance(event, ScopeGivenUp) for event in seen.events)
        await all_at_once(paced, *[GetRestApis(scope=HERE)] * 20)
        (learned,) = paced.learned()
        assert (learned.sent, learned.refused) == (20, 0)

    virtually(main)


def test_an_account_region_that_is_given_up_is_still_asked_by_other_services() -> None:
    async def main() -> None:
        plane = Plane()
        paced = PacedControlPlane(plane)
        paced.state.given_up.add(HERE, AccessDenied("denied"))
        await paced.send(DescribeRegions(scope=HERE))
        with pytest.raises(AccessDenied):
            await paced.send(GetRestApis(scope=HERE))
        assert [name for _, name in plane.left] == ["DescribeRegions"]

    virtually(main)


def test_a_service_that_lets_nothing_through_is_waited_for_as_long_as_patience_says() -> None:
    async def main() -> None:
        plane, seen = Plane(), Seen()
        plane.forever = THROTTLE
        paced = PacedControlPlane(plane, observer=seen, pace=Pace(patience=600.0))
        began = anyio.current_time()
        with pytest.raises(Starved, match=r"organizations let nothing through for 6\d\d s.*ListAccounts in"):
            await paced.send(ACCOUNTS)
        assert 600 <= anyio.current_time() - began <= 700
        assert len(plane.left) < 100, "calls become rare while nothing is let through"
        assert paced.why_given_up(HERE) is None

    virtually(main)


def test_a_stop_ends_every_wait() -> None:
    """Of ten calls one is under way, one waits for the quota, and the others for their turn."""

    async def main() -> None:
        plane = Plane(latency=60.0)
        paced = PacedControlPlane(plane)
        ended: list[type[BaseException]] = []

        async def ask() -> None:
            try:
                await paced.send(ACCOUNTS)
            except Stopped as stopped:
                ended.append(type(stopped))

        began = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(ask)
            await anyio.sleep(5)
            paced.stop.request()
        assert ended == [Stopped] * 10
        assert len(plane.left) == 1
        assert anyio.current_time() - began < 6.5

    virtually(main)


class Dice(Random):
    """Dice that always show the same share of the longest wait."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share

    def random(self) -> float:
        return self._share


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_an_endpoint_that_nobody_can_connect_to_is_reported_once_and_soon(share: float) -> None:
    """Everything waits for the organisation, so one call that fails for ten seconds is enough."""

    async def main() -> None:
        plane = Plane()
        plane.forever = ConnectionFailed("connection refused", endpoint="https://organizations.example")
        paced = PacedControlPlane(plane, random=Dice(share))
        began = anyio.current_time()
        with pytest.raises(EndpointUnreachable):
            await paced.send(ACCOUNTS)
        assert 10 <= anyio.current_time() - began <= 20
        sent = len(plane.left)
        with pytest.raises(EndpointUnreachable):
            await paced.send(ACCOUNTS)
        assert len(plane.left) == sent
        plane.forever = None
        paced.try_again()
        await paced.send(ACCOUNTS)
        await paced.send(GetRestApis(scope=HERE))

    virtually(main)
