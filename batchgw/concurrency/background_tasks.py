"""Tasks beside the caller, that end when the connection is closed.

Plain asyncio tasks, for aiobotocore runs on nothing else: a task group would have to be left by the very task
that entered it, and would wrap the caller's own errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self


class BackgroundTasks:
    """A context. `start` begins a task in it; leaving cancels those that still run."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    def start(self, task: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> None:
        """Run `task(*arguments)` from now on. It should not raise: what it raises comes out on leaving."""
        started = asyncio.create_task(task(*arguments))
        self._tasks.add(started)  # asyncio itself holds no reference
        started.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            self._failure = self._failure or task.exception()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        running = list(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._failure is not None and error is None:
            raise self._failure
