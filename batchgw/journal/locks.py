"""One run at a time per account-region, across the processes that share a journal."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, assert_never

from sqlalchemy import Connection, delete, insert, select, update

from batchgw.errors import ScopeLocked
from batchgw.journal.contents import batches
from batchgw.journal.database import Database
from batchgw.journal.holder import Holder, Liveness, this_process
from batchgw.journal.records import RunState
from batchgw.journal.schema import holder_of, locks, runs
from batchgw.model import AccountId, Region, Scope


class ScopeHeld(ScopeLocked):
    """A scope is held by another run, or by another process of the same one."""

    def __init__(self, message: str, *, scope: Scope, run: str, holder: Holder, liveness: Liveness) -> None:
        super().__init__(message)
        self.scope = scope
        self.run = run
        self.holder = holder
        self.liveness = liveness


class Locks:
    """The locks this process takes and holds. `token` marks them as its own."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._token = secrets.token_hex(16)
        self._held: dict[int, set[Scope]] = {}

    def acquire(self, run: int, scopes: Iterable[Scope], *, force: bool) -> None:
        """Take all the scopes or none. Raises ScopeHeld."""
        wanted = set(scopes)
        now = self._clock()
        me = this_process(now)
        with self._database.write() as connection:
            held = [lock for lock in _locks(connection) if lock.scope in wanted]
            mine = {lock.scope for lock in held if lock.token == self._token and lock.run == run}
            theirs = [lock for lock in held if lock.scope not in mine]
            _refuse(run, theirs, now, force=force)
            claimed_state(connection, run, me)
            for batch in batches(lock.id for lock in theirs):
                connection.execute(delete(locks).where(locks.c.id.in_(batch)))
            if wanted - mine:
                connection.execute(
                    insert(locks), [self._row(run, each, me) for each in sorted(wanted - mine)]
                )
            connection.execute(update(runs).where(runs.c.id == run).values(asdict(me)))
        self._held.setdefault(run, set()).update(wanted)

    def heartbeat(self, run: int) -> None:
        """Say that the run lives. Raises ScopeLocked when a scope was taken from it: it must stop then."""
        now = self._clock()
        with self._database.write() as connection:
            kept = connection.execute(
                update(locks).where(locks.c.run_id == run, locks.c.token == self._token).values(heartbeat=now)
            ).rowcount
            connection.execute(update(runs).where(runs.c.id == run).values(heartbeat=now))
            held = self._held.get(run, set())
            if kept < len(held):
                raise _lost([lock for lock in _locks(connection) if lock.scope in held], self._token)

    def release(self, run: int) -> None:
        """Give back what this process holds for the run."""
        if run in self._held:
            with self._database.write() as connection:
                connection.execute(delete(locks).where(locks.c.run_id == run, locks.c.token == self._token))
            del self._held[run]

    def release_all(self) -> None:
        """Give back everything this process holds."""
        for run in list(self._held):
            self.release(run)

    def _row(self, run: int, scope: Scope, me: Holder) -> dict[str, Any]:
        place = {"account": scope.account, "region": scope.region}
        return {**place, "run_id": run, "token": self._token, **asdict(me)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lock:
    id: int
    scope: Scope
    token: str
    run: int
    run_name: str
    run_done: bool
    holder: Holder


def _locks(connection: Connection) -> list[_Lock]:
    """Give all locks there are: a few thousand at most."""
    rows = connection.execute(select(locks, runs.c.name, runs.c.state).join(runs).order_by(locks.c.id))
    return [
        _Lock(
            id=row.id,
            scope=Scope(account=AccountId(row.account), region=Region(row.region)),
            token=row.token,
            run=row.run_id,
            run_name=row.name,
            run_done=row.state == RunState.DONE,
            holder=holder_of(row),
        )
        for row in rows
    ]


def _refuse(run: int, found: list[_Lock], now: float, *, force: bool) -> None:
    """Raise ScopeHeld unless all these locks may be taken over."""
    standing_in_the_way = [
        (lock, liveness)
        for lock in found
        if not may_take(liveness := lock.holder.liveness(), own=lock.run == run or lock.run_done, force=force)
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


def claimed_state(connection: Connection, run: int, me: Holder, *, by_doubtful: bool = True) -> RunState:
    """Give the state of a run that this process may work on.

    Raises ScopeLocked while another process that is alive works on it; unless `by_doubtful`, also when that
    cannot be told of it.
    """
    row = connection.execute(select(runs).where(runs.c.id == run)).one()
    state, holder = RunState(row.state), holder_of(row)
    liveness = Liveness.DEAD if state.ended or holder.is_process_of(me) else holder.liveness()
    if liveness is Liveness.ALIVE or (liveness is Liveness.UNKNOWN and not by_doubtful):
        doubt = "" if liveness is Liveness.ALIVE else ", as far as can be told from here"
        raise ScopeLocked(
            f"Run {row.name} is {state} in another process ({holder}){doubt}: two must not work on one run. "
            "Wait for that one, or stop it."
        )
    return state


def may_take(liveness: Liveness, *, own: bool, force: bool) -> bool:
    """Whether a lock may be taken over. `own`: it was taken for the same run, or for one that is done.

    Nothing breaks the lock of a process that is known to live.
    """
    match liveness:
        case Liveness.ALIVE:
            return False
        case Liveness.DEAD:
            return own or force
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
                "or pass --force-lock to leave it unfinished."
            )
        case Liveness.UNKNOWN:
            cure = (
                f"Whether it still runs cannot be told from here ({seen}). Wait for it; or, when you know "
                "that it is dead, pass --force-lock."
            )
        case _:
            assert_never(liveness)
    return f"Two runs must not write to one account-region: {scopes} is held by {by} ({lock.holder}). {cure}"


def _lost(now_held: list[_Lock], token: str) -> ScopeLocked:
    by = next((f" by run {lock.run_name} ({lock.holder})" for lock in now_held if lock.token != token), "")
    return ScopeLocked(
        f"A lock of this run was broken{by}: it stops here, so that two runs do not write to one "
        "account-region. What it did is recorded; it can be resumed once the other one is through."
    )
