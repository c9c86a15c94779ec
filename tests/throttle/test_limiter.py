"""Permits in virtual time: two buckets, priorities, fairness, and which bucket a refusal counts for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

import anyio
import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.bucket.reserve import small
from batchgw.throttle.flow import Bucket, Flow
from batchgw.throttle.limiter import Limiter, Permit
from batchgw.throttle.quota import Quota, Trust
from tests.virtual import virtually

RESERVE = small(40.0).least

TOTAL, DEPLOYMENTS, RESOURCES = Quota(10, 40), Quota(1 / 5, 1), Quota(2.5, 5)


@dataclass
class Scene:
    """A limiter of three flows, and when each call left."""

    total: Flow = field(default_factory=lambda: flow(TOTAL))
    deployments: Flow = field(default_factory=lambda: flow(DEPLOYMENTS))
    resources: Flow = field(default_factory=lambda: flow(RESOURCES))
    departures: list[tuple[str, float]] = field(default_factory=list)
    most: int = 32
    limiter: Limiter = field(init=False)

    def __post_init__(self) -> None:
        own = {"CreateDeployment": self.deployments, "GetResources": self.resources}
        self.limiter = Limiter(self.total, sleep=anyio.sleep, operations=own.get, most=self.most)

    @property
    def waiting(self) -> int:
        """Calls in all queues."""
        return sum(len(each.queue) for each in (self.total, self.deployments, self.resources))

    async def leave(self, name: str = "", *, operation: str = "Put", priority: float = 0.0) -> Permit:
        """Wait for a permit, and note when it was given."""
        permit = await self.limiter.acquire(lambda: None, operation=operation, priority=priority)
        self.departures.append((name or operation, permit.at))
        return permit

    async def call(self, name: str = "", *, operation: str = "Put", priority: float = 0.0) -> None:
        """Make a call that is accepted 0.1 s after it left."""
        permit = await self.leave(name, operation=operation, priority=priority)
        await anyio.sleep(0.1)
        self.limiter.accepted(permit)

    async def calls(self, count: int, name: str = "", *, operation: str = "Put") -> None:
        """Make calls, one after the other."""
        for _ in range(count):
            await self.call(name, operation=operation)

    def of(self, name: str) -> list[float]:
        """Give when the calls of a name left."""
        return [at for each, at in self.departures if each == name]


def flow(quota: Quota) -> Flow:
    """A flow with a strict bucket of its own: only the quota decides."""
    return Flow(Bucket(BucketModel(quota, trust=Trust.STRICT)))


async def drained(scene: Scene) -> None:
    """Make calls until the bucket of the total holds only its reserve."""
    for _ in range(90):
        scene.limiter.accepted(await scene.leave("drain"))


def test_an_operation_with_a_bucket_of_its_own_does_not_hold_up_the_others() -> None:
    """20 deployments, one in 5 s, and 400 puts: the puts leave at their rate, as if they were alone."""

    async def main() -> None:
        scene = Scene()
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(_deploy, scene)
            for _ in range(10):
                tasks.start_soon(scene.calls, 40)
        puts, deployments = scene.of("Put"), scene.of("CreateDeployment")
        assert len(puts) == 400
        assert puts[-1] == pytest.approx((400 + len([d for d in deployments if d < 40]) - 40) / 10, rel=0.05)
        assert max(b - a for a, b in pairwise(puts)) <= 0.2 + 1e-6
        assert min(b - a for a, b in pairwise(deployments)) >= 5.0
        assert deployments[-1] == pytest.approx(19 * 5, rel=0.03)

    virtually(main)


async def _deploy(scene: Scene) -> None:
    await scene.call(operation="CreateDeployment")


def test_a_deployment_does_not_wait_until_the_head_of_the_total_wakes_up() -> None:
    """Calls leave one in 2 s, and one is asleep for it. The deployment may spend the reserve."""

    async def main() -> None:
        scene = Scene(total=Flow(Bucket(BucketModel(Quota(0.5, 4)))))
        async with anyio.create_task_group() as tasks:
            for _ in range(12):
                tasks.start_soon(scene.call)
            await anyio.sleep(15.3)
            await scene.call(operation="CreateDeployment")
            tasks.cancel_scope.cancel()
        (deployed,) = scene.of("CreateDeployment")
        assert deployed == pytest.approx(15.3)
        assert scene.of("Put")[-1] < deployed  # and the next one sleeps

    virtually(main)


def test_a_refusal_of_the_own_bucket_while_waiting_for_the_total_holds_up_nobody_else() -> None:
    async def main() -> None:
        scene = Scene()
        await drained(scene)
        first = await scene.leave("first", operation="GetResources")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(scene.leave, "second")  # is at the head of the total's queue
            await anyio.sleep(0.001)

            async def resources() -> None:
                await scene.leave("third", operation="GetResources")  # waits for the total behind it

            tasks.start_soon(resources)
            tasks.start_soon(scene.calls, 100)
            await anyio.sleep(0.001)
            told = anyio.current_time()
            scene.resources.bucket.pacer.refused(first.at, told, 30.0)
        assert scene.of("third")[0] >= told + 30
        assert max(b - a for a, b in pairwise(scene.of("Put"))) <= 0.3
        assert scene.of("Put")[-1] < told + 15

    virtually(main)


def test_a_deployment_waits_for_the_maximum_over_its_buckets() -> None:
    async def main() -> None:
        scene = Scene()
        await drained(scene)
        began = anyio.current_time()
        await scene.leave(
            operation="CreateDeployment"
        )  # its own bucket is full, and the total holds its reserve
        await scene.leave(operation="CreateDeployment")  # the total is refilled: 5 s for its own bucket
        first, second = scene.of("CreateDeployment")
        assert first - began == pytest.approx(0.05)  # at twice the rate, as the last calls of a run
        assert second - first == pytest.approx(5.0, rel=0.05)
        assert scene.total.bucket.sent == 92
        assert scene.deployments.bucket.sent == 2

    virtually(main)


def test_a_refusal_is_blamed_on_the_emptiest_bucket_and_void_in_the_other() -> None:
    async def main() -> None:
        scene = Scene()
        permit = await scene.leave(operation="CreateDeployment")
        scene.limiter.refused(permit, None)  # 38.5 of 40 were left, and 0 of 1
        now = anyio.current_time()
        total, own = (each.bucket.pacer.statistics(now) for each in (scene.total, scene.deployments))
        assert (total.refused, own.refused) == (0, 1)
        assert total.level == 39.5
        assert (scene.total.bucket.refused, scene.deployments.bucket.refused) == (0, 1)
        assert (scene.total.in_flight, scene.deployments.in_flight) == (0, 0)

    virtually(main)


def test_a_refusal_with_an_empty_total_and_a_full_own_bucket_is_the_totals() -> None:
    async def main() -> None:
        scene = Scene()
        await drained(scene)
        permit = await scene.leave(operation="GetResources")
        scene.limiter.refused(permit, None)  # some 6 of 40 were left, and 4 of 5
        now = anyio.current_time()
        total, own = (each.bucket.pacer.statistics(now) for each in (scene.total, scene.resources))
        assert (total.refused, own.refused) == (1, 0)
        assert own.level == pytest.approx(4.5 + 2.5 * 0.05)  # given back, and refilled for 0.05 s
        assert total.level < 1

    virtually(main)


def test_a_call_of_unknown_fate_is_spent_everywhere() -> None:
    async def main() -> None:
        scene = Scene()
        scene.limiter.unanswered(await scene.leave(operation="GetResources"))
        now = anyio.current_time()
        assert scene.total.bucket.pacer.statistics(now).level == 38.5
        assert scene.resources.bucket.pacer.statistics(now).level == 3.5
        assert (scene.total.in_flight, scene.resources.in_flight) == (0, 0)

    virtually(main)


def test_the_better_priority_leaves_first_however_late_it_comes() -> None:
    async def main() -> None:
        scene = Scene()
        await drained(scene)
        async with anyio.create_task_group() as tasks:

            async def comes(name: str, priority: float) -> None:
                await scene.leave(name, priority=priority)

            for name, priority in (("head", 2.0), ("b", 2.0), ("c", 3.0), ("a", 1.0)):
                tasks.start_soon(comes, name, priority)
                await anyio.sleep(0.01)
        assert [name for name, _ in scene.departures[90:]] == ["a", "head", "b", "c"]
        times = [at for _, at in scene.departures[90:]]
        assert all(b - a == pytest.approx(0.1, abs=0.001) for a, b in pairwise(times))

    virtually(main)


def test_no_api_waits_for_more_than_one_call_of_each_other() -> None:
    """Seven APIs make their calls one after another. Between two calls of one, each other gets one."""

    async def main() -> None:
        scene = Scene()
        await drained(scene)
        async with anyio.create_task_group() as tasks:
            for api in range(7):
                tasks.start_soon(scene.calls, 20, f"api {api}")
        order = [name for name, _ in scene.departures[90:]]
        assert len(order) == 140
        for place, name in enumerate(order[: 7 * 19]):
            following = order.index(name, place + 1)
            between = Counter(order[place + 1 : following])
            assert max(between.values(), default=0) <= 1
            assert len(between) == 6

    virtually(main)


def test_a_rejected_call_leaves_the_queue_and_is_not_made() -> None:
    class Condemned(Exception):
        pass

    async def main() -> None:
        scene, given_up, away = Scene(), False, 0
        await drained(scene)

        def check() -> None:
            if given_up:
                raise Condemned

        async def call() -> None:
            nonlocal away
            try:
                await scene.limiter.acquire(check, operation="CreateDeployment")
            except Condemned:
                away += 1

        scene.limiter.accepted(await scene.leave(operation="CreateDeployment"))
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(call)
            await anyio.sleep(1.5)
            assert scene.waiting == 5
            given_up = True
        assert away == 5
        assert anyio.current_time() < 9 + 3  # the head checks once a second
        assert scene.waiting == 0
        assert scene.deployments.bucket.sent == 1

    virtually(main)


def test_a_call_that_finds_a_token_and_an_empty_queue_leaves_at_once_or_is_rejected() -> None:
    class Condemned(Exception):
        pass

    def given_up() -> None:
        raise Condemned

    async def main() -> None:
        scene = Scene()
        for _ in range(10):
            coroutine = scene.limiter.acquire(lambda: None, operation="Put")
            with pytest.raises(StopIteration) as left:  # it does not yield to the event loop
                coroutine.send(None)
            permit: Permit = left.value.value
            assert (permit.at, permit.waited) == (anyio.current_time(), 0.0)
            scene.limiter.accepted(permit)
            await anyio.sleep(0.1)
        with pytest.raises(Condemned):
            await scene.limiter.acquire(given_up, operation="Put")
        assert scene.waiting == 0
        assert scene.total.bucket.sent == 10

    virtually(main)


def test_no_call_overtakes_the_queue() -> None:
    async def main() -> None:
        scene = Scene()
        await drained(scene)
        async with anyio.create_task_group() as tasks:
            for name in ["early"] * 5 + ["late"] * 3:
                tasks.start_soon(scene.leave, name)
                await anyio.sleep(0.001)
        assert [name for name, _ in scene.departures[90:]] == ["early"] * 5 + ["late"] * 3

    virtually(main)


def test_a_cancelled_call_leaves_its_queues() -> None:
    async def main() -> None:
        scene = Scene()
        await drained(scene)
        for operation in ("Put", "CreateDeployment", "GetResources"):
            async with anyio.create_task_group() as tasks:
                for _ in range(5):
                    tasks.start_soon(_wait, scene, operation)
                await anyio.sleep(0.05)
                assert scene.waiting >= 2
                tasks.cancel_scope.cancel()
            assert scene.waiting == 0
        sent = scene.total.bucket.sent
        await scene.call()
        assert scene.total.bucket.sent == sent + 1

    virtually(main)


async def _wait(scene: Scene, operation: str) -> None:
    await scene.leave(operation=operation)


def test_the_last_calls_may_spend_the_reserve() -> None:
    """90 calls need 50 refilled tokens: 5 s if the reserve may be spent, and 5.5 s or more if not."""

    async def last(expected: float) -> float:
        scene = Scene()
        scene.total.expected = expected
        for _ in range(90):
            permit = await scene.leave()
            scene.limiter.accepted(permit)
            scene.total.expected -= 1
        return scene.departures[-1][1]

    assert virtually(lambda: last(90)) == pytest.approx(5.0)
    assert virtually(lambda: last(inf)) == pytest.approx(5.0 + RESERVE / 10)


def test_starving_is_the_time_in_which_nothing_was_let_through() -> None:
    async def main() -> None:
        scene = Scene()
        assert scene.limiter.starving == 0
        for _ in range(3):
            permit = await scene.leave()
            scene.limiter.refused(permit, None)
            await anyio.sleep(10)
        assert scene.limiter.starving >= 30
        scene.limiter.accepted(await scene.leave())
        assert scene.limiter.starving == 0

    virtually(main)


def test_concurrency_follows_from_rate_and_latency() -> None:
    """10 calls/s of 0.1 s each mean one call under way on average. Three times that is allowed."""

    async def main() -> None:
        scene = Scene()
        assert scene.limiter.concurrency == 10  # nothing known yet
        await scene.call()
        assert scene.limiter.concurrency == 3
        permit = await scene.leave()
        await anyio.sleep(0.5)
        scene.limiter.accepted(permit)
        assert scene.limiter.concurrency == 15

    virtually(main)
