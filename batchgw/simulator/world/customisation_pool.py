"""Which customisation each of many APIs has, at four bytes an API.

An estate has many APIs and few ways to configure them. So a customisation that somebody has gets a number,
and an API holds the number. One that nobody has any more is forgotten.
"""

from __future__ import annotations

from array import array

from batchgw.simulator.world.customisation import Customisation

_NONE = 0
"""Stands for an API that holds nothing: it is as it was born."""


class CustomisationPool:
    """Customisations by number, and by how many they are held. One for a whole world."""

    def __init__(self) -> None:
        self._entries: list[Customisation | None] = [None]
        self._holders = [0]
        self._numbers: dict[Customisation, int] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def take(self, customisation: Customisation) -> int:
        """The number to hold it by."""
        number = self._numbers.get(customisation)
        if number is None:
            number = self._numbers[customisation] = self._number(customisation)
        self._holders[number] += 1
        return number

    def give_back(self, number: int) -> None:
        """Hold it no longer."""
        self._holders[number] -= 1
        entry = self._entries[number]
        if not self._holders[number] and entry is not None:
            del self._numbers[entry]
            self._entries[number] = None
            self._free.append(number)

    def find(self, number: int) -> Customisation | None:
        """What a number stands for."""
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
    """What the APIs of one apis hold, by their place in it. Takes no memory before the first one holds."""

    def __init__(self, pool: CustomisationPool, *, expected: int) -> None:
        """`expected` is how many APIs there will be at least."""
        self._pool = pool
        self._expected = expected
        self._numbers = array("I")

    def get(self, place: int) -> Customisation | None:
        """What an API holds; None for one that is as it was born."""
        return self._pool.find(self._numbers[place]) if place < len(self._numbers) else None

    def set(self, place: int, customisation: Customisation) -> None:
        """Have an API hold something else."""
        numbers = self._numbers
        if place >= len(numbers):
            missing = max(place + 1, self._expected, len(numbers) * 9 // 8) - len(numbers)
            numbers.frombytes(bytes(missing * numbers.itemsize))
        taken = self._pool.take(customisation)
        self._release(place)
        numbers[place] = taken

    def clear(self, place: int) -> None:
        """Have an API hold nothing."""
        if place < len(self._numbers):
            self._release(place)

    def _release(self, place: int) -> None:
        number = self._numbers[place]
        if number != _NONE:
            self._pool.give_back(number)
            self._numbers[place] = _NONE
