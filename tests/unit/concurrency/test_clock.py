"""The clock is the event loop's own, whichever loop that is, a virtual one included."""

from __future__ import annotations

import asyncio

import anyio
import pytest
import trio
import trio.testing

from batchgw.concurrency.clock import current_time


def test_under_asyncio_it_is_the_loops() -> None:
    async def main() -> None:
        before = asyncio.get_running_loop().time()
        assert before <= current_time() <= anyio.current_time()

    asyncio.run(main())


def test_under_trio_it_is_its_clock_and_that_may_be_virtual() -> None:
    async def main() -> None:
        before = current_time()
        assert before == trio.current_time()
        await anyio.sleep(1_000)
        assert current_time() - before == pytest.approx(1_000)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_outside_of_a_loop_there_is_none() -> None:
    with pytest.raises(RuntimeError):
        current_time()
