"""One attempt at a time: all that wait for it share its result or its error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio

from batchgw.errors import CallError

T = TypeVar("T")


class Flight(Generic[T]):
    """A value that many want and one fetches. A result is kept. An error goes to all that waited for it."""

    def __init__(self) -> None:
        self._turn = anyio.Lock()
        self._ended = 0  # attempts that ended, well or badly
        self._end: T | CallError | None = None

    async def join(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Give the result: the one that is kept, that of the attempt under way, or of one made now.

        Raises a CallError, to each caller a record of its own.
        """
        if self._end is None or isinstance(self._end, CallError):
            before = self._ended
            async with self._turn:
                if self._ended == before:
                    self._end = await _ended(attempt)
                    self._ended += 1
        if isinstance(self._end, CallError):
            raise self._end.again()
        assert self._end is not None  # noqa: S101 - somebody's attempt came to an end
        return self._end


async def _ended(attempt: Callable[[], Awaitable[T]]) -> T | CallError:
    try:
        return await attempt()
    except CallError as error:
        return error
