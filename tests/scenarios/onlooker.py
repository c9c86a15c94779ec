"""Looks into a run's journal, as another process would, when a write arrives and when it has ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import anyio

from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import DeleteGatewayResponse, PutGatewayResponse
from tests.scenarios.estate import Estate

INTENDED = """
    SELECT count(*) FROM changes JOIN apis ON apis.id = changes.api_id
    WHERE apis.api = ? AND changes.target = ?
    AND changes.intended_at IS NOT NULL AND changes.decided_at IS NULL
"""

IN_DOUBT = """
    SELECT count(*) FROM changes
    JOIN apis ON apis.id = changes.api_id JOIN scopes ON scopes.id = apis.scope_id
    WHERE scopes.account = ? AND scopes.region = ?
    AND changes.intended_at IS NOT NULL AND changes.decided_at IS NULL
"""


class Onlooker:
    """A plane that reads the journal, as another process would, whenever a write arrives.

    Attributes:
        writes: how many writes have arrived.
        last_write: when the last one did.
        cut_off: how many were cancelled before they were answered.
        in_doubt: the largest number of changes of one scope that were in doubt at a time.
        unknown: writes without an intent in the journal.
        forgotten: writes without one when they had ended.
    """

    def __init__(self, estate: Estate, journal: Path) -> None:
        self._inner = estate.raw
        self.current_account = estate.raw.current_account
        self._file = journal
        self.writes = 0
        self.last_write = 0.0
        self.cut_off = 0
        self.in_doubt = 0
        self.unknown: list[Request[object]] = []
        self.forgotten: list[Request[object]] = []

    @contextmanager
    def looking(self) -> Iterator[None]:
        with closing(sqlite3.connect(self._file)) as self._connection:
            yield

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        write = request if isinstance(request, PutGatewayResponse | DeleteGatewayResponse) else None
        with nullcontext() if write is None else self._looking_at(write):
            return await self._inner.send(request, execution)

    @contextmanager
    def _looking_at(self, write: PutGatewayResponse | DeleteGatewayResponse) -> Iterator[None]:
        self.writes += 1
        self.last_write = anyio.current_time()
        if not self._is_intended(write):
            self.unknown.append(write)
        (in_doubt,) = self._connection.execute(IN_DOUBT, (write.scope.account, write.scope.region)).fetchone()
        self.in_doubt = max(self.in_doubt, in_doubt)
        try:
            yield
        except anyio.get_cancelled_exc_class():
            self.cut_off += 1
            raise
        finally:
            if not self._is_intended(write):
                self.forgotten.append(write)

    def _is_intended(self, write: PutGatewayResponse | DeleteGatewayResponse) -> bool:
        (known,) = self._connection.execute(INTENDED, (write.api, write.type.value)).fetchone()
        return bool(known)
