"""A generator that waits does not wait past a stop."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import pytest

from batchgw.concurrency.stop import StopSignal
from batchgw.errors import Stopped
from tests.virtual import virtually

HOUR = 3600.0


class Numbers:
    """Three numbers, an hour after one another."""

    def __init__(self) -> None:
        self.closed = False

    async def given(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(3):
                yield number
                await anyio.sleep(HOUR)
        finally:
            self.closed = True


def test_without_a_stop_everything_comes() -> None:
    async def main() -> None:
        numbers = Numbers()
        assert [each async for each in StopSignal().until_stop(numbers.given())] == [0, 1, 2]
        assert numbers.closed

    virtually(main)


@pytest.mark.parametrize("within", [0.0, HOUR / 2, 1.5 * HOUR])
def test_a_stop_ends_it_in_the_midst_of_a_wait(within: float) -> None:
    async def main() -> None:
        stop, numbers, found = StopSignal(), Numbers(), list[int]()

        async def stop_later() -> None:
            await anyio.sleep(within)
            stop.request()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_later)
            async for each in stop.until_stop(numbers.given()):
                found.append(each)
        assert anyio.current_time() == pytest.approx(within, abs=1e-6)
        assert found == list(range(1 + int(within // HOUR)))
        assert numbers.closed
        assert not [each async for each in stop.until_stop(Numbers().given())], "nothing comes after a stop"

    virtually(main)


def test_a_source_may_end_by_the_stop_itself_and_other_errors_are_raised() -> None:
    async def failing(error: Exception) -> AsyncGenerator[int, None]:
        yield 1
        raise error

    async def main() -> None:
        stop = StopSignal()
        assert [each async for each in stop.until_stop(failing(Stopped("it heeds the stop")))] == [1]
        with pytest.raises(RuntimeError, match="a fault"):
            async for _ in stop.until_stop(failing(RuntimeError("a fault"))):
                pass

    virtually(main)
