"""Virtual time: a run that waits for hours takes a moment, and always the same virtual time."""

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
    """Run on a clock that jumps to the next event as soon as every task waits."""
    clock = trio.testing.MockClock(autojump_threshold=0)
    return anyio.run(main, backend="trio", backend_options={"clock": clock})


class Steps(trio.abc.Instrument):
    """Adds "step" to a list before each step of any task, from `begin` on."""

    def __init__(self, log: list[str]) -> None:
        self._log = log

    def begin(self) -> None:
        """Begin to log the steps of the running loop."""
        trio.lowlevel.add_instrument(self)

    def before_task_step(self, _task: trio.lowlevel.Task) -> None:
        """Log a step."""
        self._log.append("step")
