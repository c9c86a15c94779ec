"""The second lane of a scope: APIs whose responses are in place, and that wait for a slow quota."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import ceil
from types import TracebackType
from typing import Final, NamedTuple, Self

import anyio
from anyio.abc import TaskGroup

from batchgw.concurrency.pool import pooled
from batchgw.control_plane.operations import CreateDeployment
from batchgw.control_plane.stack import Pace
from batchgw.execution.kinds import maker_of
from batchgw.journal import PendingApi

AHEAD: Final = 1_000
"""APIs of a scope that may wait. Then no more responses are written there: at AWS's quotas that takes more
than an hour, and each takes a kilobyte of memory."""

SPARE: Final = 2
"""Workers beside those that the quota keeps busy: the next API is read back while one waits for its turn."""

AROUND: Final = 2.0
"""Seconds that an API keeps a worker besides waiting for its turn: four calls, at twice AWS's latency."""


class Lanes(NamedTuple):
    """An API's changes: those that are made first of all, those of the first lane, those of the second."""

    at_once: PendingApi
    first: PendingApi
    second: PendingApi


def in_lanes(pending: PendingApi) -> Lanes:
    """Part an API's changes."""
    changes, failed = pending.changes, pending.failed
    first = [each for each in changes if not maker_of(each.change).second_lane]
    if len(first) == len(changes) and not failed:
        none = replace(pending, changes=())
        return Lanes(none, pending, none)
    rest = [each for each in changes if maker_of(each.change).second_lane]
    at_once = [each for each in rest if maker_of(each.change).at_once(each.change)]
    second = [each for each in rest if each not in at_once]
    failed = tuple([each for each in failed if not maker_of(each.change).second_lane])
    return Lanes(
        replace(pending, changes=tuple(at_once), failed=()),
        replace(pending, changes=tuple(first), failed=failed),
        replace(pending, changes=tuple(second), failed=()),
    )


class SecondLane:
    """Takes APIs, and works on them with workers of its own.

    Use it as a context manager, within the task group that waits for their end.
    """

    def __init__(
        self, tasks: TaskGroup, work: Callable[[PendingApi, TaskGroup], Awaitable[None]], pace: Pace
    ) -> None:
        self._tasks = tasks
        self._work = work
        rate = pace.supposed_of(CreateDeployment.operation.name)
        self._workers = SPARE + ceil(rate * AROUND)
        self._send, self._waiting = anyio.create_memory_object_stream[PendingApi](AHEAD)
        self._begun = False

    async def add(self, pending: PendingApi) -> None:
        """Take an API. Waits as long as too many are there."""
        if not self._begun:
            self._begun = True
            self._tasks.start_soon(self._run)
        await self._send.send(pending)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say that no more will come."""
        self._send.close()
        if not self._begun:
            self._waiting.close()

    async def _run(self) -> None:
        async with self._waiting:
            await pooled(self._waiting, lambda each: self._work(each, self._tasks), workers=self._workers)
