"""The limiter of one scope: the only place where calls wait for quotas."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf

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

LULL = 600.0
"""Seconds without a refusal after which earlier refusals no longer count as starving."""


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

    A call of an operation that has a bucket of its own waits for that in a queue of its own, so that no
    others wait behind it. Then it takes the total's next token, before all that wait for one.

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
        return await self._acquire_both(arrived, check, priority, own)

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

    async def _acquire(self, arrived: float, check: Check, priority: float) -> Permit:
        """Wait for a token of the total, and spend it."""
        total = self.total
        ticket = await total.queue.enter(priority)
        try:
            await self._token(total, ticket, check)
            return _permit(arrived, current_time(), (total,))
        finally:
            total.queue.leave(ticket)

    async def _acquire_both(self, arrived: float, check: Check, priority: float, own: Flow) -> Permit:
        """Wait for a token of the own bucket, then for one of the total. Spend both at once.

        The own bucket gives a token only every few seconds, and none of that time must be lost. So the call
        does not queue for the total, whose head may be asleep, and it may spend the total's reserve. If its
        own bucket turns out to be empty meanwhile, the call waits for it again.
        """
        ticket = await own.queue.enter(priority)
        try:
            while True:
                await self._token(own, ticket, check)
                now = current_time()
                delay = self.total.bucket.delay(now, last=True)
                if delay <= 0:
                    return _permit(arrived, now, (self.total, own))
                await self._sleep(min(delay, RECHECK))
        finally:
            own.queue.leave(ticket)

    async def _token(self, flow: Flow, ticket: Ticket, check: Check) -> None:
        """Wait, at the head of a queue, until the bucket has a token."""
        while True:
            check()
            delay = flow.bucket.delay(current_time())
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
