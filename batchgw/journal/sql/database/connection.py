"""The journal's one connection: its transactions, and its errors in words for the user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import RLock
from typing import Any, Protocol

from sqlalchemy import Connection, Insert, Select, Table, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from batchgw.errors import BatchgwError, JournalUnusable, JournalWriteFailed
from batchgw.journal.sql.database.dialect import dialect_of
from batchgw.journal.sql.database.location import locate, prepare
from batchgw.journal.sql.database.prepared import Prepared, Query

_UNREADABLE = (SQLAlchemyError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""Errors of reading a row that batchgw cannot have written. They mean that the journal is damaged."""

Rows = Callable[[Table], Iterable[Sequence[Any]]]
"""Gives the rows of a table as they are stored."""


class Content(Protocol):
    """What a database holds: its tables."""

    def is_ready(self, connection: Connection, location: str) -> bool:
        """Tell whether the tables are there, and up to date. Raises JournalUnusable for those of another."""
        ...

    def make_ready(self, connection: Connection, location: str) -> None:
        """Make them, or bring them up to date, in a transaction that writes. Raises as `is_ready` does."""
        ...

    def first_damage(self, rows: Rows, dialect: Dialect) -> str | None:
        """Name the first value that batchgw cannot have written; None if there is none."""
        ...


class Refusal(ValueError):
    """A caller asked for something that makes no sense. The database is not at fault."""


