"""The one place that waits for quotas: every call of a scope, in its turn, through all of its buckets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from batchgw.concurrency.clock import current_time
from batchgw.throttle.bucket.hold import LONGEST_HOLD
from batchgw.throttle.bucket.mirror import INSTANT
from batchgw.throttle.concurrency import Concurrency
from batchgw.throttle.pacer import Pacer, PacerStatistics
from batchgw.throttle.queue import Line, Place

Check = Callable[[], None]
"""Raises when a call shall not be made any more."""

RECHECK = 1.0
"""Seconds after which a waiting call is checked again: a scope that is given up meanwhile ends its wait."""

BEFORE_ALL = -inf
"""Priority in the total's line of calls that have waited for a bucket of their own, which gives a token every
few seconds: one that is late for it loses more than the others do by letting it pass."""

LULL = 600.0
"""Seconds without a refusal after which those before it are another story."""


class Bucket:
    """A pacer, and the lines of all who draw on it: one, unless scopes have turned out to share a quota.

    Attributes:
        held: until when a refused call asked for no other, whichever pacer was told of it.
        sent, refused: calls that drew on it.
        waited: seconds that they have waited, in total.
    """

    __slots__ = ("held", "pacer", "refused", "sent", "users", "waited")

    def __init__(self, pacer: Pacer) -> None:
        self.pacer = pacer
        self.users: list[Lane] = []
        self.held = -inf
        self.sent = 0
        self.refused = 0
        self.waited = 0.0

    def delay(self, now: float, *, last: bool = False) -> float:
        """Seconds until a call may leave; `last` for one that may spend the reserve, as a run's last may."""
        users = self.users
        left = 1.0 if last else users[0].left if len(users) == 1 else sum(user.left for user in users)
        delay = self.pacer.delay(now, left)
        return max(delay, self.held - now) if self.held - now > INSTANT else delay

    def hold(self, until: float) -> None:
        """Let no call leave before."""
        self.held = max(self.held, until)


class Lane:
    """A line before a bucket, and what is known of its calls.

    Attributes:
        expected: calls that are still to be made; infinite while nobody knows.
    """

    __slots__ = ("bucket", "expected", "in_flight", "line")

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        bucket.users.append(self)
        self.line = Line()
        self.expected = inf
        self.in_flight = 0

    @property
    def left(self) -> float:
        """Calls still to leave, those in line included."""
        return max(len(self.line), self.expected - self.in_flight)

    def move(self, bucket: Bucket) -> None:
        """Draw on another bucket from now on. What holds the one up holds up the other."""
        bucket.hold(self.bucket.held)
        self.bucket.users.remove(self)
        self.bucket = bucket
        bucket.users.append(self)

    def depart(self, now: float) -> Draw:
        """A call leaves; answer what it drew on."""
        bucket = self.bucket
        self.in_flight += 1
        bucket.sent += 1
        bucket.pacer.sent(now)
        return Draw(self, bucket)


class Head(NamedTuple):
    """The call at the head of a lane's line; `urgent` if it may spend what is kept in reserve."""

    lane: Lane
    place: Place
    urgent: bool = False


class Draw(NamedTuple):
    """What a call has drawn on."""

    lane: Lane
    bucket: Bucket


@dataclass(slots=True)
class Turn:
    """A call that left at `at` (`current_time()` seconds), after `waited` seconds, and its buckets.

    It is not to be changed. To be frozen would treble what one costs, and there is one for every call.
    """

    at: float
    waited: float
    draws: tuple[Draw, ...]


