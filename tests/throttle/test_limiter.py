"""Permits in virtual time: two buckets, priorities, fairness, and whom a refusal is blamed on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

import anyio
import pytest

from batchgw.throttle.bucket.mirror import MirrorBucket
from batchgw.throttle.bucket.reserve import small
from batchgw.throttle.limiter import Bucket, Lane, Limiter, Turn
from batchgw.throttle.quota import Quota, Trust
from tests.virtual import virtually

RESERVE = small(40.0).least

TOTAL, DEPLOYMENTS, RESOURCES = Quota(10, 40), Quota(1 / 5, 1), Quota(2.5, 5)


@dataclass
class Desk:
    """A limiter of three lanes, and who left when."""

    total: Lane = field(default_factory=lambda: lane(TOTAL))
    deployments: Lane = field(default_factory=lambda: lane(DEPLOYMENTS))
    resources: Lane = field(default_factory=lambda: lane(RESOURCES))
    departures: list[tuple[str, float]] = field(default_factory=list)
    most: int = 32
    limiter: Limiter = field(init=False)

    def __post_init__(self) -> None:
        own = {"CreateDeployment": self.deployments, "GetResources": self.resources}
        self.limiter = Limiter(self.total, sleep=anyio.sleep, operations=own.get, most=self.most)

    @property
    def waiting(self) -> int:
        """Calls in any line."""
        return sum(len(each.line) for each in (self.total, self.deployments, self.resources))

    async def leave(self, name: str = "", *, operation: str = "Put", priority: float = 0.0) -> Turn:
        """Wait for a turn, and note it."""
        turn = await self.limiter.wait(lambda: None, operation=operation, priority=priority)
        self.departures.append((name or operation, turn.at))
        return turn

    async def call(self, name: str = "", *, operation: str = "Put", priority: float = 0.0) -> None:
        """A call that is accepted 0.1 s after it left."""
        turn = await self.leave(name, operation=operation, priority=priority)
        await anyio.sleep(0.1)
        self.limiter.ok(turn)

    async def calls(self, count: int, name: str = "", *, operation: str = "Put") -> None:
        """One after the other."""
        for _ in range(count):
            await self.call(name, operation=operation)

    def of(self, name: str) -> list[float]:
        """When those of a name left."""
        return [at for each, at in self.departures if each == name]


def lane(quota: Quota) -> Lane:
    """A lane with a bucket of its own, strict: nothing but what the quota says decides."""
    return Lane(Bucket(MirrorBucket(quota, trust=Trust.STRICT)))


async def drained(desk: Desk) -> None:
    """Until the total's bucket holds its reserve and no more, calls leave at the rate."""
    for _ in range(90):
        desk.limiter.ok(await desk.leave("drain"))


def test_an_operation_with_a_bucket_of_its_own_does_not_hold_up_the_others() -> None:
    """20 deployments, one in 5 s, and 400 puts: the puts leave at their rate as if there were no others."""

    async def main() -> None:
        desk = Desk()
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(_deploy, desk)
            for _ in range(10):
                tasks.start_soon(desk.calls, 40)
        puts, deployments = desk.of("Put"), desk.of("CreateDeployment")
        assert len(puts) == 400
        assert puts[-1] == pytest.approx((400 + len([d for d in deployments if d < 40]) - 40) / 10, rel=0.05)
        assert max(b - a for a, b in pairwise(puts)) <= 0.2 + 1e-6
        assert min(b - a for a, b in pairwise(deployments)) >= 5.0
        assert deployments[-1] == pytest.approx(19 * 5, rel=0.03)

    virtually(main)


async def _deploy(desk: Desk) -> None:
    await desk.call(operation="CreateDeployment")


def test_a_refusal_of_the_own_bucket_while_waiting_for_the_total_holds_up_nobody_else() -> None:
    async def main() -> None:
        desk = Desk()
        await drained(desk)
        first = await desk.leave("first", operation="GetResources")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(desk.leave, "second")  # is at the head of the total's line
            await anyio.sleep(0.001)

            async def resources() -> None:
                await desk.leave("third", operation="GetResources")  # waits for the total behind it

            tasks.start_soon(resources)
            tasks.start_soon(desk.calls, 100)
            await anyio.sleep(0.001)
            told = anyio.current_time()
            desk.resources.bucket.pacer.throttled(first.at, told, 30.0)
        assert desk.of("third")[0] >= told + 30
        assert max(b - a for a, b in pairwise(desk.of("Put"))) <= 0.3
        assert desk.of("Put")[-1] < told + 15

    virtually(main)


