"""Several regions in a fast world. Each has a model of its own; they draw on one bucket, or on one each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import TOTAL
from tests.throttle.worlds.remote import Remote


class What(Enum):
    """What can happen to a call."""

    LEFT = "left"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Happened(NamedTuple):
    """Something happened to a call of a region, seconds after the beginning."""

    at: float
    region: int
    what: What


def play(remotes: Sequence[Remote], *, calls: int, seed: int) -> list[Happened]:
    """Make so many calls in every region. Region number i draws on `remotes[i]`. Returns what happened."""
    return _Regions(remotes, calls, seed).play()


class _Regions:
    """Asks each model for its delay again when the last one has passed, and after every answer."""

    def __init__(self, remotes: Sequence[Remote], calls: int, seed: int) -> None:
        self._random = Random(f"regions/{seed}")
        self._remotes = remotes
        self._models = [BucketModel(TOTAL) for _ in remotes]
        self._left = [calls] * len(remotes)
        self._wake = [math.inf] * len(remotes)
        self._coming: list[tuple[float, int, str, int, float, float]] = []
        self._number = 0
        self._diary: list[Happened] = []

    def play(self) -> list[Happened]:
        for region in range(len(self._remotes)):
            self._wake[region] = self._random.uniform(0, 0.5)
            self._push(self._wake[region], "wake", region, 0.0, 0.0)
        while self._coming:
            now, _, what, region, sent_at, latency = heappop(self._coming)
            if what == "wake":
                if now >= self._wake[region]:
                    self._wake[region] = math.inf
                    self._depart(region, now)
            elif what == "arrives":
                answer = "accepted" if self._remotes[region].take(now) else "refused"
                self._push(sent_at + latency, answer, region, sent_at, latency)
            else:
                self._answer(what, region, sent_at, now)
        return self._diary

    def _push(self, at: float, what: str, region: int, sent_at: float, latency: float) -> None:
        self._number += 1
        heappush(self._coming, (at, self._number, what, region, sent_at, latency))

    def _depart(self, region: int, now: float) -> None:
        model = self._models[region]
        while self._left[region]:
            delay = model.delay(now, self._left[region])
            if delay > 0:
                if now + delay < self._wake[region]:
                    self._wake[region] = now + delay
                    self._push(now + delay, "wake", region, 0.0, 0.0)
                return
            model.sent(now)
            self._left[region] -= 1
            self._diary.append(Happened(now, region, What.LEFT))
            latency = 0.11 * math.exp(0.257 * self._random.gauss(0, 1))
            self._push(now + latency * self._random.uniform(0.3, 0.6), "arrives", region, now, latency)

    def _answer(self, answer: str, region: int, sent_at: float, now: float) -> None:
        if answer == "accepted":
            self._models[region].accepted(sent_at, now)
            self._diary.append(Happened(now, region, What.ACCEPTED))
        else:
            self._models[region].refused(sent_at, now)
            self._left[region] += 1
            self._diary.append(Happened(now, region, What.REFUSED))
        self._wake[region] = math.inf
        self._depart(region, now)
