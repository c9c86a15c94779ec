"""Finds out that scopes of an account share one quota: they are refused together, and get no more than one.

AWS documents its quota per account; users report it per account and region. If batchgw believes the second
and is wrong, the calls of each region are refused because of the others'. The best evidence is how many calls
are accepted. If they are more than one quota gives, the quotas are certainly separate. If they are just what
one quota gives, while several scopes are refused again and again, the scopes share it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from batchgw.throttle.quota import Quota

Key = TypeVar("Key", bound=Hashable)

TOGETHER = 1.0
"""Seconds within which the refusals of two scopes count as one event."""

ACTIVE = 5.0
"""Seconds since its last call within which a scope counts as active."""

PROOF = 6
"""Refusals that must have coincided: three of each of two scopes, or two of each of three."""

MOSTLY = 0.6
"""Part of the refusals that must have coincided."""

APART = 5.0
"""Seconds after the first coincidence before another one counts. Scopes that begin at the same time, with
equal buckets, are refused at the same time once, even if they share nothing."""

EXCESS = 1.05
"""Factor of what one quota gives: so much may be accepted, because clocks and jitter are not exact."""

GRACE = 3.0
"""Calls that may be accepted beyond that, too."""

JUST = 0.94
"""Part of what one quota gives: scopes that share it get at least so much while they are refused."""

LONG = 30.0
"""Seconds after which the number of accepted calls is a proof."""

OFTEN = 3
"""Refusals of a scope after which it counts as wanting more than it gets."""


@dataclass(slots=True)
class _Member:
    """What is known of one scope."""

    sent: float = float("-inf")
    refused: float = float("-inf")
    episodes: int = 0
    coincided: bool = False  # whether its last refusal coincided with another scope's


@dataclass(slots=True)
class SharedQuotaDetector(Generic[Key]):
    """Decides for the scopes of one account. It is told of each of their calls.

    Attributes:
        separate: whether it is certain that each scope has a quota of its own.

    Args:
        quota: what one of them is believed to give.
    """

    quota: Quota
    separate: bool = False
    _members: dict[Key, _Member] = field(default_factory=dict)
    _events: int = 0
    _coincidences: int = 0
    _coincided: float | None = None  # when refusals coincided for the first time
    _level: float = 0.0  # of one bucket, slightly faster than stated, that all calls have drawn on
    _at: float | None = None
    _since: float = 0.0  # since when that bucket has not been full
    _accepted: int = 0  # since then

    def sent(self, key: Key, now: float) -> None:
        """A call of a scope leaves."""
        self._refill(now)
        member = self._members.get(key)
        if member is None:
            member = self._members[key] = _Member()
        member.sent = now

    def accepted(self, now: float) -> None:
        """A call of any scope was let through."""
        self._refill(now)
        self._level -= 1
        self._accepted += 1
        self.separate = self.separate or self._level < -GRACE

    def refused(self, key: Key, now: float) -> frozenset[Key]:
        """A call of a scope was refused. Returns the scopes that share one bucket, none until proven."""
        self._refill(now)
        own = self._members.setdefault(key, _Member())
        is_new, own.refused = now - own.refused > TOGETHER, now
        active = {key for key, member in self._members.items() if now - member.sent <= ACTIVE}
        others = [self._members[other] for other in active if other != key]
        if self.separate or not is_new or not others:
            return frozenset()
        self._events += 1
        own.episodes += 1
        own.coincided = False
        recent = [other for other in others if now - other.refused <= TOGETHER]
        for member in (own, *recent) if recent else ():
            self._coincidences += not member.coincided
            member.coincided = True
        if self._coincided is None and recent:
            self._coincided = now
        again = bool(recent) and self._coincided is not None and now - self._coincided >= APART
        together = again and self._coincidences >= PROOF and self._coincidences >= MOSTLY * self._events
        return frozenset(active | {key}) if together or self._is_just_one_quota(now) else frozenset()

    def _is_just_one_quota(self, now: float) -> bool:
        """Whether several scopes want more than they get, and for long get together what one quota gives."""
        passed = now - self._since
        wanting = sum(member.episodes >= OFTEN for member in self._members.values())
        given = self.quota.burst + self.quota.rate * passed
        return wanting > 1 and passed >= LONG and self._accepted >= JUST * given

    def _refill(self, now: float) -> None:
        """Let time pass. If the one bucket would be full by now, begin the measurement again."""
        if self._at is None:
            self._level = EXCESS * self.quota.burst
        else:
            self._level += EXCESS * self.quota.rate * (now - self._at)
        self._at = now
        if self._level >= EXCESS * self.quota.burst:
            self._level = EXCESS * self.quota.burst
            self._since, self._accepted = now, 0
            for member in self._members.values():
                member.episodes = 0
