"""The event loop's clock, read several times for every call; and how long ago something was."""

from __future__ import annotations

import time
from asyncio import get_running_loop
from dataclasses import dataclass
from typing import Self

import anyio


def current_time() -> float:
    """Seconds of the running event loop's clock: what `anyio.current_time` tells, at an eighth of the cost.

    anyio looks up which library runs, and whose task, each time it is asked. Raises as it does where no event
    loop runs.
    """
    try:
        loop = get_running_loop()
    except RuntimeError:  # trio, or none at all
        return anyio.current_time()
    return loop.time()


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment by two clocks, in seconds.

    The loop's stands still while this machine sleeps, and others go on; the other one may be set back.
    """

    loop: float
    epoch: float

    @classmethod
    def ago(cls, seconds: float) -> Self:
        """So many seconds before now."""
        return cls(current_time() - seconds, time.time() - seconds)

    @property
    def age(self) -> float:
        """Seconds since then: what the clock says that says more."""
        return max(current_time() - self.loop, time.time() - self.epoch)
