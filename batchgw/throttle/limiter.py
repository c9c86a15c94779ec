"""The limiter of one scope: the only place where calls wait for quotas."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from batchgw.concurrency.clock import current_time
from batchgw.throttle.bucket.hold import LONGEST_HOLD
from batchgw.throttle.concurrency import Concurrency
from batchgw.throttle.flow import Debit, Flow
from batchgw.throttle.pacer import PacerStatistics
from batchgw.throttle.queue import Ticket

Check = Callable[[], None]
"""Raises when a call must not be made any more."""

RECHECK = 1.0
"""Seconds after which a waiting call is checked again: a scope that is given up meanwhile ends its wait."""

BEFORE_ALL = -inf
"""Priority, in the total's queue, of calls that have waited for an operation's own bucket. That bucket gives
a token every few seconds, so such a call loses more by waiting than the others do by letting it pass."""

LULL = 600.0
"""Seconds without a refusal after which earlier refusals no longer count as starving."""


class Head(NamedTuple):
    """The call at the head of a flow's queue. An `urgent` one may spend the reserve."""

    flow: Flow
    ticket: Ticket
    urgent: bool = False


@dataclass(slots=True)
class Permit:
    """Permits one call, which leaves at once. `at` is `current_time()` then, `waited` the seconds before.

    It must not be changed. It is not frozen, because that would treble its cost, and every call has one.
    """

    at: float
    waited: float
    debits: tuple[Debit, ...]


class Limiter:
    """Hands out the permits of one scope. The holder of a permit later reports what became of the call.

    A call first waits for its operation's own bucket, if there is one, in a queue of its own, so that no
    others wait behind it. Then it is the next in the total's queue.

    Args:
        total: the flow of all calls.
        operations: makes the flow of an operation; None where the operation has no bucket of its own.
        sleep: waits for seconds. May raise, which ends every wait (a stop was asked for).
        most: cap on the calls at work at once.
    """

    def __init__(
        self,
        total: Flow,
        *,
        sleep: Callable[[float], Awaitable[None]],
        operations: Callable[[str], Flow | None] = lambda _: None,
        most: int = 1,
    ) -> None:
        self.total = total
        self._operations = operations
        self._own_flows: dict[str, Flow | None] = {}
        self._sleep = sleep
        self._concurrency = Concurrency(most=most)
        self._starving_since: float | None = None
        self._last_refused = -inf
        self._paused = 0

    async def acquire(self, check: Check, *, operation: str = "", priority: float = 0.0) -> Permit:
        """Wait for a permit. Smaller `priority` goes first, then first come, first served.

        `check` is called before every sleep and before leaving. If it raises, no call is made.
        """
        arrived = current_time()
        own = self.own_flow(operation)
        if own is None:
            return self._acquire_at_once(arrived, check, priority) or await self._acquire(
                arrived, check, priority
            )
        ticket = await own.queue.enter(priority)
        try:
            return await self._acquire(arrived, check, BEFORE_ALL, Head(own, ticket))
        finally:
            own.queue.leave(ticket)

    def own_flow(self, operation: str) -> Flow | None:
        """The flow of an operation that has a bucket of its own. It is made on first use."""
        try:
            return self._own_flows[operation]
        except KeyError:
            flow = self._own_flows[operation] = self._operations(operation)
            return flow

    def used_flow(self, operation: str) -> Flow | None:
        """The flow of an operation that has a bucket of its own, if any call has used it."""
        return self._own_flows.get(operation)

    def accepted(self, permit: Permit) -> None:
        """The quota has let the call through."""
        now = current_time()
        self._starving_since = None
        self._concurrency.observe(now - permit.at)
        for flow, bucket in permit.debits:
            flow.in_flight -= 1
            bucket.pacer.accepted(permit.at, now)

    def refused(self, permit: Permit, retry_after: float | None) -> None:
        """A quota has refused the call: that of the emptiest bucket. The others get their token back."""
        now = current_time()
        if now - self._last_refused > LULL:  # for so long, hardly any call was made: that was not starving
            self._starving_since = None
        self._last_refused = now
        if self._starving_since is None:
            self._starving_since = now
        blamed = min(permit.debits, key=lambda debit: _fullness(debit.bucket.pacer.statistics(now)))
        for flow, bucket in permit.debits:
            flow.in_flight -= 1
            if bucket is blamed.bucket:
                bucket.refused += 1
                bucket.pacer.refused(permit.at, now, retry_after)
                if retry_after is not None:
                    flow.bucket.hold(now + min(retry_after, LONGEST_HOLD))
            else:
                bucket.pacer.refund(permit.at, now)

    def refund(self, permit: Permit) -> None:
        """The call was not sent after all."""
        now = current_time()
        for flow, bucket in permit.debits:
            flow.in_flight -= 1
            bucket.pacer.refund(permit.at, now)

    def unanswered(self, permit: Permit) -> None:
        """The call was sent, and no answer came."""
        now = current_time()
        for flow, bucket in permit.debits:
            flow.in_flight -= 1
            bucket.pacer.unanswered(permit.at, now)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """During the block a call waits for a backoff, and not for the quota. Another may work meanwhile."""
        self._paused += 1
        try:
            yield
        finally:
            self._paused -= 1

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
        return self._concurrency.limit(self.rate, paused=self._paused)

    def statistics(self) -> PacerStatistics:
        """What is believed of the total now."""
        return self.total.bucket.pacer.statistics(current_time())

    def _acquire_at_once(self, now: float, check: Check, priority: float) -> Permit | None:
        """Give the permit of a call that finds an empty queue and a token; None if it has to wait.

        The clock is read once for all of it, because nothing is waited for.
        """
        total = self.total
        ticket = total.queue.enter_if_empty(priority)
        if ticket is None:
            return None
        try:
            check()
            if total.bucket.delay(now) > 0:
                return None
            return Permit(now, 0.0, (total.depart(now),))
        finally:
            total.queue.leave(ticket)

    async def _acquire(
        self, arrived: float, check: Check, priority: float, own: Head | None = None
    ) -> Permit:
        """Wait for a token of the own bucket, if there is one, then for one of the total. Spend both at once.

        A call that has waited for its own bucket may spend the total's reserve. Its own bucket gives a token
        only every few seconds, and none of that time must be lost here. If its own bucket turns out to be
        empty meanwhile, the call waits for it again, in its own queue.
        """
        total = self.total
        while True:
            if own is not None:
                await self._token(own, check)
            head = Head(total, await total.queue.enter(priority), urgent=own is not None)
            try:
                await self._token(head, check)
                now = current_time()
                if own is None:
                    return _permit(arrived, now, (total,))
                if own.flow.bucket.delay(now) <= 0:
                    return _permit(arrived, now, (total, own.flow))
            finally:
                total.queue.leave(head.ticket)

    async def _token(self, head: Head, check: Check) -> None:
        """Wait, at the head of a queue, until the bucket has a token."""
        flow, ticket, urgent = head
        while True:
            check()
            delay = flow.bucket.delay(current_time(), last=urgent)
            if delay > 0:
                await self._sleep(min(delay, RECHECK))
            elif not flow.queue.outranked(ticket):
                return
            if flow.queue.outranked(ticket):
                await flow.queue.step_back(ticket)


def _permit(arrived: float, now: float, flows: tuple[Flow, ...]) -> Permit:
    """Spend a token of every flow's bucket."""
    debits = tuple([flow.depart(now) for flow in flows])
    waited = now - arrived
    debits[-1].bucket.waited += waited
    return Permit(now, waited, debits)


def _fullness(statistics: PacerStatistics) -> float:
    return statistics.level / statistics.burst
