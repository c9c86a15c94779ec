"""What deployments answer with, read once and remembered for all commands. The table `deployed`.

Unlike the rest of the journal it may be lost: a deployment can be read again. So nothing that fails here ends
a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import bindparam, select

from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.memory.trying import Trying
from batchgw.journal.sql.tables.columns import canonical, escaped
from batchgw.journal.sql.tables.schema import deployed
from batchgw.model import RestApi

_KEY: Final = ("account", "region", "api", "deployment")
_ROW: Final = (*_KEY, "digests", "at")
_FIND = select(deployed.c.digests).where(*(deployed.c[name] == bindparam(f"b_{name}") for name in _KEY))


class SqlLiveMemory:
    """See `live_memory.LiveMemory`.

    Args:
        database: the journal's.
        clock: seconds since the epoch.
        trouble: is told why nothing can be remembered, once.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], float],
        trouble: Callable[[str], None] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._trying = Trying(database, trouble)
        self._find = database.query(_FIND, [f"b_{name}" for name in _KEY])
        insert = database.dialect.insert_missing(deployed)
        self._insert = database.prepared(insert.values({name: bindparam(name) for name in _ROW}), _ROW)

    async def recall(self, api: RestApi, deployment: str) -> Mapping[str, str] | None:
        """Give the digests of a deployment."""
        found: list[Mapping[str, str]] = []

        def read() -> None:
            with self._database.read() as connection:
                rows = self._find.run(connection.connection.cursor(), _key(api, deployment))
                found.extend(row[0] for row in rows)

        return found[0] if self._trying.tried(read) and found else None

    async def keep(self, api: RestApi, deployment: str, digests: Mapping[str, str]) -> None:
        """Remember them."""

        def write() -> None:
            with self._database.write() as connection:
                row = (*_key(api, deployment), canonical(dict(digests)), self._clock())
                self._insert.run(connection.connection.cursor(), [row])

        self._trying.tried(write)


def _key(api: RestApi, deployment: str) -> tuple[str, ...]:
    return tuple(map(escaped, (api.scope.account, api.scope.region, api.id, deployment)))
