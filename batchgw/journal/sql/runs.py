"""The `runs` table: runs are begun, looked up by what people type, and moved from state to state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, insert, null, select, update

from batchgw.journal import options
from batchgw.journal.finding import HINTED, LAST, none_unfinished, not_found, run_id, typed_run, unknown_run
from batchgw.journal.holder import Liveness
from batchgw.journal.ranking import DECIDED, RANKS
from batchgw.journal.records import COUNTS, NewRun, RunRecord, RunState, Tally
from batchgw.journal.sql.claims import Claims
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.importing import drop_rows
from batchgw.journal.sql.reading import tally_of_run
from batchgw.journal.sql.tables.outcome_columns import EMPTIED
from batchgw.journal.sql.tables.schema import apis, changes, holder_of, runs, scopes
from batchgw.model import Desired, Effort
from batchgw.model.rollout.rollout import Rollout
from batchgw.version import VERSION

_ENDED_EARLY: Final = and_(
    runs.c.state == RunState.STOPPED.value,
    ~select(scopes.c.id).where(scopes.c.run_id == runs.c.id).exists(),
)
"""A run that ended before it had a plan: its scopes were held, or its plan was stale. It wrote nothing."""

_RESUMABLE: Final = runs.c.state.in_([RunState.APPLYING.value, RunState.STOPPED.value])
"""A run that had a plan, and did not come to its end."""

_MOST: Final = 2**63 - 1
"""The largest number that a database takes."""


class Runs:
    """The `runs` table."""

    def __init__(self, database: Database, claims: Claims, clock: Callable[[], float]) -> None:
        self._database = database
        self._claims = claims
        self._clock = clock
        self._keys: dict[str, int] = {}

    def begin(self, new: NewRun) -> str:
        """Enter a run and give its id."""
        now = self._clock()
        with self._database.write() as connection:
            name = _free_name(connection, now)
            connection.execute(
                insert(runs).values(
                    name=name,
                    verb=new.verb,
                    state=RunState.PLANNING.value,
                    started=now,
                    version=VERSION,
                    policy_source=new.policy_source,
                    policy_digest=new.policy_digest,
                    desired=new.desired.to_json(),
                    options=options.kept(new.options),
                    parent=new.parent,
                    rollout=None if new.rollout is None else new.rollout.to_json(),
                    **self._claims.columns(),
                )
            )
        return name

    def key(self, name: str) -> int:
        """Give the row id of the run of exactly this id. Raises RunUnknown."""
        if name not in self._keys:
            with self._database.read() as connection:
                found = connection.scalar(select(runs.c.id).where(runs.c.name == name))
            if found is None:
                raise unknown_run(name, self._database.location)
            self._keys[name] = found
        return self._keys[name]

    def find(self, typed: str) -> RunRecord:
        """Look a run up by its id, the beginning of it, or "last". Raises RunUnknown."""
        with self._database.read() as connection:
            names = _matching(connection, typed_run(typed))
            if len(names) == 1:
                row = connection.execute(select(runs).where(runs.c.name == names[0])).one()
                return _record(connection, row)
            latest = select(runs.c.name).order_by(runs.c.id.desc()).limit(HINTED)
            raise not_found(typed, names, list(connection.scalars(latest)), self._database.location)

    def latest(self, limit: int) -> list[RunRecord]:
        """Give the runs begun last, the last one first."""
        newest = select(runs).order_by(runs.c.id.desc()).limit(min(limit, _MOST))
        with self._database.read() as connection:
            rows = connection.execute(newest).all()
            return [_record(connection, row) for row in rows]

    def children(self, parent: str) -> list[RunRecord]:
        """Give the runs that take a run back, the oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(runs).where(runs.c.parent == parent).order_by(runs.c.id)).all()
            return [_record(connection, row) for row in rows]

    def claimed(self) -> list[tuple[RunRecord, bool]]:
        """Give all runs, the oldest first, and whether a process has claimed each."""
        with self._database.read() as connection:
            rows = connection.execute(select(runs).order_by(runs.c.id)).all()
            return [(_record(connection, row), row.token is not None) for row in rows]

    def not_done(self) -> frozenset[str]:
        """Give the ids of the runs that are not done."""
        with self._database.read() as connection:
            return frozenset(
                connection.scalars(select(runs.c.name).where(runs.c.state != RunState.DONE.value))
            )

    def forget(self, name: str) -> None:
        """Forget the row id of a run that is deleted. The database may give it to another one."""
        self._keys.pop(name, None)

    def recount(self, name: str) -> None:
        """Count the totals of an ended run again, because some of its rows are gone."""
        key = self.key(name)
        with self._database.write() as connection:
            state = RunState(connection.execute(select(runs.c.state).where(runs.c.id == key)).scalar_one())
            totals = _tally_to_json(tally_of_run(connection, key)) if state.ended else None
            connection.execute(update(runs).where(runs.c.id == key).values(totals=totals))

    def unfinished(self) -> list[RunRecord]:
        """Give the runs with something left to do that no living process works on, the oldest first."""
        with self._database.read() as connection:
            open_ = select(runs).where(_RESUMABLE).order_by(runs.c.id)
            found = [(row, _record(connection, row)) for row in connection.execute(open_).all()]
        return [record for row, record in found if record.totals.left and not _under_way(row, record)]

    def last_unfinished(self) -> RunRecord:
        """Give the newest of them. Raises RunUnknown, which says how the newest run of all stands."""
        if found := self.unfinished():
            return found[-1]
        raise none_unfinished(self.find(LAST) if self.latest(1) else None, self._database.location)

    def set_state(self, name: str, state: RunState, totals: Tally | None = None) -> None:
        """Move a run to another state.

        One that ends keeps its totals, so that a list of runs need not count. They are counted now, unless
        they are given. A run that ends while it is planned loses its rows, so that they do not pass for a
        whole plan.
        """
        key = self.key(name)
        finished = self._clock() if state.ended else None
        with self._database.write() as connection:
            was = self._claims.check(connection, key)
            if was is RunState.PLANNING and state.ended:
                drop_rows(connection, key)
                totals = None
            if state.ended and totals is None:
                totals = tally_of_run(connection, key)
            kept = _tally_to_json(totals) if state.ended and totals is not None else None
            connection.execute(
                update(runs).where(runs.c.id == key).values(state=state.value, finished=finished, totals=kept)
            )

    def reopen(self, name: str) -> int:
        """Let a run's failed changes be undecided again, in one transaction; give how many they were.

        Its totals are then counted again, and a process that dies now leaves a run that can be resumed.
        """
        key = self.key(name)
        with self._database.write() as connection:
            self._claims.check(connection, key)
            of_run = select(apis.c.id).join(scopes).where(scopes.c.run_id == key)
            reopened = connection.execute(
                update(changes)
                .where(
                    changes.c.api_id.in_(of_run), changes.c.kind == "failed", changes.c.before_id.is_not(None)
                )
                .values(rank=0, **dict.fromkeys(EMPTIED, null()))
            ).rowcount
            if reopened:
                again = {"state": RunState.APPLYING.value, "finished": None, "totals": None}
                connection.execute(update(runs).where(runs.c.id == key).values(again))
        return reopened

    def close(self, name: str, code: str, message: str) -> int:
        """Skip what is left of a run, in one transaction; give how much that was. It is done then."""
        key = self.key(name)
        now = self._clock()
        with self._database.write() as connection:
            self._claims.check(connection, key)
            of_run = select(apis.c.id).join(scopes).where(scopes.c.run_id == key)
            skipped = connection.execute(
                update(changes)
                .where(changes.c.api_id.in_(of_run), changes.c.rank < DECIDED)
                .values(rank=RANKS["skipped"], kind="skipped", code=code, message=message, decided_at=now)
            ).rowcount
            totals = _tally_to_json(tally_of_run(connection, key))
            ended = {"state": RunState.DONE.value, "totals": totals, "token": None}
            connection.execute(
                update(runs)
                .where(runs.c.id == key)
                .values(**ended, finished=func.coalesce(runs.c.finished, now))
            )
        return skipped