def test_a_deployment_waits_for_the_maximum_over_its_buckets() -> None:
    async def main() -> None:
        desk = Desk()
        await drained(desk)
        began = anyio.current_time()
        await desk.leave(operation="CreateDeployment")  # its own is full, and the reserve is there
        await desk.leave(operation="CreateDeployment")  # the total is refilled: 5 s for its own
        first, second = desk.of("CreateDeployment")
        assert first - began == pytest.approx(0.05)  # at twice the rate, as the last calls of a run
        assert second - first == pytest.approx(5.0, rel=0.05)
        assert desk.total.bucket.sent == 92
        assert desk.deployments.bucket.sent == 2

    virtually(main)


def test_a_refusal_is_blamed_on_the_emptiest_bucket_and_void_in_the_other() -> None:
    async def main() -> None:
        desk = Desk()
        turn = await desk.leave(operation="CreateDeployment")
        desk.limiter.throttled(turn, None)  # 38.5 of 40 were left, and 0 of 1
        now = anyio.current_time()
        total, own = (each.bucket.pacer.statistics(now) for each in (desk.total, desk.deployments))
        assert (total.refused, own.refused) == (0, 1)
        assert total.level == 39.5
        assert (desk.total.bucket.refused, desk.deployments.bucket.refused) == (0, 1)
        assert (desk.total.in_flight, desk.deployments.in_flight) == (0, 0)

    virtually(main)


def test_a_refusal_with_an_empty_total_and_a_full_own_bucket_is_the_totals() -> None:
    async def main() -> None:
        desk = Desk()
        await drained(desk)
        turn = await desk.leave(operation="GetResources")
        desk.limiter.throttled(turn, None)  # some 6 of 40 were left, and 4 of 5
        now = anyio.current_time()
        total, own = (each.bucket.pacer.statistics(now) for each in (desk.total, desk.resources))
        assert (total.refused, own.refused) == (1, 0)
        assert own.level == pytest.approx(4.5 + 2.5 * 0.05)  # given back, and refilled for 0.05 s
        assert total.level < 1

    virtually(main)


def test_a_call_of_unknown_fate_is_spent_everywhere() -> None:
    async def main() -> None:
        desk = Desk()
        desk.limiter.unknown(await desk.leave(operation="GetResources"))
        now = anyio.current_time()
        assert desk.total.bucket.pacer.statistics(now).level == 38.5
        assert desk.resources.bucket.pacer.statistics(now).level == 3.5
        assert (desk.total.in_flight, desk.resources.in_flight) == (0, 0)

    virtually(main)


def test_the_better_priority_leaves_first_however_late_it_comes() -> None:
    async def main() -> None:
        desk = Desk()
        await drained(desk)
        async with anyio.create_task_group() as tasks:

            async def comes(name: str, priority: float) -> None:
                await desk.leave(name, priority=priority)

            for name, priority in (("head", 2.0), ("b", 2.0), ("c", 3.0), ("a", 1.0)):
                tasks.start_soon(comes, name, priority)
                await anyio.sleep(0.01)
        assert [name for name, _ in desk.departures[90:]] == ["a", "head", "b", "c"]
        times = [at for _, at in desk.departures[90:]]
        assert all(b - a == pytest.approx(0.1, abs=0.001) for a, b in pairwise(times))

    virtually(main)


def test_no_api_waits_for_more_than_its_turn() -> None:
    """Seven APIs, whose calls are made one after another: between two of one, each other gets one."""

    async def main() -> None:
        desk = Desk()
        await drained(desk)
        async with anyio.create_task_group() as tasks:
            for api in range(7):
                tasks.start_soon(desk.calls, 20, f"api {api}")
        order = [name for name, _ in desk.departures[90:]]
        assert len(order) == 140
        for place, name in enumerate(order[: 7 * 19]):
            following = order.index(name, place + 1)
            between = Counter(order[place + 1 : following])
            assert max(between.values(), default=0) <= 1
            assert len(between) == 6

    virtually(main)


