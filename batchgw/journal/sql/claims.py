"""Which process works on a run. The run's row names it, from its beginning until it releases the run."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Update, select, update

from batchgw.journal.holder import this_process
from batchgw.journal.locks import refuse_run_held
from batchgw.journal.records import RunState
from batchgw.journal.sql.tables.schema import holder_of, runs


class Claims:
    """The runs this process works on. Its rows, of runs and of locks, carry its `token`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.token = secrets.token_hex(16)
        self.any = False  # whether there is something to release

    def columns(self) -> dict[str, Any]:
        """Give the columns that name this process, from now on, as the holder of a run or a lock."""
        self.any = True
        return {**asdict(this_process(self._clock())), "token": self.token}

    def check(self, connection: Connection, run: int, *, unknown_refused: bool = False) -> RunState:
        """Return the state of a run, if this process may work on it.

        Raises ScopeLocked if another process works on it that is alive; with `unknown_refused`, also if
        nobody knows whether that process is alive.
        """
        row = connection.execute(select(runs).where(runs.c.id == run)).one()
        state = RunState(row.state)
        if row.token not in (None, self.token):
            refuse_run_held(row.name, state, holder_of(row), unknown_refused=unknown_refused)
        return state

    def take(self, connection: Connection, run: int, *, unknown_refused: bool = False) -> RunState:
        """Make the run this process's own; give its state. Raises as `check` does."""
        state = self.check(connection, run, unknown_refused=unknown_refused)
        connection.execute(update(runs).where(runs.c.id == run).values(self.columns()))
        return state

    def beat(self, connection: Connection, run: int) -> None:
        """Renew the sign of life."""
        connection.execute(self._own(run).values(heartbeat=self._clock()))

    def release(self, connection: Connection, run: int) -> None:
        """Let other processes work on the run."""
        connection.execute(self._own(run).values(token=None))

    def release_all(self, connection: Connection) -> None:
        """Release every run of this process."""
        connection.execute(update(runs).where(runs.c.token == self.token).values(token=None))

    def _own(self, run: int) -> Update:
        return update(runs).where(runs.c.id == run, runs.c.token == self.token)
