"""Virtual time: a run that waits for hours is over in a moment, and always takes the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import trio
import trio.abc
import trio.lowlevel
import trio.testing

Result = TypeVar("Result")


def virtually(main: Callable[[], Awaitable[Result]]) -> Result:
    """Run on a clock that jumps to the next thing to happen as soon as everyone waits."""
    clock = trio.testing.MockClock(autojump_threshold=0)
    return anyio.run(main, backend="trio", backend_options={"clock": clock})


class Steps(trio.abc.Instrument):
    """Notes "step" whenever the loop turns to a task, this one or another, from `begin` on."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def begin(self) -> None:
        """Watch the loop that runs."""
        trio.lowlevel.add_instrument(self)

    def before_task_step(self, _task: trio.lowlevel.Task) -> None:
        """A task goes on."""
        self._told.append("step")
