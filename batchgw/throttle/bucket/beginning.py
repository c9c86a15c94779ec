"""What is believed of a bucket when a run begins, by the stated quota and by an earlier run. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from batchgw.throttle.bucket import reserve
from batchgw.throttle.bucket.refill import HALF_TOKEN
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota, Trust

MOST = 10_000.0
"""Calls/second: the highest rate that is ever believed."""

FLOOR = 0.02
"""Part of the first believed rate: the believed rate never falls below it, so that the run goes on."""

NEAR = 0.98
"""Part of the stated rate that counts as all of it, because measurements are not exact."""

FORGOTTEN = 600.0
"""Seconds for which a remembered rate below a trusted quota is believed: others come and go."""

HALF = 0.5
"""Part of a trusted quota: a remembered rate below it is not believed. It came of a storm, or of a denial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a model starts with. Rates are in calls/second; burst and level are in calls.

    Attributes:
        stated: our share of the stated rate; None if no quota is stated.
        hard: whether `stated` is a ceiling that is never exceeded.
        trusted: whether the stated quota is believed.
        top: the highest rate that may be believed.
        floor: the lowest rate that may be believed.
        rate: the rate that is believed at first.
        learning: whether nothing is known of the rate, so that it grows until the first refusal.
        burst: what the bucket holds when it is full.
        tiny: whether that is too little for a reserve.
        level: what the bucket holds at first.
        scale: factor for all seconds of the model; above 1 if the bucket is slower than the documented total.
    """

    stated: float | None
    hard: bool
    trusted: bool
    top: float
    floor: float
    rate: float
    learning: bool
    burst: float
    tiny: bool
    level: float
    scale: float


def begin(quota: Quota | None, *, share: float, trust: Trust, belief: Belief | None) -> Beginning:
    """What to start with. The arguments are those of `BucketModel`."""
    start = _unknown() if quota is None else _stated(quota, share, trust)
    return start if belief is None else _recalled(start, belief)


def _unknown() -> Beginning:
    """Begin with the documented quota, and with an empty bucket."""
    return Beginning(
        stated=None,
        hard=False,
        trusted=False,
        top=MOST,
        floor=FLOOR * TOTAL.rate,
        rate=TOTAL.rate,
        learning=True,
        burst=TOTAL.burst,
        tiny=False,
        level=0.0,
        scale=1.0,
    )


def _stated(quota: Quota, share: float, trust: Trust) -> Beginning:
    """Begin with our share of the stated rate, and with a full bucket."""
    stated = quota.rate * share
    hard = trust is Trust.STRICT or share < 1
    trusted = trust is not Trust.GUESS
    top = stated if trusted or hard else MOST
    tiny = quota.burst < reserve.TINY
    return Beginning(
        stated=stated,
        hard=hard,
        trusted=trusted,
        top=top,
        floor=FLOOR * stated,
        rate=min(stated, top),
        learning=False,
        burst=quota.burst,
        tiny=tiny,
        level=quota.burst - (0.0 if tiny else HALF_TOKEN),
        scale=max(1.0, TOTAL.rate / stated),
    )


def _recalled(start: Beginning, belief: Belief) -> Beginning:
    """Take over the remembered level, with what was refilled since, and the rate if it can be believed."""
    if belief.rate is not None:
        rate = _believable(start, belief.rate, belief.age)
    elif start.learning:
        return start
    else:
        rate = start.rate
    refilled = belief.level + rate * belief.age
    most = start.burst if start.stated is None else start.level
    return replace(start, rate=rate, learning=False, level=min(most, refilled))


def _believable(start: Beginning, remembered: float, age: float) -> float:
    """The rate to begin with. What lowers it below a trusted quota passes: others, a storm, a denial."""
    rate = min(start.top, max(start.floor, remembered))
    if not start.trusted:
        return rate
    if age > FORGOTTEN or not HALF <= rate / start.top < NEAR:
        return start.rate
    return rate
