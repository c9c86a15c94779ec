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
"""Refusals that coincided, at least: three of each of two siblings, or one volley of six."""

MOSTLY = 0.6
"""Part of the refusals that must have coincided."""

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
    episodes: int = 0
    called: float = float("-inf")
    refused: float = float("-inf")
    coincided: bool = False  # whether the last refusal did


@dataclass(slots=True)
class Siblings(Generic[Key]):
    """What is known of the buckets of one account.

    Args:
        quota: what one of them is believed to give.
    """

    quota: Quota
    _known: dict[Key, _Sibling] = field(default_factory=dict)
    _since: float | None = None
    _taken: int = 0
    _events: int = 0
    _coincidences: int = 0
    _apart: bool = False

    def called(self, key: Key, now: float) -> None:
        """A call of a sibling leaves."""
        if self._since is None:
            self._since = now
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Sibling()
        known.called = now

    def accepted(self, now: float) -> None:
        """A sibling's call was let through."""
        self._taken += 1
        self._apart = self._apart or self._taken > self._allowance(now)

    def refused(self, key: Key, now: float) -> frozenset[Key]:
        """A sibling's call was refused.

        Answers the siblings that share one bucket, none while that is not proven.
        """
        own = self._known.setdefault(key, _Sibling())
        news, own.refused = now - own.refused > TOGETHER, now
        active = {k for k, s in self._known.items() if now - s.called <= ACTIVE}
        others = [self._known[k] for k in active if k != key]
        if self._apart or not news or not others:
            return frozenset()
        self._events += 1
        own.episodes += 1
        own.coincided = False
        recent = [other for other in others if now - other.refused <= TOGETHER]
        for one in (own, *recent) if recent else ():
            self._coincidences += not one.coincided
            one.coincided = True
        together = self._coincidences >= PROOF and self._coincidences >= MOSTLY * self._events
        proven = together or self._take_just_one_quota(now)
        return frozenset(active | {key}) if proven else frozenset()

    def _take_just_one_quota(self, now: float) -> bool:
        """Whether siblings that want more get, for long, together what one quota gives."""
        wanting = sum(sibling.episodes >= OFTEN for sibling in self._known.values())
        return wanting > 1 and self._passed(now) >= LONG and self._taken >= JUST * self._one_quota(now)

    def _allowance(self, now: float) -> float:
        """Calls beyond which it cannot have been one quota."""
        return EXCESS * self._one_quota(now) + GRACE

    def _one_quota(self, now: float) -> float:
        """Calls that one quota has given by now."""
        return self.quota.burst + self.quota.rate * self._passed(now)

    def _passed(self, now: float) -> float:
        return 0.0 if self._since is None else now - self._since
