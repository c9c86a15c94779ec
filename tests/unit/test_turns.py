"""Work is done in turns: nobody waits for longer than one, and nothing is handed over more often."""

from __future__ import annotations

import anyio
import anyio.lowlevel

from batchgw.turns import Turns
from tests.virtual import virtually


class Clock:
    """Work takes the time that is added here."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_others_have_their_turn_when_one_is_used_up() -> None:
    """Ten pieces of 2 ms in turns of 5 ms: three pieces a turn, so it ends at the 3rd, 6th, 9th."""
    told: list[str] = []

    async def work() -> None:
        clock = Clock()
        turns = Turns(turn=0.005, clock=clock)
        for number in range(1, 11):
            clock.now += 0.002
            if await turns.pause():
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
