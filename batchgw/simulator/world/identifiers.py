"""Identifiers that look random and need no table: a number in, an id out, and back.

A fixed permutation of the number space stands between the two, so that 1,000,000 ids cost no memory.
"""

from __future__ import annotations

from math import gcd

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_CHARACTERS = frozenset(_DIGITS)
_PAIRS = tuple(one + two for one in _DIGITS for two in _DIGITS)
_MASK = 2**64 - 1


def mix(number: int) -> int:
    """Sixty-four well-mixed bits of a number (the finaliser of splitmix64)."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def mixed(*numbers: int) -> int:
    """Sixty-four well-mixed bits of several numbers, whose order counts."""
    out = 0
    for number in numbers:
        out = mix(out ^ number)
    return out


class Identifiers:
    """A permutation between the numbers below 36**length and the ids of that length.

    API Gateway's REST API ids have 10 lower-case letters and digits, deployment and resource ids 6.
    """

    def __init__(self, *, length: int, seed: int) -> None:
        self._length = length
        self._space = int(36**length)
        self._shift = mixed(seed, length) % self._space
        self._factor = _coprime(mixed(seed, length, 1) % self._space)
        self._inverse = int(pow(self._factor, -1, self._space))

    def of(self, number: int) -> str:
        """The id of a number. Numbers beyond the space wrap around."""
        rest = (number * self._factor + self._shift) % self._space
        out = ""
        for _ in range((self._length + 1) // 2):
            rest, pair = divmod(rest, len(_PAIRS))
            out = _PAIRS[pair] + out
        return out[-self._length :]

    def number(self, identifier: str) -> int | None:
        """The number of an id; None for a text that can be none. Ids are case-sensitive."""
        if len(identifier) != self._length or not _CHARACTERS.issuperset(identifier):
            return None
        return (int(identifier, 36) - self._shift) * self._inverse % self._space


def _coprime(number: int) -> int:
    """The next number that shares no factor with 36, and so has an inverse."""
    number |= 1
    while gcd(number, 36) != 1:
        number += 2
    return number
