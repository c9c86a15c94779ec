"""How long to wait before the same call is made again. The caller gives the source of randomness."""

from __future__ import annotations

from random import Random

from batchgw.throttle.bucket.hold import LONGEST_HOLD

BASE = 0.5
"""The longest first wait, in seconds."""

CAP = 20.0
"""The longest wait of all, in seconds (the cap of the AWS SDKs' standard retry mode)."""


def delay(failures: int, *, retry_after: float | None, random: Random) -> float:
    """Give the seconds to wait after failure number `failures`, counted from 1: full jitter, doubling bound.

    The wait is never shorter than what the service asked for, up to `LONGEST_HOLD`.
    """
    bound = min(CAP, BASE * 2.0 ** min(failures - 1, 30))
    jittered = random.uniform(0, bound)
    return max(jittered, min(retry_after or 0.0, LONGEST_HOLD))
