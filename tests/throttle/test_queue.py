"""The queue before a bucket: one call at its head, best priority next. Cancelled calls delay nobody."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.throttle.queue import WaitQueue
from tests.virtual import virtually

BACKENDS = ("trio", "asyncio")


@dataclass(frozen=True, slots=True)
class Caller:
    """Enters after `comes` checkpoints, stays at the head for `stays`, and may be cancelled."""

    priority: int
    comes: int
    stays: int
    cancelled: int | None


@dataclass(slots=True)
class Scene:
    """Callers in one queue. The head steps back for calls of a better priority, as in the limiter."""

    queue: WaitQueue = field(default_factory=WaitQueue)
    at_head: list[Caller] = field(default_factory=list)
    crowded: bool = False
    through: int = 0

    async def call(self, caller: Caller) -> None:
        for _ in range(caller.comes):
            await checkpoint()
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                if caller.cancelled is not None:
                    tasks.start_soon(self.cancel, scope, caller.cancelled)
                await self.pass_through(caller)
                tasks.cancel_scope.cancel()

    async def cancel(self, scope: anyio.CancelScope, after: int) -> None:
        for _ in range(after):
            await checkpoint()
        scope.cancel()

    async def pass_through(self, caller: Caller) -> None:
        ticket = await self.queue.enter(caller.priority)
        try:
            stay = 0
            while stay < caller.stays or self.queue.outranked(ticket):
                if self.queue.outranked(ticket):
                    await self.queue.step_back(ticket)
                stay += 1
                await self.stand(caller)
            self.through += 1
        finally:
            self.queue.leave(ticket)

    async def stand(self, caller: Caller) -> None:
        self.at_head.append(caller)
        self.crowded |= len(self.at_head) > 1
        try:
            await checkpoint()
        finally:
            self.at_head.remove(caller)


callers = st.lists(
    st.builds(
        Caller,
        priority=st.integers(0, 3),
        comes=st.integers(0, 12),
        stays=st.integers(0, 4),
        cancelled=st.one_of(st.none(), st.integers(0, 12)),
    ),
    max_size=12,
)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=60)
@given(crowd=callers)
def test_one_is_at_the_head_and_everyone_gets_there(backend: str, crowd: list[Caller]) -> None:
    async def main() -> None:
        scene = Scene()
        with anyio.fail_after(20):  # a lost wake-up
            async with anyio.create_task_group() as tasks:
                for caller in crowd:
                    tasks.start_soon(scene.call, caller)
        assert not scene.crowded
        assert scene.through >= sum(caller.cancelled is None for caller in crowd)
        assert len(scene.queue) == 0
        await scene.queue.enter(0)  # and it is still open

    anyio.run(main, backend=backend)


def test_the_best_priority_goes_first_then_who_came_first() -> None:
    async def main() -> None:
        queue, order = WaitQueue(), list[str]()
        head = await queue.enter(0)

        async def call(name: str, priority: float) -> None:
            ticket = await queue.enter(priority)
            order.append(name)
            queue.leave(ticket)

        async with anyio.create_task_group() as tasks:
            for name, priority in (("a", 2), ("b", 1), ("c", 2), ("d", 1), ("e", 0)):
                tasks.start_soon(call, name, priority)
                await anyio.sleep(1)
            assert len(queue) == 6
            queue.leave(head)
        assert order == ["e", "b", "d", "a", "c"]

    virtually(main)


def test_the_head_steps_back_only_for_a_better_priority() -> None:
    async def main() -> None:
        queue, order = WaitQueue(), list[str]()

        async def call(name: str, priority: float) -> None:
            ticket = await queue.enter(priority)
            order.append(name)
            queue.leave(ticket)

        async with anyio.create_task_group() as tasks:
            head = await queue.enter(1)
            tasks.start_soon(call, "later", 1)
            await anyio.sleep(1)
            assert not queue.outranked(head)
            tasks.start_soon(call, "urgent", 0)
            await anyio.sleep(1)
            assert queue.outranked(head)
            await queue.step_back(head)
            order.append("head")
            queue.leave(head)
        assert order == ["urgent", "head", "later"]

    virtually(main)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cancelled_first", [True, False])
def test_the_head_given_to_a_call_that_is_just_cancelled_goes_to_the_next(
    backend: str, *, cancelled_first: bool
) -> None:
    """The order of the two decides, in each backend, whether the call wakes up at the head or cancelled."""

    async def main() -> None:
        queue, through, given_up = WaitQueue(), list[str](), anyio.CancelScope()

        async def call(name: str, scope: anyio.CancelScope) -> None:
            with scope:
                ticket = await queue.enter(0)
                through.append(name)
                queue.leave(ticket)

        head = await queue.enter(0)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, "given up", given_up)
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(call, "patient", anyio.CancelScope())
            await anyio.wait_all_tasks_blocked()
            assert len(queue) == 3
            if cancelled_first:
                given_up.cancel()
            queue.leave(head)
            given_up.cancel()
        assert through[-1] == "patient"
        assert not (cancelled_first and "given up" in through)
        assert len(queue) == 0

    anyio.run(main, backend=backend)


def test_a_head_that_is_cancelled_after_stepping_back_does_not_replace_the_new_head() -> None:
    async def main() -> None:
        queue, at_head, most = WaitQueue(), 0, 0

        async def call(priority: float, seconds: float) -> None:
            nonlocal at_head, most
            ticket = await queue.enter(priority)
            try:
                at_head += 1
                most = max(most, at_head)
                await anyio.sleep(seconds)
                at_head -= 1
            finally:
                queue.leave(ticket)

        async def polite(scope: anyio.CancelScope) -> None:
            with scope:
                ticket = await queue.enter(1)
                try:
                    await anyio.sleep(1)
                    await queue.step_back(ticket)
                finally:
                    queue.leave(ticket)

        scope = anyio.CancelScope()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(polite, scope)
            await anyio.sleep(0.5)
            tasks.start_soon(call, 0, 10)
            tasks.start_soon(call, 1, 10)
            await anyio.sleep(1)
            scope.cancel()  # the first call is at the head now, the second waits
        assert most == 1
        assert len(queue) == 0

    virtually(main)
