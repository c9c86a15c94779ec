"""Whose the base credentials are: STS is asked once, however many want to know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from batchgw.control_plane.aws.places import Places
from batchgw.errors import CallError
from batchgw.model import AccountId, Region

Ask = Callable[[Region], Awaitable[AccountId]]
"""Asks the STS of a region for the account. Raises a CallError."""


class BaseAccount:
    """The account of the base credentials."""

    def __init__(self, ask: Ask, places: Places) -> None:
        self._ask = ask
        self._places = places
        self._questions: dict[Region, _Question] = {}

    def known(self, near: Region | None = None) -> AccountId | None:
        """Give it if the STS for region `near` has told it: there is nothing to wait for."""
        question = self._questions.get(self._places.sts_region(near))
        return None if question is None else question.told

    async def id(self, near: Region | None = None) -> AccountId:
        """Give it, asked of the STS for region `near`. Raises a CallError, alike for all who waited."""
        region = self._places.sts_region(near)
        question = self._questions.get(region)
        if question is None:
            question = self._questions[region] = _Question(self._ask, region)
        return await question.answer()


class _Question:
    """What one STS is asked. A good answer is kept; a bad one is shared by those who waited for it."""

    def __init__(self, ask: Ask, region: Region) -> None:
        self._ask = ask
        self._region = region
        self._turn = anyio.Lock()
        self._ended = 0  # attempts that were answered, well or badly
        self._answer: AccountId | CallError | None = None

    @property
    def told(self) -> AccountId | None:
        """The good answer, once there is one."""
        return None if isinstance(self._answer, CallError) else self._answer

    async def answer(self) -> AccountId:
        """Ask, unless it is answered or somebody else is asking already."""
        if self.told is not None:
            return self.told
        before = self._ended
        async with self._turn:
            if self._ended == before:
                self._answer = await self._asked()
                self._ended += 1
        if isinstance(self._answer, CallError):
            raise self._answer.again()
        assert self._answer is not None  # noqa: S101 - somebody's attempt was answered
        return self._answer

    async def _asked(self) -> AccountId | CallError:
        try:
            return await self._ask(self._region)
        except CallError as error:
            return error
