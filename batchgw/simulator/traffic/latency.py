"""How long the service takes: a seeded lognormal."""

from __future__ import annotations

import math
from random import Random

_Z99 = 2.326347874
"""The 99th percentile of the standard normal distribution."""


class Latency:
    """Draws seconds from a lognormal distribution given by its median and its 99th percentile."""

    def __init__(self, *, median: float = 0.11, p99: float = 0.2, seed: int = 0) -> None:
        """The default spreads over 60..200 ms. A median of 0 means no latency at all."""
        if median < 0 or p99 < median:
            raise ValueError(f"latency needs 0 <= median <= p99, not median={median}, p99={p99} (seconds)")
        self._median = median
        self._sigma = math.log(p99 / median) / _Z99 if median > 0 else 0.0
        self._random = Random(seed)  # noqa: S311 - waiting times, not secrets

    def draw(self) -> float:
        """The next call's latency in seconds."""
        if self._median == 0:
            return 0.0
        return self._median * math.exp(self._sigma * self._random.gauss(0, 1))


def none() -> Latency:
    """No latency."""
    return Latency(median=0, p99=0)
