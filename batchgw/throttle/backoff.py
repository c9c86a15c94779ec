"""How long to wait before the same call is made again. It has no dice: the caller brings them."""

from __future__ import annotations

from random import Random

from batchgw.throttle.bucket.hold import LONGEST_HOLD

BASE = 0.5
"""Seconds: the longest first wait."""

CAP = 20.0
"""Seconds: the longest wait of all (the cap of the AWS SDKs' standard retry mode)."""


def delay(failures: int, *, retry_after: float | None, random: Random) -> float:
    """Seconds to wait after the `failures`-th failure, counted from 1: full jitter below a doubling bound.

    What the service asked for is not shortened, up to `LONGEST_HOLD`.
    """
    bound = min(CAP, BASE * 2.0 ** min(failures - 1, 30))
    jittered = random.uniform(0, bound)
    return max(jittered, min(retry_after or 0.0, LONGEST_HOLD))
