"""The one recorder of a run: what it tells its observers is in the journal already."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from math import inf

import anyio

from batchgw.concurrency.clock import current_time
from batchgw.concurrency.stop import StopSignal
from batchgw.errors import JournalWriteFailed, Stopped
from batchgw.events import Decided, Observer
from batchgw.execution.writing.upcoming import FRESH, Upcoming, ahead_at
from batchgw.journal import JournalRun, PendingApi
from batchgw.model import Outcome, RestApi, Scope

FLUSH_AFTER = 0.2
"""Seconds an outcome may wait for company before it is committed."""

FLUSH_COUNT = 100
"""Outcomes that are committed at once, whatever the time."""

HEARTBEAT = 15.0
"""Seconds between signs of life under the run's locks."""


class _Batch:
    """Intents that are committed together.

    Attributes:
        wanted: changes whose calls wait for the commit, and where each is.
        ahead: changes that are intended with them.
        afterwards: what became of these changes during the commit. The journal is told after it.
        committed: whether the calls may leave.
    """

    def __init__(self) -> None:
        self.wanted: dict[int, Scope] = {}
        self.ahead: dict[int, Scope] = {}
        self.afterwards: list[Callable[[], None]] = []
        self.committed = False


class Recorder:
    """Commits intents before their calls and outcomes soon after, and tells observers of what is committed.

    With an intent, those of the changes that probably come next are committed, so that one commit serves
    several calls. Where such a call is not made after all, its intent is withdrawn: this process knows that.
    After a crash nobody knows, and a resume reads.

    One commit of intents is under way at a time. Calls that come meanwhile wait for the next one, together.
    Until a commit has ended, the journal is told nothing else of its changes.

    `rate` tells how many calls/second a scope makes, `clock` seconds since the epoch.

    When the journal cannot be written any more, the run is asked to stop: calls in flight finish, no new one
    is made that could not be remembered. `failure` then says why.
    """

    def __init__(
        self,
        run: JournalRun,
        *,
        observer: Observer,
        stop: StopSignal,
        rate: Callable[[Scope], float],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._run = run
        self._observer = observer
        self._stop = stop
        self._rate = rate
        self._upcoming: defaultdict[Scope, Upcoming] = defaultdict(Upcoming)
        self._waiting: deque[Outcome] = deque()
        self._recorded = 0  # outcomes taken so far; observers know all of them but those that wait
        self._committed = 0  # how many of them are known to be committed
        self._arrived = anyio.Event()
        self._many = anyio.Event()
        self._clock = clock
        self._behind = inf
        self._next = _Batch()
        self._under_way: _Batch | None = None
        self._over: anyio.Event | None = None  # set when that has ended, if a call waits for it
        self.failure: JournalWriteFailed | None = None

    def expect(self, scope: Scope, apis: Iterable[PendingApi]) -> None:
        """Expect the changes of these APIs, after those expected before.

        Changes that an earlier process has intended are left out: their intents must never be withdrawn.
        """
        upcoming = self._upcoming[scope]
        for each in apis:
            upcoming.add(each.api.id, [change.id for change in each.changes if not change.intended])

    @contextmanager
    def working_on(self, api: RestApi) -> Iterator[None]:
        """Note that an API is in work as long as the block lasts: its changes come before those of others."""
        upcoming = self._upcoming[api.scope]
        upcoming.begin_api(api.id)
        try:
            yield
        finally:
            upcoming.end_api()

    async def intend(self, api: RestApi, change: int) -> None:
        """Commit the change's intent before its call is made.

        Raises Stopped when it cannot be committed, or the run was asked to stop while it was.
        """
        upcoming, now = self._upcoming[api.scope], current_time()
        self._forget_ahead_after_sleep(now)
        never_left = change in upcoming.ahead or upcoming.expects(api.id, change)
        intended = upcoming.remove(api.id, change)
        batch = self._under_way
        if batch is None or change not in batch.ahead:
            if intended is not None and now - intended <= FRESH:
                return
            batch = self._next
        batch.wanted[change] = api.scope
        try:
            while not batch.committed:
                if self._under_way is None:
                    await self._commit(batch)
                else:
                    self._over = self._over or anyio.Event()
                    await self._over.wait()
                self._check_stop()
        except BaseException:
            if never_left:
                self._tell_journal(change, lambda: self._run.withdraw([change]))
            if batch is not self._under_way:  # the calls that still wait commit what is wanted by then
                batch.wanted.pop(change, None)
            raise
        self._tell_observer()

    def decide(self, change: int, outcome: Outcome) -> None:
        """Take an outcome; it is committed with the next intent, or shortly."""
        if self._under_way is None:
            self._record(change, outcome)
        else:
            self._tell_journal(change, lambda: self._record(change, outcome))

    async def flush(self) -> None:
        """Commit what is waiting. A failure is noted, the outcomes stay for the next try."""
        recorded = self._recorded
        try:
            await self._run.flush()
        except JournalWriteFailed as error:
            self.fail(error)
        else:
            self._committed = max(self._committed, recorded)
            self._tell_observer()

    async def keep_flushing(self) -> None:
        """Commit outcomes: when there are `FLUSH_COUNT`, else `FLUSH_AFTER` seconds after the first.

        Runs until cancelled.
        """
        while True:
            if not self._waiting:
                self._arrived = anyio.Event()
                await self._arrived.wait()
            with anyio.move_on_after(FLUSH_AFTER):
                await self._many.wait()
            self._many = anyio.Event()
            if self.failure is None:
                await self.flush()

    async def keep_alive(self) -> None:
        """Renew the locks' signs of life. Runs until cancelled."""
        while True:
            await anyio.sleep(HEARTBEAT)
            try:
                await self._run.heartbeat()
            except JournalWriteFailed as error:
                self.fail(error)

    async def close(self) -> None:
        """Commit the rest. Raises JournalWriteFailed when the journal ever failed: that ended the run."""
        for upcoming in self._upcoming.values():
            self._run.withdraw(upcoming.ahead)
        await self.flush()
        if self.failure is not None:
            raise self.failure

    def fail(self, error: JournalWriteFailed) -> None:
        """Note that the journal failed: calls in flight finish, no new one is made."""
        if self.failure is None:
            self.failure = error
        self._stop.request()

    async def _commit(self, batch: _Batch) -> None:
        """Commit the intents that are wanted, and those of what comes next in their scopes.

        An intent ahead is noted before the commit, because its change may come up during it. When it is not
        committed, none of these calls may leave.
        """
        if batch is self._next:
            self._next = _Batch()
        self._under_way, now = batch, current_time()
        batch.ahead = {}
        for scope in dict.fromkeys(batch.wanted.values()):
            upcoming = self._upcoming[scope]
            upcoming.most_ahead = ahead_at(self._rate(scope))
            following, past = upcoming.refresh(now)
            self._run.withdraw(past)
            upcoming.ahead.update(dict.fromkeys(following, now))
            batch.ahead.update(dict.fromkeys(following, scope))
        recorded = self._recorded
        try:
            await self._run.intend([*batch.wanted, *batch.ahead])
            batch.committed = True
            self._committed = max(self._committed, recorded)
        except JournalWriteFailed as error:
            self.fail(error)
        finally:
            self._under_way = None
            if self._over is not None:
                self._over.set()
                self._over = None
            if not batch.committed:
                self._take_back(batch)
            for tell in batch.afterwards:
                tell()
            batch.afterwards = []

    def _take_back(self, batch: _Batch) -> None:
        for change, scope in batch.ahead.items():
            self._upcoming[scope].ahead.pop(change, None)
        self._run.withdraw(batch.ahead)

    def _check_stop(self) -> None:
        """Raise Stopped when no call may leave any more."""
        if self.failure is not None:
            raise Stopped("the journal cannot be written, so this call was not sent") from self.failure
        self._stop.check()

    def _tell_journal(self, change: int, tell: Callable[[], None]) -> None:
        """Tell what became of a change; after the commit of its intent, where that is under way."""
        batch = self._under_way
        if batch is not None and (change in batch.wanted or change in batch.ahead):
            batch.afterwards.append(tell)
        else:
            tell()

    def _record(self, change: int, outcome: Outcome) -> None:
        if self._upcoming[outcome.api.scope].remove(outcome.api.id, change) is not None:
            self._run.withdraw([change])  # it was decided without a call
        self._run.record(change, outcome)
        self._waiting.append(outcome)
        self._recorded += 1
        if len(self._waiting) == 1:
            self._arrived.set()
        elif len(self._waiting) >= FLUSH_COUNT:
            self._many.set()

    def _forget_ahead_after_sleep(self, now: float) -> None:
        """Commit intents again that are from before this machine slept, when the loop's clock stood still.

        Another process may have taken the run over meanwhile. A sleep shows in how far the loop's clock lags
        behind `_clock`.
        """
        behind = self._clock() - now
        if behind - self._behind > FRESH / 2:
            for upcoming in self._upcoming.values():
                upcoming.ahead = dict.fromkeys(upcoming.ahead, -inf)
        self._behind = behind

    def _tell_observer(self) -> None:
        """Tell the outcomes that are committed, all but those that came while the journal was busy."""
        while self._recorded - len(self._waiting) < self._committed:
            self._observer.notify(Decided(outcome=self._waiting.popleft()))
