"""Virtual time: a run that waits for hours is over in a moment, and always takes the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import trio.testing

Result = TypeVar("Result")


def virtually(main: Callable[[], Awaitable[Result]]) -> Result:
    """Run on a clock that jumps to the next thing to happen as soon as everyone waits."""
    clock = trio.testing.MockClock(autojump_threshold=0)
    return anyio.run(main, backend="trio", backend_options={"clock": clock})
