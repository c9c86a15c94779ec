"""Request ids: they look random, and follow from a seed and the count of calls."""

from __future__ import annotations

from batchgw.simulator.world.identifiers import mix, mixed

_TWELVE_DIGITS = 0xFFFF_FFFF_FFFF


class RequestIds:
    """Gives one id after the other, in the form of a UUID."""

    def __init__(self, seed: int) -> None:
        self._seed = mixed(seed)
        self._given = 0

    def next(self) -> str:
        """Give an id that was not given before."""
        self._given += 1
        high = mix(self._seed ^ self._given)
        low = mix(high)
        digits = f"{high:016x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:]}-{low >> 48:04x}-{low & _TWELVE_DIGITS:012x}"
