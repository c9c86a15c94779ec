"""Buckets, and the flows of calls that draw on them. Nothing here waits."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from batchgw.throttle.bucket.model import INSTANT
from batchgw.throttle.pacer import Pacer
from batchgw.throttle.queue import WaitQueue


class Bucket:
    """A pacer, and the flows that draw on it: one, or several once scopes have turned out to share a quota.

    Attributes:
        held_until: no call leaves before, because a refusal asked for that (Retry-After). It binds all flows,
            even if another pacer was told of it.
        sent, refused: calls that drew on it.
        waited: seconds that they have waited, in total.
    """

    __slots__ = ("flows", "held_until", "pacer", "refused", "sent", "waited")

    def __init__(self, pacer: Pacer) -> None:
        self.pacer = pacer
        self.flows: list[Flow] = []
        self.held_until = -inf
        self.sent = 0
        self.refused = 0
        self.waited = 0.0

    def delay(self, now: float, *, last: bool = False) -> float:
        """Seconds until a call may leave. A `last` one may spend the reserve, like the last ones of a run."""
        flows = self.flows
        left = 1.0 if last else flows[0].left if len(flows) == 1 else sum(flow.left for flow in flows)
        delay, held = self.pacer.delay(now, left), self.held_until - now
        return max(delay, held) if held > INSTANT else delay

    def hold(self, until: float) -> None:
        """Let no call leave before `until`."""
        self.held_until = max(self.held_until, until)


class Flow:
    """Calls that draw on one bucket: those of one scope, or of one operation in it. They share a queue.

    Attributes:
        expected: calls that are still to be made; infinite while nobody knows.
    """

    __slots__ = ("bucket", "expected", "in_flight", "queue")

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        bucket.flows.append(self)
        self.queue = WaitQueue()
        self.expected = inf
        self.in_flight = 0

    @property
    def left(self) -> float:
        """Calls that are still to leave, those in the queue included."""
        return max(len(self.queue), self.expected - self.in_flight)

    def move(self, bucket: Bucket) -> None:
        """Draw on another bucket from now on. It is held for as long as the first one was."""
        bucket.hold(self.bucket.held_until)
        self.bucket.flows.remove(self)
        self.bucket = bucket
        bucket.flows.append(self)

    def depart(self, now: float) -> Debit:
        """A call leaves: spend a token of the bucket."""
        bucket = self.bucket
        self.in_flight += 1
        bucket.sent += 1
        bucket.pacer.sent(now)
        return Debit(self, bucket)


class Debit(NamedTuple):
    """A token that a call has spent: of which bucket, in which flow. The flow may have moved since."""

    flow: Flow
    bucket: Bucket
