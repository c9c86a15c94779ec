"""Work is done in slices: nobody waits for longer than one, and the loop is yielded to no more often."""

from __future__ import annotations

import threading

import anyio
import anyio.lowlevel
import pytest

from batchgw.concurrency.time_slices import TimeSlices, in_thread
from tests.virtual import virtually


class Clock:
    """Work takes the time that is added here."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_others_run_when_a_slice_is_used_up() -> None:
    """Ten pieces of 2 ms in slices of 5 ms: three pieces a slice, so one ends at the 3rd, 6th, 9th."""
    told: list[str] = []

    async def work() -> None:
        clock = Clock()
        slices = TimeSlices(seconds=0.005, clock=clock)
        for number in range(1, 11):
            clock.now += 0.002
            if await slices.yield_if_due():
                told.append(f"over at {number}")
        told.append("done")

    async def other() -> None:
        while "done" not in told:
            told.append("other")
            await anyio.lowlevel.checkpoint()

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            tasks.start_soon(other)

    virtually(main)
    assert [each for each in told if each.startswith("over")] == ["over at 3", "over at 6", "over at 9"]
    assert told[: told.index("done")].count("other") >= 3


PATIENCE = 10.0  # seconds that a thread waits for what should have happened


def test_others_run_while_a_disk_is_waited_for_and_virtual_time_stands_still() -> None:
    """The work ends when another task says so, and not by a timer of a minute that is under way."""
    said = threading.Event()

    async def other() -> None:
        await anyio.lowlevel.checkpoint()
        said.set()

    async def main() -> float:
        began = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep, 60)
            tasks.start_soon(other)
            assert await in_thread(lambda: said.wait(PATIENCE) and "written") == "written"
            took = anyio.current_time() - began
            tasks.cancel_scope.cancel()
        return took

    assert virtually(main) == 0


def test_what_goes_wrong_in_the_thread_is_raised() -> None:
    def full() -> None:
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        virtually(lambda: in_thread(full))


def test_what_was_begun_is_ended_before_a_cancellation_is_heeded() -> None:
    done: list[str] = []

    async def main() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await in_thread(lambda: done.append("written"))
            done.append("told")
            await anyio.lowlevel.checkpoint()
            done.append("not reached")

    virtually(main)
    assert done == ["written", "told"]
