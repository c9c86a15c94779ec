"""A neighbour that is batchgw too: somebody else's run in the same account-region."""

from __future__ import annotations

import math
from dataclasses import dataclass
from heapq import heappop, heappush

from batchgw.simulator.traffic.neighbour import Traffic
from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import TOTAL
from benchmarks.virtual.worlds.neighbours import ScheduledCalls

ON_THE_WAY = 0.45
"""The part of its latency after which a call takes its token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnotherBatchgw:
    """A run of `calls` calls that is told the same quota and begins `first` seconds after ours."""

    calls: int
    first: float = 20.0

    def traffic(self, seed: str) -> Traffic:
        """Its calls."""
        return _AnotherBatchgw(self, seed)


class _AnotherBatchgw(ScheduledCalls):
    """Asks its model of the bucket before it sends a call, and reports each answer to it."""

    def __init__(self, record: AnotherBatchgw, seed: str) -> None:
        super().__init__(seed)
        self._model = BucketModel(TOTAL)
        self._left = record.calls
        self._now = record.first
        self._sent_at: dict[float, tuple[float, float]] = {}  # departure and answer, by arrival
        self._answers: list[tuple[float, float, bool]] = []  # when, departure, accepted
        self._depart()

    def answered(self, *, taken: bool) -> None:
        super().answered(taken=taken)
        self._depart()

    def taken(self, at: float) -> None:
        self._answer(at, taken=True)

    def refused(self, at: float, refusals: int) -> None:  # noqa: ARG002 - it is sent again like a new call
        self._answer(at, taken=False)

    def _answer(self, at: float, *, taken: bool) -> None:
        sent_at, back = self._sent_at.pop(at)
        heappush(self._answers, (back, sent_at, taken))

    def _depart(self) -> None:
        """Send calls and process answers until a call is about to arrive, or nothing is left."""
        while self._left or self._answers:
            leaves = self._now + self._model.delay(self._now, self._left) if self._left else math.inf
            back = self._answers[0][0] if self._answers else math.inf
            if min(leaves, back) > self.next:
                return
            if back <= leaves:
                self._process(*heappop(self._answers))
            else:
                self._leave(leaves)

    def _leave(self, at: float) -> None:
        if at > self._now:
            self._now = at
            return
        self._model.sent(at)
        self._left -= 1
        latency = self.latency()
        arrival = at + ON_THE_WAY * latency
        self._sent_at[arrival] = at, at + latency
        self.come(arrival)

    def _process(self, at: float, sent_at: float, taken: bool) -> None:  # noqa: FBT001 - as it was kept
        self._now = max(self._now, at)
        if taken:
            self._model.accepted(sent_at, self._now)
        else:
            self._model.refused(sent_at, self._now)
            self._left += 1
