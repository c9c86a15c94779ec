"""How many calls are under way at once: Little's law, rate times latency, with room for slow ones."""

from __future__ import annotations

from collections import deque
from math import ceil

UNMEASURED = 10
"""Calls at once before any latency is known: 10 calls/s at a slow call's whole second."""

LEAST = 2
"""Calls at once at least: one under way and one in the queue."""

ROOM = 3.0
"""Times what Little's law asks for at the slowest latency: the burst leaves at twice the rate, and an API's
calls are made one after the other."""

LATENCIES = 100
"""Latencies kept; the slowest of them stands for the 99th percentile."""


class Concurrency:
    """Learns latencies, and says how many should be at work.

    Args:
        most: the cap.
    """

    __slots__ = ("_latencies", "_most", "_slowest")

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self._slowest = 0.0

    def observe(self, latency: float) -> None:
        """A call took `latency` seconds."""
        forgotten = self._latencies[0] if len(self._latencies) == LATENCIES else 0.0
        self._latencies.append(latency)
        if latency >= self._slowest:
            self._slowest = latency
        elif forgotten >= self._slowest:
            self._slowest = max(self._latencies)

    def limit(self, rate: float, *, paused: int = 0) -> int:
        """Calls at once for `rate` calls/second, beside those `paused` ones."""
        wanted = max(LEAST, ceil(ROOM * rate * self._slowest)) if self._latencies else UNMEASURED
        return min(self._most, wanted + paused)
