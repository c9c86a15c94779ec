"""Uses the database for what may be lost: an error is told once, and ends nothing."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from batchgw.concurrency.time_slices import in_thread
from batchgw.errors import BatchgwError
from batchgw.journal.sql.database.connection import Database


class Trying:
    """Tries to read and write. `trouble` is told why nothing can be remembered, once."""

    def __init__(self, database: Database, trouble: Callable[[str], None] | None) -> None:
        self._database = database
        self._trouble = trouble

    @property
    def untold(self) -> bool:
        """Whether somebody wants to hear of trouble, and has not yet."""
        return self._trouble is not None

    def tried(self, attempt: Callable[[], None]) -> bool:
        """Tell whether an attempt succeeds."""
        try:
            attempt()
        except self._failures as error:
            self._tell(error)
            return False
        return True

    async def tried_in_thread(self, attempt: Callable[[], None]) -> bool:
        """Tell the same of an attempt that takes long. Other tasks run meanwhile."""
        try:
            await in_thread(attempt)
        except self._failures as error:
            self._tell(error)
            return False
        return True

    @property
    def _failures(self) -> tuple[type[Exception], ...]:
        unreadable_row = ValueError
        return (BatchgwError, SQLAlchemyError, self._database.dialect.driver_error, unreadable_row)

    def _tell(self, error: Exception) -> None:
        if self._trouble is not None:
            self._trouble(self._reason(error))
            self._trouble = None

    def _reason(self, error: Exception) -> str:
        """Say what is wrong with the database: the journal's own errors speak of runs and how to resume."""
        cause = error.__cause__ if isinstance(error, BatchgwError) else error
        reason = self._database.dialect.reason(cause) if isinstance(cause, Exception) else None
        return reason or str(error.orig if isinstance(error, DBAPIError) else error)
