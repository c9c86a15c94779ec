"""Virtual time: a run that waits for hours is over in a moment, and is the same each time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import trio.testing
from trio._core import _run as trio_run

T = TypeVar("T")


def virtually(seed: int, work: Callable[[], Awaitable[T]]) -> T:
    """Run it on a clock that jumps to the next moment as soon as everybody waits."""
    _shuffle_alike(seed)
    clock = trio.testing.MockClock(autojump_threshold=0)
    return anyio.run(work, backend="trio", backend_options={"clock": clock})


def _shuffle_alike(seed: int) -> None:
    """Make a seed decide in which order trio wakes those whose time comes at the same moment.

    Trio shuffles them, lest anybody rely on an order. It has no public way to shuffle alike every time; what
    is set here is what Hypothesis sets for the same end.
    """
    vars(trio_run).update(_ALLOW_DETERMINISTIC_SCHEDULING=True)
    trio_run._r.seed(seed)  # noqa: SLF001 - see above
