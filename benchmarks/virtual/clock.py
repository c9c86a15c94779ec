"""Virtual time: a run that waits for hours takes a moment, and gives the same result each time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import trio.testing
from trio._core import _run as trio_run

T = TypeVar("T")


def virtually(seed: int, work: Callable[[], Awaitable[T]]) -> T:
    """Run on a clock that jumps to the next event as soon as every task waits."""
    _seed_scheduler(seed)
    clock = trio.testing.MockClock(autojump_threshold=0)
    return anyio.run(work, backend="trio", backend_options={"clock": clock})


def _seed_scheduler(seed: int) -> None:
    """Let the seed decide in which order trio wakes tasks that are due at the same moment.

    Trio shuffles them, so that nobody relies on an order. It has no public way to shuffle the same way every
    time. Hypothesis sets the same two values for the same purpose.
    """
    vars(trio_run).update(_ALLOW_DETERMINISTIC_SCHEDULING=True)
    trio_run._r.seed(seed)  # noqa: SLF001 - see above
