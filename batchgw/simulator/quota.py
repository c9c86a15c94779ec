"""The server's token buckets: how many calls it takes, and what it takes from others at the same time.

They have no clock: the caller says what time it is, in seconds since the world began, never going back.
Written apart from the client's limiter, which must not share its mistakes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

Scoping = Literal["account-region", "account"]
"""What has a bucket of its own: documented "per account", reported per account and region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`rate` calls/second on average, `burst` calls at once."""

    rate: float
    burst: float

    def __post_init__(self) -> None:
        if self.rate < 0 or self.burst < 1:
            raise ValueError(f"a rate must not be negative and a burst be at least 1: {self}")


TOTAL = Rate(rate=10, burst=40)
"""All API Gateway management operations together (developer guide, quotas)."""

PER_OPERATION: Mapping[str, Rate] = {
    "CreateDeployment": Rate(rate=1 / 5, burst=1),
    "CreateResource": Rate(rate=5, burst=5),
    "CreateRestApi": Rate(rate=1 / 3, burst=1),
    "CreateRestApi:EDGE": Rate(rate=1 / 30, burst=1),
    "DeleteResource": Rate(rate=5, burst=5),
    "DeleteRestApi": Rate(rate=1 / 30, burst=1),
    "GetResources": Rate(rate=5 / 2, burst=5),
    "PutRestApi": Rate(rate=1, burst=1),
    "UpdateAccount": Rate(rate=1 / 20, burst=1),
    "UpdateUsagePlan": Rate(rate=1 / 20, burst=1),
}
"""Operations with a quota of their own beside the total (developer guide, quotas)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Somebody else who calls in every scope, at random moments, `rate` calls/second on average.

    With `on` and `off` it calls for `on` seconds, pauses for `off`, and so on.
    """

    rate: float
    on: float = 0.0
    off: float = 0.0

    def moment(self, active: float) -> float:
        """The time at which it has been calling for `active` seconds."""
        if self.on <= 0 or self.off <= 0:
            return active
        rounds, rest = divmod(active, self.on)
        return rounds * (self.on + self.off) + rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The total's rate over time: from each `at` (seconds) on, the rate is multiplied by `factor`.

    The quota that halves after a minute and returns after two: ((60, 0.5), (120, 1)).
    """

    steps: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if list(self.steps) != sorted(self.steps):
            raise ValueError(f"a schedule's steps must be in the order of time: {self.steps}")

    def elapsed(self, start: float, end: float) -> float:
        """Seconds from `start` to `end`, each weighted with the factor of its time."""
        total, factor, since = 0.0, 1.0, start
        for at, following in self.steps:
            if at >= end:
                break
            if at > since:
                total += (at - since) * factor
                since = at
            factor = following
        return total + (end - since) * factor


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRules:
    """What is limited, and how.

    Attributes:
        total: all operations of a scope together; None for no limit.
        per_operation: operations that have a bucket of their own too.
        scoping: what has its own buckets.
        refusals: whether a refused call takes tokens all the same.
        neighbour: other callers' traffic, in every scope.
        schedule: how the total's rate changes over time.
        seed: of the neighbour's moments.
    """

    total: Rate | None = TOTAL
    per_operation: Mapping[str, Rate] = field(default_factory=lambda: PER_OPERATION)
    scoping: Scoping = "account-region"
    refusals: Literal["free", "consuming"] = "free"
    neighbour: Neighbour | None = None
    schedule: Schedule = Schedule()
    seed: int = 0


UNLIMITED = QuotaRules(total=None, per_operation={})
"""No quota at all."""


