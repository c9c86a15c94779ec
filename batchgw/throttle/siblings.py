"""Finds out that regions of an account share one quota: they are refused together, and get no more than one.

AWS documents its quota per account; users report it per account and region. Whoever believes the latter and
is wrong sees each region's calls refused because of the others'. What was taken tells most: more than one
quota gives, and they are apart for certain; just what one gives, while several are refused again and again,
and they share it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from batchgw.throttle.quota import Quota

Key = TypeVar("Key", bound=Hashable)

TOGETHER = 1.0
"""Seconds within which refusals of two siblings count as one event."""

ACTIVE = 5.0
"""Seconds since its last call within which a sibling counts as active."""

PROOF = 6
"""Refusals that coincided, at least: three of each of two siblings, or two of each of three."""

MOSTLY = 0.6
"""Part of the refusals that must have coincided."""

APART = 5.0
"""Seconds that two episodes of coinciding refusals must be apart: whoever begins together, with buckets
alike, is refused together once."""

EXCESS = 1.05
"""Times of what one quota gives that may be taken: clocks and jitter are not exact."""

GRACE = 3.0
"""Calls that may be taken beyond that."""

JUST = 0.94
"""Part of what one quota gives that siblings who share it take at least, while they are being refused."""

LONG = 30.0
"""Seconds after which what was taken is a proof."""

OFTEN = 3
"""Refusals of a sibling that wants more than it gets."""


@dataclass(slots=True)
class _Sibling:
    called: float = float("-inf")
    refused: float = float("-inf")
    episodes: int = 0
    coincided: bool = False  # whether the last refusal did


@dataclass(slots=True)
class Siblings(Generic[Key]):
    """What is known of the buckets of one account.

    Attributes:
        apart: whether it is certain that they are not one.

    Args:
        quota: what one of them is believed to give.
    """

    quota: Quota
    apart: bool = False
    _known: dict[Key, _Sibling] = field(default_factory=dict)
    _events: int = 0
    _coincidences: int = 0
    _coincided: float | None = None  # when refusals coincided for the first time
    _level: float = 0.0  # of one bucket that all have drawn on, and that is a little faster than stated
    _at: float | None = None
    _since: float = 0.0  # since when that bucket was never full
    _taken: int = 0  # since then

    def called(self, key: Key, now: float) -> None:
        """A call of a sibling leaves."""
        self._refill(now)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Sibling()
        known.called = now

    def accepted(self, now: float) -> None:
        """A sibling's call was let through."""
        self._refill(now)
        self._level -= 1
        self._taken += 1
        self.apart = self.apart or self._level < -GRACE

    def refused(self, key: Key, now: float) -> frozenset[Key]:
        """Note that a sibling's call was refused, and answer the siblings that share one bucket.

        There are none while that is not proven.
        """
        self._refill(now)
        own = self._known.setdefault(key, _Sibling())
        news, own.refused = now - own.refused > TOGETHER, now
        active = {k for k, s in self._known.items() if now - s.called <= ACTIVE}
        others = [self._known[k] for k in active if k != key]
        if self.apart or not news or not others:
            return frozenset()
        self._events += 1
        own.episodes += 1
        own.coincided = False
        recent = [other for other in others if now - other.refused <= TOGETHER]
        for one in (own, *recent) if recent else ():
            self._coincidences += not one.coincided
            one.coincided = True
        if self._coincided is None and recent:
            self._coincided = now
        again = bool(recent) and self._coincided is not None and now - self._coincided >= APART
        together = again and self._coincidences >= PROOF and self._coincidences >= MOSTLY * self._events
        return frozenset(active | {key}) if together or self._is_just_one_quota(now) else frozenset()

    def _is_just_one_quota(self, now: float) -> bool:
        """Whether siblings that want more get, for long, together what one quota gives."""
        passed = now - self._since
        wanting = sum(sibling.episodes >= OFTEN for sibling in self._known.values())
        given = self.quota.burst + self.quota.rate * passed
        return wanting > 1 and passed >= LONG and self._taken >= JUST * given

    def _refill(self, now: float) -> None:
        """Let time pass. Where one bucket would be full, whoever rests, nothing is measured: begin anew."""
        if self._at is None:
            self._level = EXCESS * self.quota.burst
        else:
            self._level += EXCESS * self.quota.rate * (now - self._at)
        self._at = now
        if self._level >= EXCESS * self.quota.burst:
            self._level = EXCESS * self.quota.burst
            self._since, self._taken = now, 0
            for sibling in self._known.values():
                sibling.episodes = 0
