"""What of a scope has not begun yet, read from the journal page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

import anyio.lowlevel

from batchgw.journal import PendingApi

FIRST_PAGE = 8
"""APIs fetched from the journal to begin with: a thousand scopes begin within a second."""

PAGE = 32
"""APIs fetched at a time and scope: what bounds memory, whatever the size of the run."""

CHANGES = 160
"""Changes fetched at a time: about 2 ms, in which the event loop stands still."""

_WORD = 6
"""Rows are kept in words of 2**6 bits: a million of them take 2 MB."""


class Begun:
    """Which APIs of a run have begun, by their rows in the journal."""

    def __init__(self) -> None:
        self._words: dict[int, int] = {}

    def add(self, apis: Iterable[PendingApi]) -> None:
        """Note that these have begun."""
        for api in apis:
            word = api.row >> _WORD
            self._words[word] = self._words.get(word, 0) | 1 << api.row % (1 << _WORD)

    def __contains__(self, api: PendingApi) -> bool:
        return bool(self._words.get(api.row >> _WORD, 0) >> api.row % (1 << _WORD) & 1)


Read = Callable[[int, int], Awaitable[Sequence[PendingApi]]]
"""Gives a scope's next APIs after a row, at most so many."""


class Left:
    """The APIs of a scope that have something left to do and have not begun, some at a time.

    Each iteration begins anew and reads them from the journal again, so nothing has to be kept in memory for
    a second one.
    """

    def __init__(self, read: Read, begun: Begun) -> None:
        self._read = read
        self._begun = begun

    def __aiter__(self) -> AsyncIterator[Sequence[PendingApi]]:
        return _Pages(self._read, self._begun)


class _Pages:
    """One iteration. It is no generator, because nobody has to close it."""

    def __init__(self, read: Read, begun: Begun) -> None:
        self._read = read
        self._begun = begun
        self._after, self._limit = 0, FIRST_PAGE

    def __aiter__(self) -> AsyncIterator[Sequence[PendingApi]]:
        return self

    async def __anext__(self) -> Sequence[PendingApi]:
        page = await self._read(self._after, self._limit)
        if not page:
            raise StopAsyncIteration
        self._after = page[-1].row
        self._limit = max(1, min(PAGE, CHANGES * len(page) // sum(len(api.changes) for api in page)))
        await anyio.lowlevel.checkpoint()
        return [api for api in page if api not in self._begun]
