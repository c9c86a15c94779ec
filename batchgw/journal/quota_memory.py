"""What is remembered of quotas from one run to the next, and what of it the next run may believe. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from batchgw.throttle.memory import BucketKey, Learned
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import Quota, Quotas

LONGEST: Final = 30 * 86_400.0
"""Seconds after which what was learned says nothing any more, and is dropped."""

NEAR: Final = 0.98
"""Part of our share of the stated rate. So high a rate was not learned: the stated one held it down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Calls, how many of them the quota refused, and the seconds they have waited for it."""

    calls: int = 0
    refused: int = 0
    waited: float = 0.0

    @classmethod
    def of(cls, learned: Learned) -> Spent:
        """Give what a run has spent on a bucket."""
        return cls(calls=learned.sent, refused=learned.refused, waited=learned.waited)

    def __add__(self, other: Spent) -> Spent:
        """Both together."""
        return Spent(
            calls=self.calls + other.calls,
            refused=self.refused + other.refused,
            waited=self.waited + other.waited,
        )

    def since(self, earlier: Spent) -> Spent:
        """What was added since then."""
        return Spent(
            calls=self.calls - earlier.calls,
            refused=self.refused - earlier.refused,
            waited=self.waited - earlier.waited,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is remembered of a bucket.

    Attributes:
        endpoint: whose quota it is: an address, or "" for AWS itself.
        stated: the quota as the last run was told; None for an unknown one.
        share: the part of its rate that was ours.
        belief: what was learned, as it was at that time.
        at: when, in seconds since the epoch.
        last: what the last run has spent.
        total: what all runs have spent.
    """

    endpoint: str
    key: BucketKey
    stated: Quota | None
    share: float
    belief: Belief
    at: float
    last: Spent
    total: Spent

    def level(self, now: float) -> float:
        """Calls the bucket holds at `now`, if nobody has called since."""
        refilled = self.belief.level + (self.belief.rate or 0.0) * max(0.0, now - self.at)
        return min(self.belief.burst, max(0.0, refilled))


def limit_of(
    learned: Learned, more: Spent, earlier: Limit | None, *, endpoint: str, share: float, at: float
) -> Limit:
    """Give what is remembered of a bucket after a run; `more` is what was spent since the `earlier`."""
    return Limit(
        endpoint=endpoint,
        key=learned.key,
        stated=learned.stated,
        share=share,
        belief=learned.belief,
        at=at,
        last=Spent.of(learned),
        total=more if earlier is None else earlier.total + more,
    )


def recalled(limit: Limit, quotas: Quotas, now: float) -> Belief | None:
    """Give what a run with these `quotas` may believe of a bucket, with its age; None when it is too old."""
    age = max(0.0, now - limit.at)
    return None if age > LONGEST else replace(limit.belief, rate=_rate(limit, quotas), age=age)


def is_news(learned: Learned, before: Learned | None) -> bool:
    """Tell whether something was learned since. A level that only fills up with time is no news."""
    return before is None or _compared(before) != _compared(learned)


def _compared(learned: Learned) -> tuple[int, int, float | None]:
    return learned.sent, learned.refused, learned.belief.rate


def _rate(limit: Limit, quotas: Quotas) -> float | None:
    """Give the rate; where the stated one held it down then, what is stated now."""
    key, then, rate = limit.key, limit.stated, limit.belief.rate
    now = quotas.total if key.operation is None else quotas.operations.get(key.operation)
    if rate is None or then is None or now is None or rate < NEAR * then.rate * limit.share:
        return rate
    return max(rate, now.rate * quotas.share)