def _under_way(row: Row[Any], record: RunRecord) -> bool:
    return row.token is not None and record.holder.liveness() is Liveness.ALIVE


def _free_name(connection: Connection, now: float) -> str:
    """Of two runs begun within 5 ms the second takes the next id that is free."""
    later = 0
    while connection.scalar(select(runs.c.id).where(runs.c.name == run_id(now, later))) is not None:
        later += 1
    return run_id(now, later)


def _matching(connection: Connection, typed: str) -> list[str]:
    names = select(runs.c.name).order_by(runs.c.id.desc())
    if typed == LAST:
        last = connection.scalars(names.where(~_ENDED_EARLY).limit(1))
        return list(last) or list(connection.scalars(names.limit(1)))
    if connection.scalar(select(runs.c.id).where(runs.c.name == typed)) is not None:
        return [typed]
    return (
        list(connection.scalars(names.where(runs.c.name.startswith(typed, autoescape=True)))) if typed else []
    )


def _record(connection: Connection, row: Row[Any]) -> RunRecord:
    totals = tally_of_run(connection, row.id) if row.totals is None else _tally_from_json(row.totals)
    return RunRecord(
        id=row.name,
        verb=row.verb,
        state=RunState(row.state),
        policy_source=row.policy_source,
        policy_digest=row.policy_digest,
        desired=Desired.from_json(row.desired),
        options=row.options,
        visible_options=options.visible(row.options),
        started=row.started,
        finished=row.finished,
        holder=holder_of(row),
        version=row.version,
        totals=totals,
        parent=row.parent,
        rollout=None if row.rollout is None else Rollout.from_json(row.rollout),
    )


def _tally_to_json(tally: Tally) -> dict[str, float]:
    effort = tally.effort
    spent = {"attempts": effort.attempts, "throttles": effort.throttles, "waited": effort.waited}
    return {kind: getattr(tally, kind) for kind in COUNTS} | {"never_read": tally.never_read} | spent


def _tally_from_json(data: dict[str, Any]) -> Tally:
    effort = Effort(attempts=data["attempts"], throttles=data["throttles"], waited=data["waited"])
    counts = {kind: data.get(kind, 0) for kind in COUNTS}  # journals before schema 5 held nothing back
    return Tally(**counts, never_read=data.get("never_read", 0), effort=effort)
