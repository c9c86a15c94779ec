"""One run at a time per account-region, across the processes that share a journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, assert_never

from sqlalchemy import Connection, delete, insert, select, update

from batchgw.errors import ScopeLocked
from batchgw.journal.holder import Holder, Liveness
from batchgw.journal.records import RunState
from batchgw.journal.sql.claims import Claims
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.schema import holder_of, locks, runs, scopes
from batchgw.journal.sql.tables.settings import batches
from batchgw.model import AccountId, Region, Scope

NOTHING_LEFT: Final = frozenset({RunState.DONE, RunState.PLANNING})
"""States in which a dead process's run cannot be resumed: all is decided, or nothing was written yet."""


class ScopeHeld(ScopeLocked):
    """A scope is held by another run, or by another process of the same one."""

    def __init__(self, message: str, *, scope: Scope, run: str, holder: Holder, liveness: Liveness) -> None:
        super().__init__(message)
        self.scope = scope
        self.run = run
        self.holder = holder
        self.liveness = liveness


class Locks:
    """The locks this process takes and holds, each for a run it works on."""

    def __init__(self, database: Database, claims: Claims, clock: Callable[[], float]) -> None:
        self._database = database
        self._claims = claims
        self._clock = clock
        self._held: dict[int, set[Scope]] = {}

    def acquire(
        self, run: int, scopes: Iterable[Scope], *, force: bool, take_over_dead: bool
    ) -> frozenset[Scope]:
        """Take the run and all the scopes, or nothing. Raises ScopeLocked.

        Gives the scopes that were taken from other runs with something left to do. Those runs are stopped:
        their resumes find in the journal what this one has done meanwhile.
        """
        wanted = set(scopes)
        with self._database.write() as connection:
            held = [lock for lock in _locks(connection) if lock.scope in wanted]
            mine = {lock.scope for lock in held if lock.token == self._claims.token and lock.run == run}
            theirs = [lock for lock in held if lock.scope not in mine]
            _refuse(run, theirs, self._clock(), force=force, take_over_dead=take_over_dead)
            self._claims.take(connection, run)
            for batch in batches(lock.id for lock in theirs):
                connection.execute(delete(locks).where(locks.c.id.in_(batch)))
            if rows := self._rows(run, wanted - mine):
                connection.execute(insert(locks), rows)
            taken = [lock for lock in theirs if lock.run != run and not lock.run_over]
            for batch in batches({lock.run for lock in taken}):
                stopped = {"state": RunState.STOPPED.value, "finished": self._clock(), "token": None}
                connection.execute(update(runs).where(runs.c.id.in_(batch)).values(stopped))
        self._held.setdefault(run, set()).update(wanted)
        return frozenset(lock.scope for lock in taken)

    def heartbeat(self, run: int) -> None:
        """Say that the run lives. Raises ScopeLocked when a scope was taken from it: it must stop then."""
        with self._database.write() as connection:
            self._claims.beat(connection, run)
            own = update(locks).where(locks.c.run_id == run, locks.c.token == self._claims.token)
            kept = connection.execute(own.values(heartbeat=self._clock())).rowcount
            held = self._held.get(run, set())
            if kept < len(held):
                others = [lock for lock in _locks(connection) if lock.token != self._claims.token]
                raise _lost([lock for lock in others if lock.scope in held])

    def release(self, run: int) -> None:
        """Give back what this process holds for the run, and let go of the run."""
        with self._database.write() as connection:
            own = delete(locks).where(locks.c.run_id == run, locks.c.token == self._claims.token)
            connection.execute(own)
            self._claims.let_go(connection, run)
        self._held.pop(run, None)

    def release_all(self) -> None:
        """Give back everything this process holds. One that holds nothing writes nothing."""
        if not self._claims.any:
            return
        with self._database.write() as connection:
            connection.execute(delete(locks).where(locks.c.token == self._claims.token))
            self._claims.let_go_of_all(connection)
        self._held.clear()

    def _rows(self, run: int, scopes: set[Scope]) -> list[dict[str, Any]]:
        mine = self._claims.columns()
        return [{**mine, "run_id": run, "account": s.account, "region": s.region} for s in sorted(scopes)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lock:
    id: int
    scope: Scope
    token: str
    run: int
    run_name: str
    run_over: bool
    holder: Holder


def _locks(connection: Connection) -> list[_Lock]:
    """Give all locks there are: a few thousand at most."""
    planned = select(scopes.c.id).where(scopes.c.run_id == runs.c.id).exists().label("planned")
    rows = connection.execute(
        select(locks, runs.c.name, runs.c.state, planned).join(runs).order_by(locks.c.id)
    )
    return [
        _Lock(
            id=row.id,
            scope=Scope(account=AccountId(row.account), region=Region(row.region)),
            token=row.token,
            run=row.run_id,
            run_name=row.name,
            run_over=row.state in NOTHING_LEFT or not row.planned,
            holder=holder_of(row),
        )
        for row in rows
    ]


def _refuse(run: int, found: list[_Lock], now: float, *, force: bool, take_over_dead: bool) -> None:
    """Raise ScopeHeld unless all these locks may be taken over."""
    standing_in_the_way = [
        (lock, liveness)
        for lock in found
        if not may_take(
            liveness := lock.holder.liveness(),
            own=lock.run == run or lock.run_over,
            force=force,
            take_over_dead=take_over_dead,
        )
    ]
    if standing_in_the_way:
        lock, liveness = standing_in_the_way[0]
        more = len(standing_in_the_way) - 1
        raise ScopeHeld(
            _told(lock, liveness, own=lock.run == run, more=more, now=now),
            scope=lock.scope,
            run=lock.run_name,
            holder=lock.holder,
            liveness=liveness,
        )


def may_take(liveness: Liveness, *, own: bool, force: bool, take_over_dead: bool = False) -> bool:
    """Whether a lock may be taken over. `own`: it was taken for the same run, or for one that is over.

    Nothing breaks the lock of a process that is known to live.
    """
    match liveness:
        case Liveness.ALIVE:
            return False
        case Liveness.DEAD:
            return own or force or take_over_dead
        case Liveness.UNKNOWN:
            return force
        case _:
            assert_never(liveness)


def _told(lock: _Lock, liveness: Liveness, *, own: bool, more: int, now: float) -> str:
    scopes = f"{lock.scope} and {more} more" if more else f"{lock.scope}"
    by = f"this run, {lock.run_name}, in another process" if own else f"run {lock.run_name}"
    seen = f"last sign of life {max(0, round(now - lock.holder.heartbeat))} s ago"
    match liveness:
        case Liveness.ALIVE:
            cure = f"It is still running ({seen}): wait for it, or stop it. --force-lock does not break it."
        case Liveness.DEAD:
            cure = (
                f"That process is dead ({seen}). Finish what it began with `batchgw resume {lock.run_name}`, "
                "or pass --take-over-dead: what it was about is then read before it is written."
            )
        case Liveness.UNKNOWN:
            cure = (
                f"Whether it still runs cannot be told from here ({seen}). Wait for it; or, when you know "
                "that it is dead, pass --force-lock."
            )
        case _:
            assert_never(liveness)
    return f"Two runs must not write to one account-region: {scopes} is held by {by} ({lock.holder}). {cure}"


def _lost(to: list[_Lock]) -> ScopeLocked:
    by = f" by run {to[0].run_name} ({to[0].holder})" if to else ""
    return ScopeLocked(
        f"A lock of this run was broken{by}: it stops here, so that two runs do not write to one "
        "account-region. What it did is recorded; it can be resumed once the other one is through."
    )
