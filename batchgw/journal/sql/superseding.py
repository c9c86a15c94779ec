"""Which of a run's targets newer runs have decided. The run's resume must not overwrite those."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import bindparam, exists, select, update

from batchgw.journal.ranking import DECIDED, FINAL, RANKS
from batchgw.journal.records import SUPERSEDED, superseded_by
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.schema import apis, changes, runs, scopes

_old, _new = scopes.alias("old"), scopes.alias("new")
_PAIRS: Final = (
    select(_old.c.id, _new.c.id, runs.c.name)
    .select_from(
        _old.join(_new, (_new.c.account == _old.c.account) & (_new.c.region == _old.c.region)).join(
            runs, runs.c.id == _new.c.run_id
        )
    )
    .where(_old.c.run_id == bindparam("run"), _new.c.run_id > bindparam("run"))
    .order_by(_old.c.id, _new.c.id.desc())
)
"""Each scope of a run with the same one of each newer run, the newest first."""

_api, _newer_api, _newer = apis.alias("api"), apis.alias("newer_api"), changes.alias("newer")
_DECIDED_ANEW: Final = exists().where(
    _api.c.id == changes.c.api_id,
    _newer_api.c.scope_id == bindparam("new"),
    _newer_api.c.api == _api.c.api,
    _newer.c.api_id == _newer_api.c.id,
    _newer.c.change == changes.c.change,
    _newer.c.target == changes.c.target,
    _newer.c.rank >= FINAL,
)
_SKIP: Final = (
    update(changes)
    .where(
        changes.c.api_id.in_(select(apis.c.id).where(apis.c.scope_id == bindparam("old"))),
        changes.c.rank < DECIDED,
        _DECIDED_ANEW,
    )
    .values(
        rank=RANKS["skipped"],
        kind="skipped",
        code=SUPERSEDED,
        message=bindparam("why"),
        decided_at=bindparam("now"),
    )
)


def superseding(database: Database, run: int, *, now: float) -> Iterator[int]:
    """Skip what a newer run has applied or found unchanged, one pair of scopes at a time; give the counts."""
    with database.read() as connection:
        pairs = connection.execute(_PAIRS, {"run": run}).all()
    for old, new, name in pairs:
        why = superseded_by(name)
        with database.write() as connection:
            skipped = connection.execute(_SKIP, {"old": old, "new": new, "why": why, "now": now}).rowcount
        yield skipped
