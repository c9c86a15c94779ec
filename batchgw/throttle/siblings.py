"""Finds out that regions of an account share one quota: they are refused together, and get no more than one.

AWS documents its quota per account; users report it per account and region. Whoever believes the latter and
is wrong sees each region's calls refused because of the others'.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

TOGETHER = 1.0
"""Seconds within which two refusals count as one event."""

ACTIVE = 5.0
"""Seconds since its last call within which a sibling counts as active."""

PROOF = 5
"""Refusals that coincided, at least."""

MOSTLY = 0.6
"""Part of the refusals that must have coincided."""

ONE_QUOTA = 1.5
"""Times the stated rate which the siblings' rates together must stay below."""


@dataclass(slots=True)
class _Sibling:
    called: float = float("-inf")
    refused: float = float("-inf")


@dataclass(slots=True)
class Siblings(Generic[Key]):
    """What is known of the buckets of one account.

    Args:
        stated: calls/second of a quota.
    """

    stated: float
    _known: dict[Key, _Sibling] = field(default_factory=dict)
    _events: int = 0
    _coincidences: int = 0

    def called(self, key: Key, now: float) -> None:
        """A call of a sibling leaves."""
        self._known.setdefault(key, _Sibling()).called = now

    def refused(self, key: Key, now: float, rates: Mapping[Key, float]) -> frozenset[Key]:
        """A sibling's call was refused; `rates` are what each believes to get, in calls/second.

        Answers the siblings that share one bucket, none while that is not proven.
        """
        own = self._known.setdefault(key, _Sibling())
        news, own.refused = now - own.refused > TOGETHER, now
        active = {k for k, s in self._known.items() if now - s.called <= ACTIVE}
        others = active - {key}
        if not news or not others:
            return frozenset()
        self._events += 1
        self._coincidences += any(now - self._known[k].refused <= TOGETHER for k in others)
        proven = self._coincidences >= PROOF and self._coincidences >= MOSTLY * self._events
        if not proven or sum(rates.get(k, 0.0) for k in active) > ONE_QUOTA * self.stated:
            return frozenset()
        return frozenset(active | {key})