class Bucket:
    """A token bucket that starts full. A call needs a whole token."""

    __slots__ = ("_at", "_rate", "_schedule", "level")

    def __init__(self, rate: Rate, now: float, schedule: Schedule | None = None) -> None:
        self._rate = rate
        self._schedule = schedule
        self._at = now
        self.level = rate.burst

    def has_token(self, now: float) -> bool:
        """Whether a call arriving now would be taken. A hair's breadth is forgiven: floats are not exact."""
        self._refill(now)
        return self.level >= 1 - 1e-9

    def take(self, now: float) -> None:
        """Take a token, or what is left of one."""
        self._refill(now)
        self.level = max(0.0, self.level - 1)

    def _refill(self, now: float) -> None:
        if now <= self._at:
            return
        schedule = self._schedule
        passed = now - self._at if schedule is None else schedule.elapsed(self._at, now)
        self.level = min(self._rate.burst, self.level + passed * self._rate.rate)
        self._at = now


class _Other:
    """The neighbour in one scope: calls whenever its time has come, counted."""

    def __init__(self, neighbour: Neighbour, seed: str) -> None:
        self._neighbour = neighbour
        self._random = Random(seed)  # noqa: S311 - traffic, not secrets
        self._active = 0.0
        self.accepted = 0
        self.refused = 0
        self._schedule_next()

    def _schedule_next(self) -> None:
        self._active += self._random.expovariate(self._neighbour.rate)
        self._next = self._neighbour.moment(self._active)

    def call_until(self, now: float, bucket: Bucket, *, consuming: bool) -> None:
        """Make the calls that are due."""
        while self._next <= now:
            taken = bucket.has_token(self._next)
            self.accepted += taken
            self.refused += not taken
            if taken or consuming:
                bucket.take(self._next)
            self._schedule_next()


class Quotas:
    """All buckets of a world, made when they are first needed."""

    def __init__(self, rules: QuotaRules | None = None) -> None:
        self.rules = rules or QuotaRules()
        self._totals: dict[str, Bucket] = {}
        self._owns: dict[tuple[str, str], Bucket] = {}
        self._others: dict[str, _Other] = {}

    def admit(self, account: str, region: str, operation: str, now: float, *, counted: bool = True) -> bool:
        """Tell whether a call is taken, and take its tokens: in all its buckets, or in none.

        Calls to other services are not `counted` in the total; they may have a quota of their own.
        """
        scope = self._scope(account, region)
        consuming = self.rules.refusals == "consuming"
        total = self._total(scope) if counted else None
        own = self._own(scope, operation)
        other = self._others.get(scope)
        if total is not None and other is not None:
            other.call_until(now, total, consuming=consuming)
        buckets = [bucket for bucket in (total, own) if bucket is not None]
        taken = all(bucket.has_token(now) for bucket in buckets)
        if taken or consuming:
            for bucket in buckets:
                bucket.take(now)
        return taken

    def neighbours(self) -> dict[str, dict[str, int]]:
        """The other callers' accepted and refused calls, by scope."""
        return {s: {"accepted": o.accepted, "refused": o.refused} for s, o in self._others.items()}

    def level(self, account: str, region: str) -> float | None:
        """Tokens left in a scope's total when it was last asked; None where nobody called yet."""
        bucket = self._totals.get(self._scope(account, region))
        return None if bucket is None else bucket.level

    def _scope(self, account: str, region: str) -> str:
        return account if self.rules.scoping == "account" else f"{account}/{region}"

    def _total(self, scope: str) -> Bucket | None:
        """The bucket of all operations. Buckets are born at time 0, full, and the neighbour with them."""
        rules = self.rules
        bucket = self._totals.get(scope)
        if bucket is None and rules.total is not None:
            bucket = self._totals[scope] = Bucket(rules.total, 0.0, rules.schedule)
            if rules.neighbour is not None and rules.neighbour.rate > 0:
                self._others[scope] = _Other(rules.neighbour, f"{rules.seed}/{scope}")
        return bucket

    def _own(self, scope: str, operation: str) -> Bucket | None:
        """The operation's own bucket, where it has one."""
        rate = self.rules.per_operation.get(operation)
        if rate is None:
            return None
        bucket = self._owns.get((scope, operation))
        if bucket is None:
            bucket = self._owns[scope, operation] = Bucket(rate, 0.0)
        return bucket
