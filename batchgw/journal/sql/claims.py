"""Which process works on a run. It says so in the run's row, and lets go of it when it is through."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Update, select, update

from batchgw.errors import ScopeLocked
from batchgw.journal.holder import Liveness, this_process
from batchgw.journal.records import RunState
from batchgw.journal.sql.tables.schema import holder_of, runs


class Claims:
    """The runs this process works on. `token` marks what is its own, in runs and in locks."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.token = secrets.token_hex(16)
        self.any = False  # whether there is something to let go of

    def columns(self) -> dict[str, Any]:
        """Give the columns that say, of a run or of a lock: this process, from now on."""
        self.any = True
        return {**asdict(this_process(self._clock())), "token": self.token}

    def check(self, connection: Connection, run: int, *, doubtful: bool = True) -> RunState:
        """Give the state of a run that this process may work on.

        Raises ScopeLocked while another process that is alive works on it; unless `doubtful`, also when that
        cannot be told of it.
        """
        row = connection.execute(select(runs).where(runs.c.id == run)).one()
        state = RunState(row.state)
        if row.token in (None, self.token):
            return state
        holder = holder_of(row)
        liveness = holder.liveness()
        if liveness is Liveness.DEAD or (liveness is Liveness.UNKNOWN and doubtful):
            return state
        seems = "is" if liveness is Liveness.ALIVE else "may still be"
        raise ScopeLocked(
            f"Run {row.name} {seems} {state} in another process ({holder}), and two must not work on one "
            "run. Wait for that one, or stop it."
        )

    def take(self, connection: Connection, run: int, *, doubtful: bool = True) -> RunState:
        """Make the run this process's own; give its state. Raises as `check` does."""
        state = self.check(connection, run, doubtful=doubtful)
        connection.execute(update(runs).where(runs.c.id == run).values(self.columns()))
        return state

    def beat(self, connection: Connection, run: int) -> None:
        """Note a sign of life."""
        connection.execute(self._own(run).values(heartbeat=self._clock()))

    def let_go(self, connection: Connection, run: int) -> None:
        """Leave the run to whoever wants it."""
        connection.execute(self._own(run).values(token=None))

    def let_go_of_all(self, connection: Connection) -> None:
        """Leave every run of this process."""
        connection.execute(update(runs).where(runs.c.token == self.token).values(token=None))

    def _own(self, run: int) -> Update:
        return update(runs).where(runs.c.id == run, runs.c.token == self.token)
