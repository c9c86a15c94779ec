"""Which runs may be deleted: what the rows of other runs say about that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select

from batchgw.journal.pruning import KeptFor, PrunePart, ToPrune, first_reason, is_unfinished, may_work
from batchgw.journal.records import RunRecord
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.runs import Runs
from batchgw.journal.sql.tables.images import batches
from batchgw.journal.sql.tables.schema import apis, changes, runs, scopes
from batchgw.model import AccountId, Action

_newer_apis, _newer = apis.alias("newer_apis"), changes.alias("newer")
TOUCHED: Final = and_(
    changes.c.action != Action.NO_OP.value,
    or_(changes.c.kind == "applied", changes.c.intended_at.is_not(None)),
)
"""A run has made the change, or may have: see `records.TracedChange.touched`."""

_NEEDED: Final = (
    select(changes.c.id)
    .select_from(apis.join(changes))
    .where(
        apis.c.scope_id == bindparam("scope"),
        TOUCHED,
        ~exists().where(
            _newer_apis.c.scope_id.in_(bindparam("newer", expanding=True)),
            _newer_apis.c.api == apis.c.api,
            _newer.c.api_id == _newer_apis.c.id,
            _newer.c.change == changes.c.change,
            _newer.c.target == changes.c.target,
            _newer.c.action != Action.NO_OP.value,
            _newer.c.kind == "applied",
        ),
    )
    .limit(1)
)
"""A change of a scope that no newer run has made anew."""

_NEWER_SCOPES: Final = (
    select(scopes.c.id)
    .select_from(runs.join(scopes))
    .where(
        runs.c.id > bindparam("run"),
        scopes.c.account == bindparam("account"),
        scopes.c.region == bindparam("region"),
    )
    .order_by(runs.c.id.desc())
)
_shared = scopes.alias("shared")


class Choosing:
    """Looks through the runs. It reads a scope at a time, so nobody waits for it."""

    def __init__(self, database: Database, all_runs: Runs, clock: Callable[[], float]) -> None:
        self._database = database
        self._runs = all_runs
        self._clock = clock

    def parts(self, wanted: ToPrune) -> list[PrunePart]:
        """Give the runs that are meant, the oldest first."""
        now = self._clock()
        found = self._runs.claimed()
        busy = {run.id for run, claimed in found if claimed and may_work(run.holder, now)}
        stay = [
            run
            for run, _ in found
            if is_unfinished(run) and (run.id not in wanted.runs or run.id in busy or wanted.accounts)
        ]
        parts = []
        for run, _ in found:
            if wanted.means(run):
                part = self._part(run, wanted, under_way=run.id in busy, unfinished=stay)
                if part is not None:
                    parts.append(part)
        return parts

    def _part(
        self, run: RunRecord, wanted: ToPrune, *, under_way: bool, unfinished: Sequence[RunRecord]
    ) -> PrunePart | None:
        """Look at one run; None where it has nothing of the accounts."""
        key = self._runs.key(run.id)
        own = self._scopes(key, wanted.accounts)
        if wanted.accounts and not own:
            return None
        targets = self._targets(key, wanted.accounts) if wanted.accounts else run.totals.expected
        kept = first_reason(run, wanted=wanted, under_way=under_way, unfinished=unfinished)
        if kept is None:
            kept = self._needed_by_older(key, unfinished, wanted.accounts)
        needed = kept is None and run.planned and any(self._is_needed(key, *scope) for scope in own)
        if needed and not wanted.forget_rollback:
            kept = KeptFor.ROLLBACK, None
        return PrunePart(
            run=run,
            accounts=wanted.accounts,
            targets=targets,
            kept=kept and kept[0],
            by=kept and kept[1],
            loses_rollback=needed and wanted.forget_rollback,
        )

    def _scopes(self, key: int, accounts: Collection[AccountId]) -> list[tuple[int, str, str]]:
        columns = (scopes.c.id, scopes.c.account, scopes.c.region)
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).where(of_run(key, accounts)))
            return [(row.id, row.account, row.region) for row in rows]

    def _targets(self, key: int, accounts: Collection[AccountId]) -> int:
        counting: Select[Any] = select(func.count()).select_from(scopes.join(apis).join(changes))
        with self._database.read() as connection:
            found: int = connection.execute(counting.where(of_run(key, accounts))).scalar_one()
        return found

    def _needed_by_older(
        self, key: int, unfinished: Sequence[RunRecord], accounts: Collection[AccountId]
    ) -> tuple[KeptFor, str] | None:
        """Find an older run that can be resumed where this one has decided something."""
        for each in unfinished:
            older = self._runs.key(each.id)
            if older >= key:
                continue
            same = (_shared.c.account == scopes.c.account) & (_shared.c.region == scopes.c.region)
            both = select(scopes.c.id).select_from(scopes.join(_shared, same))
            with self._database.read() as connection:
                where = (of_run(key, accounts), _shared.c.run_id == older)
                if connection.scalar(both.where(*where).limit(1)) is not None:
                    return KeptFor.NEWER, each.id
        return None

    def _is_needed(self, key: int, scope: int, account: str, region: str) -> bool:
        """Tell whether a rollback would still take something back in a scope."""
        with self._database.read() as connection:
            of = {"run": key, "account": account, "region": region}
            newer = list(connection.scalars(_NEWER_SCOPES, of))
            return connection.scalar(_NEEDED, {"scope": scope, "newer": newer}) is not None


def of_run(key: int, accounts: Collection[AccountId]) -> ColumnElement[bool]:
    """Tell the scopes of a run, or those of some accounts in it."""
    of_accounts = [scopes.c.account.in_(some) for some in batches(sorted(accounts))]
    return and_(scopes.c.run_id == key, or_(*of_accounts)) if accounts else scopes.c.run_id == key
