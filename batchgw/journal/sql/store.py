"""The journal: what a run set out to do, what it was about to do, and how each of it ended.

It is synchronous and used from one thread; a call takes well under a millisecond, but for those that read or
write a whole run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from types import TracebackType
from typing import Self

from batchgw.errors import JournalUnusable, JournalWriteFailed
from batchgw.journal import ranking
from batchgw.journal.records import NewRun, PendingApi, RunRecord, RunState, ScopeRecord, Standing, Tally
from batchgw.journal.sql import reading
from batchgw.journal.sql.chunk import Statements
from batchgw.journal.sql.claims import Claims
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.importing import Load, importing
from batchgw.journal.sql.limits import Limits
from batchgw.journal.sql.locks import Locks
from batchgw.journal.sql.outbox import Outbox
from batchgw.journal.sql.pending import Pending
from batchgw.journal.sql.quota_memory import JournalMemory
from batchgw.journal.sql.runs import LAST, Runs
from batchgw.journal.sql.superseding import superseding
from batchgw.journal.sql.tables.settings import Contents
from batchgw.model import Outcome, PlanItem, Scope
from batchgw.throttle.quota import Quotas


class Journal:
    """A journal that is open.

    Every method that writes raises JournalWriteFailed when it cannot; every one that names a run raises
    RunUnknown when there is no such run. Reading commits what `record` has taken first; where that fails it
    shows what is committed. What cannot be read raises JournalUnusable; JournalWriteFailed, too, once this
    journal has begun a run or acquired one's scopes.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._contents = Contents(database)
        self._statements = Statements(database)
        self._claims = Claims(clock)
        self._runs = Runs(database, self._claims, clock)
        self._outbox = Outbox(database, clock)
        self._pending = Pending(database, self._contents)
        self._outcomes = reading.Outcomes(database)
        self._standing = reading.Standings(database)
        self._locks = Locks(database, self._claims, clock)
        self._unplanned: set[str] = set()  # runs begun here whose plans are not in: nothing of them to resume

    @classmethod
    def open(cls, url: str | None = None, *, clock: Callable[[], float] = time.time) -> Self:
        """Open a file or database URL; without one, BATCHGW_JOURNAL, or the file in the XDG state folder.

        A new journal is made. Raises JournalUnusable. `clock` gives seconds since the epoch.
        """
        return cls(Database(url), clock=clock)

    @classmethod
    def open_kept(cls, url: str | None = None) -> Self:
        """Open as `open` does; raises JournalUnusable, too, for a journal that ends with this process."""
        journal = cls.open(url)
        if journal._database.is_kept:  # noqa: SLF001 - its own class
            return journal
        journal.close()
        raise JournalUnusable(
            f"The journal {journal.location} is in memory and would end with this command: no resume, "
            "no before-images, and no other run would see its locks. Give a file with --journal, or none."
        )

    @property
    def url(self) -> str:
        """The database URL without its password."""
        return self._database.location.masked

    @property
    def location(self) -> str:
        """What people call it: its file, or the URL without its password."""
        return str(self._database.location)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        try:
            self.close()
        except JournalWriteFailed as failure:  # the error under way says more; this one must not hide it
            error.add_note(str(failure))

    def close(self) -> None:
        """Commit what waits, give back all locks, and close in any case.

        Raises JournalWriteFailed when an outcome could not be kept. A lock that cannot be given back is no
        loss: others see whose it was, and whether that process still lives.
        """
        if self._database.closed:
            return
        try:
            self.flush()
        finally:
            with suppress(JournalWriteFailed):
                self._locks.release_all()
            self._database.close()

    # A run and its plan

    def begin(self, new: NewRun) -> str:
        """Enter a run, in state `planning`, and give its id."""
        self._database.run = None
        self._database.working = True
        run = self._runs.begin(new)
        self._unplanned.add(run)
        return run

    @contextmanager
    def importing(self, run: str) -> Iterator[Load]:
        """Take a plan's items one by one: `with journal.importing(run) as load: load.add(item)`.

        They become the run's rows, some at a time; the run is `applying` once the block has ended
        well. A NO_OP is unchanged at once; an API that was not read is skipped, failed or not attempted. The
        journal may be used for other things between two items, so an event loop need not stand still.

        When the block is left by an exception, the run stays in `planning` and can be imported again, which
        drops what was written. Raises ScopeLocked when another process is importing it, ValueError when it is
        imported already; `add` raises PlanUnreadable when an API comes twice, if not the end of the block.
        """
        key = self._key(run)
        with importing(
            self._database, self._contents, self._statements, self._claims, key, now=self._clock()
        ) as load:
            yield load
        self._unplanned.discard(run)

    def import_plan(self, run: str, items: Iterable[PlanItem]) -> None:
        """Write a plan's items at once; see `importing`. Raises as it does, and what `items` raises."""
        with self.importing(run) as load:
            for item in items:
                load.add(item)

    def set_state(self, run: str, state: RunState, *, totals: Tally | None = None) -> None:
        """Move a run on; what was recorded is committed first.

        One that ends keeps its `totals`; where they are not given they are counted, all at once. One that
        ends before its plan was imported whole loses its rows: a resume must not take them for a plan.
        Raises ScopeLocked when the run lives in another process.
        """
        self._key(run)
        self.flush()
        self._runs.set_state(run, state, totals)

    def run(self, run_id: str) -> RunRecord:
        """Look a run up by its id, an unambiguous beginning of it, or "last"."""
        self._settle()
        return self._runs.find(run_id)

    def unfinished(self) -> list[RunRecord]:
        """Give the runs with something left to resume, the oldest first; not those that are under way.

        The whole journal is looked through for rows that belong to none: half a second for a million APIs.
        """
        self._settle()
        self._database.check_whole()
        return self._runs.unfinished()

    def unfinished_run(self, run_id: str) -> RunRecord:
        """Look a run up as `run` does; but "last" is the newest of the `unfinished`. Looks as that does."""
        self._settle()
        self._database.check_whole()
        last = run_id.strip().lower() == LAST
        return self._runs.last_unfinished() if last else self._runs.find(run_id)

    def superseding(self, run: str) -> Iterator[int]:
        """Skip what newer runs have decided: a resume must not put an older plan over it.

        Goes on scope by scope, as it is asked to, and gives how many API-types each step has skipped.
        """
        self.flush()
        return superseding(self._database, self._key(run), now=self._clock())

    def runs(self, limit: int = 50) -> list[RunRecord]:
        """Give the runs begun last, the last one first."""
        self._settle()
        return self._runs.latest(limit)

    # What is to be done, and what came of it

    def scopes(self, run: str) -> tuple[ScopeRecord, ...]:
        """Give the run's account-regions with their counts."""
        self._settle()
        key = self._key(run)
        with self._database.read() as connection:
            return reading.scope_records(connection, key)

    def pending(self, run: str, scope: Scope, *, after: int = 0, limit: int = 100) -> list[PendingApi]:
        """Give the next APIs after row `after` with a change that is undecided or was not attempted.

        What was recorded is committed first, and JournalWriteFailed raised where it cannot be: what is
        decided must not be shown as pending.
        """
        self.flush()
        key = self._key(run)
        page = self._pending.page(key, scope, after=after, limit=limit)
        for each in page:
            self._outbox.take_up(each.changes)
        return page

    def intend(self, ids: Sequence[int]) -> None:
        """Commit, before their calls are made, that these changes may have been made; outcomes with it.

        Raises ScopeLocked when one of them was decided meanwhile: then none may be made.
        """
        self._outbox.intend(ids)

    def withdraw(self, ids: Iterable[int]) -> None:
        """Take intents back that were committed ahead of calls which were not made after all.

        What another process has intended, an earlier one or one that has taken over, stands: it may have been
        made. It is committed with the next intent, or `flush`.
        """
        self._outbox.withdraw(ids)

    def record(self, id: int, outcome: Outcome) -> None:  # noqa: A002 - the field's name in PendingChange
        """Take the outcome of a change. It is committed with the 100th, the next intent, or `flush`.

        Saying it twice changes nothing; a weaker outcome never replaces a stronger one (see `standing`). When
        a commit fails the outcome is kept here, and the next commit tries again.
        """
        self._outbox.record(id, outcome)

    def flush(self) -> None:
        """Commit what was recorded."""
        self._outbox.flush()

    def sync(self) -> None:
        """See that what was committed is on the disk, and from now on at most a second after its commit.

        Called before a run's first write, so that not even a power cut takes its plan and before-images. It
        waits for the disk, and may be called from any thread.
        """
        self._database.sync()

    def outcomes(self, run: str, *, kinds: frozenset[str] | None = None) -> Iterator[Outcome]:
        """Give the outcomes, scope by scope, API by API, of all or some `kinds` ("applied", "failed", ...).

        What is undecided has none. Pages are read as they are asked for. Raises ValueError for an unknown
        kind.
        """
        return chain.from_iterable(self.outcome_pages(run, kinds=kinds))

    def outcome_pages(self, run: str, *, kinds: frozenset[str] | None = None) -> Iterator[Sequence[Outcome]]:
        """Give the same page by page, so that others may have their turn after each.

        There is one at least for every scope, for it takes as long to find none: it is empty then.
        """
        wanted = ranking.KINDS if kinds is None else kinds
        if unknown := wanted - ranking.KINDS:
            raise ValueError(f"no kinds of outcome: {sorted(unknown)}; there are {sorted(ranking.KINDS)}")
        self._settle()
        return self._pages(self._key(run), wanted)

    def tally(self, run: str) -> Mapping[Scope, Tally]:
        """Count how the run's API-types stand, per account-region."""
        self._settle()
        key = self._key(run)
        with self._database.read() as connection:
            return reading.tallies_of(connection, key)

    def standings(self, run: str) -> Iterator[Standing]:
        """Give the same, one account-region after another: each is read when it is asked for."""
        self._settle()
        return self._standings(self._key(run))

    # Who is at it

    def acquire(
        self, run: str, scopes: Iterable[Scope], *, force: bool = False, take_over_dead: bool = False
    ) -> frozenset[Scope]:
        """Take the scopes' locks for the run, all or none, and make this process the run's holder.

        Taken over without a word: what a dead process left behind of the same run, or of one that has nothing
        to resume (it is done, or died before its plan was complete).
        `take_over_dead` also takes what another run's process holds that is known to be dead, and `force`
        that of one that cannot be seen from here; never what a process known to be alive holds.

        Gives the scopes taken from runs that had something left to do. These are stopped, and what they were
        about to do may have been done, so read before you write there. Raises ScopeHeld (a ScopeLocked)
        naming the holder.
        """
        key = self._key(run)
        self._database.working = True
        return self._locks.acquire(key, scopes, force=force, take_over_dead=take_over_dead)

    def heartbeat(self, run: str) -> None:
        """Say that the run is alive. Raises ScopeLocked when one of its locks was broken: it must stop."""
        self._locks.heartbeat(self._key(run))

    def release(self, run: str) -> None:
        """Give the run's locks back and let go of it; what was recorded is committed first, if it can be."""
        try:
            self.flush()
        finally:
            self._locks.release(self._key(run))

    # What was learned of quotas

    @property
    def limits(self) -> Limits:
        """What is remembered of quotas."""
        return Limits(self._database)

    def memory(self, *, endpoint: str = "", quotas: Quotas | None = None) -> JournalMemory:
        """Give a `Memory` for a `PacedControlPlane`; `save` what that has `learned` at the end of a session.

        `endpoint` tells the quotas of an address of your own from AWS's ("");
        `quotas` are `Pace.quotas`, where they are not the documented ones.
        """
        return JournalMemory(self._database, endpoint=endpoint, quotas=quotas, clock=self._clock)

    def _key(self, run: str) -> int:
        key = self._runs.key(run)
        self._database.run = None if run in self._unplanned else run
        return key

    def _settle(self) -> None:
        with suppress(JournalWriteFailed):  # what waits is kept, and whoever writes next is told
            self.flush()

    def _standings(self, run: int) -> Iterator[Standing]:
        with self._database.read() as connection:
            scopes = self._standing.scopes(connection, run)
        for row in scopes:
            with self._database.read() as connection:
                found = self._standing.of(connection, row)
            yield found

    def _pages(self, run: int, kinds: frozenset[str]) -> Iterator[Sequence[Outcome]]:
        with self._database.read() as connection:
            scopes = self._standing.scopes(connection, run)
        for scope_id, scope, *_ in scopes:
            after: int | None = 0
            limit = reading.FIRST_PAGE
            while after is not None:
                with self._database.read() as connection:
                    page, after = self._outcomes.page(
                        connection, scope, scope_id, kinds, after=after, limit=limit
                    )
                limit = reading.next_page(limit, len(page))
                yield page
