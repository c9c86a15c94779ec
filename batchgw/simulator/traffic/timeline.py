"""Counts calls accepted and refused over time, for plots, in a bounded number of bins.

When the bins are full, every two become one of twice the width. So the whole run stays visible, only coarser.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

NEIGHBOUR = "neighbour"
"""The name of the neighbour's calls, in place of an operation's."""

BINS = 3600
"""Bins of one series before they become coarser: an hour of seconds."""

Key = tuple[str, str]
"""Scope (`ACCOUNT/REGION`; `ACCOUNT` for a neighbour where the quota is the account's), and operation."""


@dataclass(slots=True)
class Series:
    """Calls by bin, from time 0. A series ends with its last call: later bins, which it lacks, are 0."""

    taken: array[int] = field(default_factory=lambda: array("I"))
    refused: array[int] = field(default_factory=lambda: array("I"))

    def count(self, place: int, *, taken: bool) -> None:
        """Count a call in the bin of that place."""
        bins = self.taken if taken else self.refused
        missing = place + 1 - len(bins)
        if missing > 0:
            bins.frombytes(bytes(missing * bins.itemsize))
        bins[place] += 1

    def halve(self) -> None:
        """Make each two bins one."""
        self.taken, self.refused = _halved(self.taken), _halved(self.refused)


def _halved(bins: array[int]) -> array[int]:
    return array("I", (sum(bins[place : place + 2]) for place in range(0, len(bins), 2)))


class Timeline:
    """Counts every call in the bin of its arrival. Times are seconds since the first call."""

    def __init__(self, *, bins: int = BINS, width: float = 1.0) -> None:
        """`width` is a bin's first, in seconds; it doubles whenever `bins` of them are full."""
        if bins < 1 or width <= 0:
            raise ValueError(f"a timeline has one bin at least, wider than nothing: not {bins}, {width} s")
        self._bins = bins
        self._first_width = width
        self.width = width
        self._series: dict[Key, Series] = {}

    @property
    def series(self) -> Mapping[Key, Series]:
        """The counts by scope and operation; `NEIGHBOUR` for the calls of others."""
        return self._series

    def add(self, key: Key, at: float, *, taken: bool) -> None:
        """Count a call."""
        place = max(0, int(at / self.width))
        while place >= self._bins:
            self._widen()
            place = int(at / self.width)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series()
        series.count(place, taken=taken)

    def reset(self) -> None:
        """Count from zero."""
        self._series.clear()
        self.width = self._first_width

    def to_json(self) -> dict[str, object]:
        """Render for GET /_batchgw/timeline: all series are of one length."""
        length = max((len(b) for s in self._series.values() for b in (s.taken, s.refused)), default=0)
        return {
            "width": self.width,
            "series": [
                {
                    "scope": scope,
                    "operation": operation,
                    "taken": _padded(series.taken, length),
                    "refused": _padded(series.refused, length),
                }
                for (scope, operation), series in self._series.items()
            ],
        }

    def _widen(self) -> None:
        self.width *= 2
        for series in self._series.values():
            series.halve()


def _padded(bins: array[int], length: int) -> list[int]:
    return [*bins, *([0] * (length - len(bins)))]