class Limiter:
    """Hands out the turns of one scope.

    A call of an operation that has a bucket of its own waits for that one first, in a line of its own, so
    that nobody waits behind it; then it is the next to draw on the total.

    Args:
        total: what every call draws on.
        operations: makes the lane of an operation, None where it has none of its own.
        sleep: waits for seconds; may raise to turn everyone away (a stop was asked for).
        most: cap on the calls at work at once.
    """

    def __init__(
        self,
        total: Lane,
        *,
        sleep: Callable[[float], Awaitable[None]],
        operations: Callable[[str], Lane | None] = lambda _: None,
        most: int = 1,
    ) -> None:
        self.total = total
        self._operations = operations
        self._owns: dict[str, Lane | None] = {}
        self._sleep = sleep
        self._concurrency = Concurrency(most=most)
        self._starving_since: float | None = None
        self._last_refused = -inf
        self._away = 0

    async def wait(self, check: Check, *, operation: str = "", priority: float = 0.0) -> Turn:
        """Wait for a turn and take it. Smaller `priority` goes first, then who came first.

        `check` is called before every sleep and before leaving; what it raises ends the wait with no call.
        """
        arrived = current_time()
        own = self.own(operation)
        if own is None:
            return self._at_once(arrived, check, priority) or await self._depart(arrived, check, priority)
        place = await own.line.enter(priority)
        try:
            return await self._depart(arrived, check, BEFORE_ALL, Head(own, place))
        finally:
            own.line.leave(place)

    def own(self, operation: str) -> Lane | None:
        """The lane of an operation that has a bucket of its own."""
        try:
            return self._owns[operation]
        except KeyError:
            lane = self._owns[operation] = self._operations(operation)
            return lane

    def used(self, operation: str) -> Lane | None:
        """The lane of an operation, if any call has used it."""
        return self._owns.get(operation)

    def ok(self, turn: Turn) -> None:
        """The call was let through."""
        now = current_time()
        self._starving_since = None
        self._concurrency.observe(now - turn.at)
        for lane, bucket in turn.draws:
            lane.in_flight -= 1
            bucket.pacer.ok(turn.at, now)

    def throttled(self, turn: Turn, retry_after: float | None) -> None:
        """The call was refused: the emptiest bucket is to blame, the others were not asked."""
        now = current_time()
        if now - self._last_refused > LULL:  # nobody has asked for long: that was no starving
            self._starving_since = None
        self._last_refused = now
        if self._starving_since is None:
            self._starving_since = now
        blamed = min(turn.draws, key=lambda draw: _fullness(draw.bucket.pacer.statistics(now)))
        for lane, bucket in turn.draws:
            lane.in_flight -= 1
            if bucket is blamed.bucket:
                bucket.refused += 1
                bucket.pacer.throttled(turn.at, now, retry_after)
                if retry_after is not None:
                    lane.bucket.hold(now + min(retry_after, LONGEST_HOLD))
            else:
                bucket.pacer.void(turn.at, now)

    def void(self, turn: Turn) -> None:
        """The call was not sent after all."""
        now = current_time()
        for lane, bucket in turn.draws:
            lane.in_flight -= 1
            bucket.pacer.void(turn.at, now)

    @contextmanager
    def away(self) -> Iterator[None]:
        """A call waits for something else than its turn: another may be at work meanwhile."""
        self._away += 1
        try:
            yield
        finally:
            self._away -= 1

    def unknown(self, turn: Turn) -> None:
        """The call was not answered."""
        now = current_time()
        for lane, bucket in turn.draws:
            lane.in_flight -= 1
            bucket.pacer.unknown(turn.at, now)

    @property
    def rate(self) -> float:
        """Calls/second of the total, as believed now."""
        return self.total.bucket.pacer.rate

    @property
    def starving(self) -> float:
        """Seconds in which calls were refused and none was let through."""
        since = self._starving_since
        return 0.0 if since is None else current_time() - since

    @property
    def concurrency(self) -> int:
        """How many calls should be at work at once."""
        return self._concurrency.limit(self.rate, away=self._away)

    def statistics(self) -> PacerStatistics:
        """What is believed of the total now."""
        return self.total.bucket.pacer.statistics(current_time())

    def _at_once(self, now: float, check: Check, priority: float) -> Turn | None:
        """Take the turn of a call that finds nobody in line, and a token; None where it has to wait.

        Nothing is waited for here, so one reading of the clock does for all of it: the mirror reckons once.
        """
        total = self.total
        place = total.line.first(priority)
        if place is None:
            return None
        try:
            check()
            if total.bucket.delay(now) > 0:
                return None
            return Turn(now, 0.0, (total.depart(now),))
        finally:
            total.line.leave(place)

    async def _depart(self, arrived: float, check: Check, priority: float, own: Head | None = None) -> Turn:
        """Wait for a token in one's own lane, if there is one, then for one of the total, and take both.

        A call that has waited for its own bucket may spend the total's reserve: its own gives a token every
        few seconds, and it waits for no part of one here.
        Should the own bucket turn out to be empty in the meantime, it is waited for where nobody else waits.
        """
        total = self.total
        while True:
            if own is not None:
                await self._ready(own, check)
            head = Head(total, await total.line.enter(priority), urgent=own is not None)
            try:
                await self._ready(head, check)
                now = current_time()
                if own is None:
                    return _turn(arrived, now, (total,))
                if own.lane.bucket.delay(now) <= 0:
                    return _turn(arrived, now, (total, own.lane))
            finally:
                total.line.leave(head.place)

    async def _ready(self, head: Head, check: Check) -> None:
        """Wait, at the head of a line, until its bucket has a token."""
        lane, place, urgent = head
        while True:
            check()
            delay = lane.bucket.delay(current_time(), last=urgent)
            if delay > 0:
                await self._sleep(min(delay, RECHECK))
            elif not lane.line.overtaken(place):
                return
            if lane.line.overtaken(place):
                await lane.line.let_pass(place)


def _turn(arrived: float, now: float, lanes: tuple[Lane, ...]) -> Turn:
    """Draw on all the lanes' buckets at once."""
    draws = tuple([lane.depart(now) for lane in lanes])
    waited = now - arrived
    draws[-1].bucket.waited += waited
    return Turn(now, waited, draws)


def _fullness(statistics: PacerStatistics) -> float:
    return statistics.level / statistics.burst
