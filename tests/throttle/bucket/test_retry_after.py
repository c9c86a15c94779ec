"""A Retry-After of up to 60 s is never shortened. No call or retry leaves without the pacer's leave."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import cast

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import GetGatewayResponse, GetRestApis
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import (
    BadRequest,
    CallError,
    ConcurrentModification,
    ConnectionCut,
    ConnectionFailed,
    ServiceFailure,
    Throttled,
)
from batchgw.model import AccountId, ResponseType, RestApiId
from batchgw.throttle.bucket.hold import LONGEST_HOLD
from batchgw.throttle.bucket.model import INSTANT, BucketModel
from batchgw.throttle.pacer import Belief, Pacer, PacerStatistics
from batchgw.throttle.quota import TOTAL
from tests.throttle.worlds.adversary import Rig, Step, models, steps
from tests.throttle.worlds.service import ACCOUNT, put, scope
from tests.virtual import virtually


@given(model=models(), course=steps("wait", "send", "accepted", "refused", "refund", "unanswered"))
def test_no_call_leaves_before_what_a_refusal_asked_for(model: BucketModel, course: list[Step]) -> None:
    rig, until = Rig(model), 0.0
    for step in course:
        departures, in_flight = len(rig.departures), len(rig.in_flight)
        rig.happen(step)
        if len(rig.departures) > departures:
            assert rig.now >= until - INSTANT
        if step.kind == "refused" and step.amount >= 0 and in_flight:
            until = max(until, rig.now + min(step.amount, LONGEST_HOLD))


@pytest.mark.parametrize(
    ("asked", "held"), [(0.5, 0.5), (7.0, 7.0), (60.0, 60.0), (600.0, 60.0), (0.0, 0.05), (None, 0.05)]
)
def test_the_longest_hold_is_a_minute(asked: float | None, held: float) -> None:
    """Without Retry-After, the last call waits 0.05 s for half a token at 10/s: the other half is there."""
    model = BucketModel(TOTAL)
    model.sent(0.0)
    model.refused(0.0, 0.0, asked)
    assert model.delay(0.0, 1) == pytest.approx(held)


@dataclass
class Spied:
    """A pacer that counts departures, and notes each one that it would have held back.

    Attributes:
        sends: calls that left.
        too_early: when calls left that should have waited, in seconds.
    """

    pacer: Pacer
    sends: int = 0
    too_early: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.pacer.rate

    def delay(self, now: float, calls_left: float = float("inf")) -> float:
        return self.pacer.delay(now, calls_left)

    def sent(self, now: float) -> None:
        self.sends += 1
        if self.pacer.delay(now, 1) > 0:
            self.too_early.append(now)
        self.pacer.sent(now)

    def accepted(self, sent_at: float, now: float) -> None:
        self.pacer.accepted(sent_at, now)

    def refused(self, sent_at: float, now: float, retry_after: float | None) -> None:
        self.pacer.refused(sent_at, now, retry_after)

    def refund(self, sent_at: float, now: float) -> None:
        self.pacer.refund(sent_at, now)

    def unanswered(self, sent_at: float, now: float) -> None:
        self.pacer.unanswered(sent_at, now)

    def statistics(self, now: float) -> PacerStatistics:
        return self.pacer.statistics(now)

    def belief(self, now: float) -> Belief:
        return self.pacer.belief(now)


Failure = Callable[[], CallError] | None


class Erratic:
    """A control plane that answers with one of the given errors, by chance. It notes each call's arrival."""

    def __init__(self, errors: list[Failure], seed: int) -> None:
        self._errors = errors
        self._random = Random(f"erratic/{seed}")
        self.arrivals: list[tuple[float, str]] = []

    async def send(
        self,
        request: Request[T],
        execution: Execution | None = None,  # noqa: ARG002
    ) -> T:
        self.arrivals.append((anyio.current_time(), request.operation.name))
        await anyio.sleep(self._random.uniform(0.05, 0.4))
        error = self._errors[self._random.randrange(len(self._errors))]
        if error is not None:
            raise error()
        return cast("T", None)

    async def current_account(self) -> AccountId:
        return ACCOUNT


FAILURES: list[Failure] = [
    None,
    lambda: Throttled("slow down"),
    lambda: Throttled("slow down", retry_after=2.0),
    lambda: ConcurrentModification("try again later", status=409),
    lambda: ServiceFailure("internal", status=500),
    lambda: ServiceFailure("busy", status=503, retry_after=4.0),
    lambda: ConnectionFailed("refused"),
    lambda: ConnectionCut("reset"),
    lambda: BadRequest("no"),
]
WHERE = scope()
REQUESTS: tuple[Request[object], ...] = (
    put(WHERE),
    GetGatewayResponse(scope=WHERE, api=RestApiId("a1b2c3d4e5"), type=ResponseType.THROTTLED),
    GetRestApis(scope=WHERE),
)


@settings(max_examples=15)
@given(errors=st.lists(st.sampled_from(FAILURES), min_size=1, max_size=6), seed=st.integers(0, 999))
def test_no_call_leaves_without_the_pacer_s_leave(errors: list[Failure], seed: int) -> None:
    """About half of the calls succeed. The others fail, and some of them are retried."""

    async def main() -> None:
        plane = Erratic([*errors, *[None] * len(errors)], seed)
        paced = PacedControlPlane(plane, pace=Pace(attempts=3), random=Random(seed))
        bucket = paced.state.limiters.of(WHERE).total.bucket
        spied = bucket.pacer = Spied(bucket.pacer)

        async def call(number: int) -> None:
            with suppress(CallError):
                await paced.send(REQUESTS[number % len(REQUESTS)])

        async with anyio.create_task_group() as tasks:
            for number in range(30):
                tasks.start_soon(call, number)
        assert spied.sends == len(plane.arrivals) > 0
        assert not spied.too_early

    virtually(main)
