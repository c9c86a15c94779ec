"""The runs themselves: begun, looked up by what people type, moved from state to state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Final, assert_never

from sqlalchemy import Connection, Row, and_, insert, select, update

from batchgw.errors import RunUnknown
from batchgw.journal import options
from batchgw.journal.holder import Liveness
from batchgw.journal.records import COUNTS, NewRun, RunRecord, RunState, Tally
from batchgw.journal.sql.claims import Claims
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.importing import drop_rows
from batchgw.journal.sql.reading import tally_of_run
from batchgw.journal.sql.tables.schema import holder_of, runs, scopes
from batchgw.model import Desired, Effort
from batchgw.version import VERSION

LAST: Final = "last"
"""What people type for the run that was begun last; one that was turned away at the door does not count."""

DAY: Final = 86_400.0
"""Seconds."""

SUFFIXES: Final = 1 << 24
"""Run ids of one day: six hexadecimal digits, one each 5 ms."""

HINTED: Final = 1_000
"""Runs among which a similar id is looked for."""

_TURNED_AWAY: Final = and_(
    runs.c.state == RunState.STOPPED.value,
    ~select(scopes.c.id).where(scopes.c.run_id == runs.c.id).exists(),
)
"""Ended before it had a plan: its scopes were held, or its plan was stale. It wrote and left nothing."""


_RESUMABLE: Final = runs.c.state.in_([RunState.APPLYING.value, RunState.STOPPED.value])
"""Had a plan, and did not come to its end."""


class Runs:
    """The `runs` table."""

    def __init__(self, database: Database, claims: Claims, clock: Callable[[], float]) -> None:
        self._database = database
        self._claims = claims
        self._clock = clock
        self._keys: dict[str, int] = {}

    def begin(self, new: NewRun) -> str:
        """Enter a run and give its id: the date, and how much of that day had passed."""
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
                raise RunUnknown(f"The journal {self._database.location} has no run {name!r}.")
            self._keys[name] = found
        return self._keys[name]

    def find(self, typed: str) -> RunRecord:
        """Look a run up by its id, the beginning of it, or "last". Raises RunUnknown."""
        with self._database.read() as connection:
            names = _matching(connection, typed.strip().lower())
            if len(names) == 1:
                row = connection.execute(select(runs).where(runs.c.name == names[0])).one()
                return _record(connection, row)
            raise RunUnknown(self._not_found(connection, typed, names))

    def latest(self, limit: int) -> list[RunRecord]:
        """Give the runs begun last, the last one first."""
        with self._database.read() as connection:
            rows = connection.execute(select(runs).order_by(runs.c.id.desc()).limit(limit)).all()
            return [_record(connection, row) for row in rows]

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
        newest = self.find(LAST)
        stands = _how_it_stands(newest, newest.holder.liveness())
        raise RunUnknown(
            f"There is nothing to resume: no run of the journal {self._database.location} is unfinished. The "
            f"newest, {newest.id}, {stands}."
        )

    def set_state(self, name: str, state: RunState, totals: Tally | None = None) -> None:
        """Move a run on. One that ends keeps its totals, so that they need not be counted again.

        They are counted now, unless they are given.
        One that ends while it is planned loses its rows: it must not pass for a plan that is whole.
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

    def _not_found(self, connection: Connection, typed: str, matching: list[str]) -> str:
        known = list(connection.scalars(select(runs.c.name).order_by(runs.c.id.desc()).limit(HINTED)))
        place = self._database.location
        if not known:
            return (
                f"There is no run {typed!r}: the journal {place} has none. Is it the right one (--journal)?"
            )
        if matching:
            some = ", ".join(matching[:3])
            return f"{typed!r} may be any of {len(matching)} runs ({some}, ...). Type more of its id."
        close = get_close_matches(typed, known, n=1)
        meant = f" Did you mean {close[0]}?" if close else ""
        return (
            f"The journal {place} has no run {typed!r}.{meant} `batchgw runs list` shows those it has; "
            "--journal names another journal."
        )


_ENDED_EARLY = "ended before it had a plan: give its command again"


def _how_it_stands(run: RunRecord, liveness: Liveness) -> str:
    """Say why a run is none that could be resumed. A process may have died without a word."""
    if run.state is RunState.DONE:
        return "is finished"
    if run.state is RunState.STOPPED:
        return _ENDED_EARLY
    match liveness:
        case Liveness.ALIVE:
            return f"is under way ({run.holder})"
        case Liveness.UNKNOWN:
            return f"may be under way ({run.holder}), which cannot be told from here"
        case Liveness.DEAD:
            early = run.state is RunState.PLANNING
            return (
                f"{_ENDED_EARLY if early else 'has nothing left to do'}; its process ({run.holder}) is dead"
            )
        case _:
            assert_never(liveness)


def _under_way(row: Row[Any], record: RunRecord) -> bool:
    return row.token is not None and record.holder.liveness() is Liveness.ALIVE


def _free_name(connection: Connection, now: float) -> str:
    """Ids sort by time. Of two runs begun within 5 ms the second takes the next id that is free."""
    day = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d")
    suffix = int(now % DAY / DAY * SUFFIXES)
    while True:
        name = f"{day}-{suffix % SUFFIXES:06x}"
        if connection.scalar(select(runs.c.id).where(runs.c.name == name)) is None:
            return name
        suffix += 1


def _matching(connection: Connection, typed: str) -> list[str]:
    names = select(runs.c.name).order_by(runs.c.id.desc())
    if typed == LAST:
        last = connection.scalars(names.where(~_TURNED_AWAY).limit(1))
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
    )


def _tally_to_json(tally: Tally) -> dict[str, float]:
    effort = tally.effort
    spent = {"attempts": effort.attempts, "throttles": effort.throttles, "waited": effort.waited}
    return {kind: getattr(tally, kind) for kind in COUNTS} | {"never_read": tally.never_read} | spent


def _tally_from_json(data: dict[str, Any]) -> Tally:
    effort = Effort(attempts=data["attempts"], throttles=data["throttles"], waited=data["waited"])
    counts = {kind: data[kind] for kind in COUNTS}
    return Tally(**counts, never_read=data.get("never_read", 0), effort=effort)