class Database:
    """One connection. Several threads may use it: a transaction of one ends before that of another begins.

    Attributes:
        working: whether this process works on a run. Then errors say how to go on with that run.
        run: the run to resume after an error; None while there is nothing to resume.
        closed: whether `close` was called.
    """

    def __init__(self, given: str | None, content: Content, *, patience: float | None = None) -> None:
        """Open the journal, and make its `content` ready.

        `patience` is seconds to wait for other processes, if the default is too long. Raises JournalUnusable.
        """
        self._content = content
        self.location = locate(given)
        self.dialect = dialect_of(self.location.url)
        self.working = False
        self.run: str | None = None
        self.closed = False
        self._rescue: str | None = None  # where what is committed goes, once the database is gone
        self._turn = RLock()  # held by the thread that uses the connection
        prepare(self.location)
        self._engine = self.dialect.engine(self.location.url, patience=patience)
        with ExitStack() as undo:
            undo.callback(self._engine.dispose)
            with self._failing_as(JournalUnusable, looking=False):
                self._connection = undo.enter_context(self._engine.connect())
            self._ensure_tables()
            self._upkeep = self.dialect.upkeep(self._engine, self._connection, self.location)
            undo.pop_all()

    @property
    def is_kept(self) -> bool:
        """Whether what is committed outlives this process. Raises JournalUnusable."""
        with self._turn, self._failing_as(JournalUnusable):
            return self.dialect.is_kept(self._connection)

    @property
    def changed(self) -> int:
        """How many rows were changed since it was opened."""
        return self._upkeep.changed

    def close(self) -> None:
        """Close the connection. What was not committed is lost.

        If the file was deleted, moved or replaced during a run, what it held is saved beside its place.
        Raises JournalWriteFailed if that fails, or the last sync.
        """
        self.closed = True
        try:
            self._save_if_lost()
            with self._failing_as(JournalWriteFailed, "written"):
                self._upkeep.close()
        finally:
            self._connection.close()
            self._engine.dispose()

    def _save_if_lost(self) -> None:
        if self.working and self._rescue is not None:
            with self._failing_as(JournalWriteFailed, f"saved to {self._rescue}"):
                self._upkeep.save(self._rescue)

    def sync(self) -> None:
        """Make all commits safe from a power cut. From now on, each commit is safe about a second later.

        Waits for the disk, and may be called from any thread. Raises JournalWriteFailed.
        """
        with self._failing_as(JournalWriteFailed, "written"):
            self._upkeep.sync()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read one consistent state.

        If the database fails, raises JournalUnusable; during a run it is JournalWriteFailed, which stops the
        run, because a run cannot go on with a journal that cannot be read.
        """
        failure = JournalWriteFailed if self.working else JournalUnusable
        with (
            self._turn,
            self._failing_as(failure, "read"),
            self.dialect.begin(self._connection, write=False),
        ):
            yield self._connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Commit all that is done within, or nothing. Raises JournalWriteFailed if the database fails."""
        with self._turn:
            with (
                self._failing_as(JournalWriteFailed, "written"),
                self.dialect.begin(self._connection, write=True),
            ):
                yield self._connection
            self._committed()

    @contextmanager
    def write_unreferenced(self) -> Iterator[Connection]:
        """Do the same, for the deletion of rows to which the caller knows that nothing refers.

        The database does not look for references, because it would read a whole table for each row.
        """
        with self._turn, self.dialect.unreferenced(self._connection), self.write() as connection:
            yield connection

    def prepared(self, statement: Insert | Update, names: Sequence[str]) -> Prepared:
        """Prepare a statement that takes its values in the order of `names`."""
        return Prepared(statement, names, self._engine.dialect)

    def query(self, statement: Select[Any], names: Sequence[str]) -> Query:
        """Prepare a SELECT that takes its values in the order of `names`."""
        return Query(statement, names, self._engine.dialect)

    def write_rows(self, *work: tuple[Prepared, Sequence[Sequence[Any]]]) -> list[int]:
        """Run statements on rows in one transaction. Returns how many rows each statement has changed.

        Raises JournalWriteFailed if the database fails. Then nothing is changed.
        """
        with self._turn:
            with (
                self._failing_as(JournalWriteFailed, "written"),
                self.dialect.direct(self._connection) as cursor,
            ):
                changed = [statement.run(cursor, rows) for statement, rows in work]
            self._committed()
        return changed

    def _committed(self) -> None:
        """Report a commit to the upkeep. Raises JournalWriteFailed if it failed, or the file is gone."""
        with self._failing_as(JournalWriteFailed, "written"):
            self._upkeep.committed()
        self._rescue = self._upkeep.lost()
        if self._rescue is not None:
            raise JournalWriteFailed(
                f"The journal {self.location} was deleted, moved or replaced while the run used it. "
                f"{self._stopped_for_good(self._rescue)}"
            )

    @contextmanager
    def _failing_as(
        self, failure: type[BatchgwError], done: str = "used", *, looking: bool = True
    ) -> Iterator[None]:
        """Turn an error of the database into a `failure` that says what could not be `done`.

        If the journal is damaged, the message names the place. `looking` False says not to search for it.
        """
        try:
            yield
        except (BatchgwError, Refusal):
            raise
        except (DBAPIError, self.dialect.driver_error, OSError, *_UNREADABLE) as error:
            of_rows = not self._is_the_database_s(error) or self.dialect.is_misread(error)
            where = None
            if looking and (of_rows or self.dialect.may_be_misread(error)):
                where = self._first_damage()
            if of_rows or where:
                raise failure(self._damaged(done, where or _short(error))) from error
            reason = self.dialect.reason(error)
            if reason is None:
                raise
            cure = (
                self._going_on()
                if failure is JournalWriteFailed
                else "Mend that, or name another (--journal)."
            )
            raise failure(f"The journal {self.location} cannot be {done}: {reason}. {cure}") from error

    def _is_the_database_s(self, error: Exception) -> bool:
        return isinstance(error, DBAPIError | self.dialect.driver_error | OSError)

    def check_whole(self) -> None:
        """Check that no row refers to a missing row, because then a part of a run would be skipped.

        Raises JournalUnusable if one does.
        """
        with self._turn, self._failing_as(JournalUnusable, "read"):
            if orphan := self._orphan():
                raise ValueError(orphan)

    def _orphan(self) -> str | None:
        found = self.dialect.broken_reference(self._connection)
        return found and f"{found}: what it belongs to is not there"

    def _damaged(self, done: str, where: str) -> str:
        """The message for a journal that holds something that batchgw did not write."""
        return (
            f"The journal {self.location} cannot be {done}: it holds what batchgw did not write, so it "
            f"is damaged ({where}). Restore it from a copy, or name another (--journal); `batchgw plan` "
            "shows what is still to be done."
        )

    def _first_damage(self) -> str | None:
        try:
            rows = partial(self.dialect.stored_rows, self._connection)
            return self._content.first_damage(rows, self._engine.dialect) or self._orphan()
        except (self.dialect.driver_error, *_UNREADABLE):  # the tables themselves are damaged, too
            return None

    def _stopped_for_good(self, rescue: str) -> str:
        if self.run is None:
            return "The run had no plan in it yet, so nothing was changed: give the same command again."
        return (
            f"The run stops, and what the journal held is saved to {rescue}: go on with `batchgw resume "
            f"{self.run} --journal {rescue}`."
        )

    def _going_on(self) -> str:
        if self.run is None:
            return (
                "The run had no plan in it yet, so nothing was changed. Mend that (make room, give access), "
                "then give the same command again."
            )
        return (
            "What it has acknowledged is kept, and no call is sent that it could not remember. Mend that "
            f"(make room, give access), then go on with `batchgw resume {self.run}`."
        )

    def _ensure_tables(self) -> None:
        with self.read() as connection:
            if self._content.is_ready(connection, str(self.location)):
                return
        with self._failing_as(JournalUnusable), self.dialect.begin(self._connection, write=True):
            self._content.make_ready(self._connection, str(self.location))


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return text if text.startswith("table ") else f"{type(error).__name__}: {text}"
