"""Remembers which customisation each of many APIs has, in four bytes an API.

A world has many APIs and few different customisations. So each customisation in use gets a number, and an
API stores the number. A customisation that no API uses any more is removed.
"""

from __future__ import annotations

from array import array

from batchgw.simulator.world.customisation import Customisation

_NONE = 0
"""The number of an API that nobody changed since the world was generated."""


class CustomisationPool:
    """Customisations by number, and how many APIs use each. One pool for a whole world."""

    def __init__(self) -> None:
        self._entries: list[Customisation | None] = [None]
        self._holders = [0]
        self._numbers: dict[Customisation, int] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def number_of(self, customisation: Customisation) -> int:
        """Give the number of a customisation, and count one more API that uses it."""
        number = self._numbers.get(customisation)
        if number is None:
            number = self._numbers[customisation] = self._number(customisation)
        self._holders[number] += 1
        return number

    def release(self, number: int) -> None:
        """Count one API less that uses a number."""
        self._holders[number] -= 1
        entry = self._entries[number]
        if not self._holders[number] and entry is not None:
            del self._numbers[entry]
            self._entries[number] = None
            self._free.append(number)

    def find(self, number: int) -> Customisation | None:
        """Give the customisation of a number; None for an unchanged API."""
        return self._entries[number]

    def _number(self, customisation: Customisation) -> int:
        if self._free:
            number = self._free.pop()
            self._entries[number] = customisation
            return number
        self._entries.append(customisation)
        self._holders.append(0)
        return len(self._entries) - 1


class CustomisationsByApi:
    """The customisation of each API of a scope, by the API's number. Empty, it takes no memory."""

    def __init__(self, pool: CustomisationPool, *, expected: int) -> None:
        """`expected` is how many APIs there will be at least."""
        self._pool = pool
        self._expected = expected
        self._numbers = array("I")

    def get(self, api: int) -> Customisation | None:
        """Give an API's customisation; None when nobody changed it since the world was generated."""
        return self._pool.find(self._numbers[api]) if api < len(self._numbers) else None

    def set(self, api: int, customisation: Customisation) -> None:
        """Store an API's customisation."""
        numbers = self._numbers
        if api >= len(numbers):
            missing = max(api + 1, self._expected, len(numbers) * 9 // 8) - len(numbers)
            numbers.frombytes(bytes(missing * numbers.itemsize))
        taken = self._pool.number_of(customisation)
        self._release(api)
        numbers[api] = taken

    def clear(self, api: int) -> None:
        """Remove an API's customisation."""
        if api < len(self._numbers):
            self._release(api)

    def _release(self, api: int) -> None:
        number = self._numbers[api]
        if number != _NONE:
            self._pool.release(number)
            self._numbers[api] = _NONE