def test_who_is_turned_away_leaves_the_line_and_makes_no_call() -> None:
    class Condemned(Exception):
        pass

    async def main() -> None:
        desk, given_up, away = Desk(), False, 0
        await drained(desk)

        def check() -> None:
            if given_up:
                raise Condemned

        async def call() -> None:
            nonlocal away
            try:
                await desk.limiter.wait(check, operation="CreateDeployment")
            except Condemned:
                away += 1

        desk.limiter.ok(await desk.leave(operation="CreateDeployment"))
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(call)
            await anyio.sleep(1.5)
            assert desk.waiting == 5
            given_up = True
        assert away == 5
        assert anyio.current_time() < 9 + 3  # the head looks up once a second
        assert desk.waiting == 0
        assert desk.deployments.bucket.sent == 1

    virtually(main)


def test_who_finds_a_token_and_nobody_in_line_leaves_at_once_or_is_turned_away() -> None:
    class Condemned(Exception):
        pass

    def given_up() -> None:
        raise Condemned

    async def main() -> None:
        desk = Desk()
        for _ in range(10):
            coroutine = desk.limiter.wait(lambda: None, operation="Put")
            with pytest.raises(StopIteration) as left:  # it gives no turn of the event loop away
                coroutine.send(None)
            turn: Turn = left.value.value
            assert (turn.at, turn.waited) == (anyio.current_time(), 0.0)
            desk.limiter.ok(turn)
            await anyio.sleep(0.1)
        with pytest.raises(Condemned):
            await desk.limiter.wait(given_up, operation="Put")
        assert desk.waiting == 0
        assert desk.total.bucket.sent == 10

    virtually(main)


def test_nobody_leaves_at_once_past_those_in_line() -> None:
    async def main() -> None:
        desk = Desk()
        await drained(desk)
        async with anyio.create_task_group() as tasks:
            for name in ["early"] * 5 + ["late"] * 3:
                tasks.start_soon(desk.leave, name)
                await anyio.sleep(0.001)
        assert [name for name, _ in desk.departures[90:]] == ["early"] * 5 + ["late"] * 3

    virtually(main)


def test_who_is_cancelled_leaves_its_lines() -> None:
    async def main() -> None:
        desk = Desk()
        await drained(desk)
        for operation in ("Put", "CreateDeployment", "GetResources"):
            async with anyio.create_task_group() as tasks:
                for _ in range(5):
                    tasks.start_soon(_wait, desk, operation)
                await anyio.sleep(0.05)
                assert desk.waiting >= 2
                tasks.cancel_scope.cancel()
            assert desk.waiting == 0
        sent = desk.total.bucket.sent
        await desk.call()
        assert desk.total.bucket.sent == sent + 1

    virtually(main)


async def _wait(desk: Desk, operation: str) -> None:
    await desk.leave(operation=operation)


def test_the_last_calls_may_spend_the_reserve() -> None:
    """Of 90 calls, 50 are refilled: in 5 s if the reserve may be spent, and in 5.5 s and more if not."""

    async def last(expected: float) -> float:
        desk = Desk()
        desk.total.expected = expected
        for _ in range(90):
            turn = await desk.leave()
            desk.limiter.ok(turn)
            desk.total.expected -= 1
        return desk.departures[-1][1]

    assert virtually(lambda: last(90)) == pytest.approx(5.0)
    assert virtually(lambda: last(inf)) == pytest.approx(5.0 + RESERVE / 10)


def test_starving_is_the_time_in_which_nothing_was_let_through() -> None:
    async def main() -> None:
        desk = Desk()
        assert desk.limiter.starving == 0
        for _ in range(3):
            turn = await desk.leave()
            desk.limiter.throttled(turn, None)
            await anyio.sleep(10)
        assert desk.limiter.starving >= 30
        desk.limiter.ok(await desk.leave())
        assert desk.limiter.starving == 0

    virtually(main)


def test_concurrency_follows_from_rate_and_latency() -> None:
    """10 calls/s of 0.1 s are one under way on average: three times that."""

    async def main() -> None:
        desk = Desk()
        assert desk.limiter.concurrency == 10  # nothing known yet
        await desk.call()
        assert desk.limiter.concurrency == 3
        turn = await desk.leave()
        await anyio.sleep(0.5)
        desk.limiter.ok(turn)
        assert desk.limiter.concurrency == 15

    virtually(main)
