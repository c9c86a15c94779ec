"""How SQLite keeps a plan and reads it back: what is stored once, in which pieces, at which cost."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.sql import ClauseElement

from batchgw.journal import Journal, open_journal
from batchgw.journal.sql.reading import OUTCOMES, PAGE
from batchgw.model import Action, GatewayResponse, PlannedApi, ResponseChange, ResponseType, Settings
from tests.unit.journal_plans import (
    NEW_RUN,
    THERE,
    begun,
    create,
    import_plan,
    listed,
    no_op,
    place,
    planned,
    reset,
    update,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with open_journal(place(tmp_path)) as journal:
        yield journal


def count(folder: Path, table: str) -> int:
    with sqlite3.connect(place(folder)) as connection:
        (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a test's own word
    connection.close()
    return int(rows)


async def test_equal_images_are_stored_once(journal: Journal, tmp_path: Path) -> None:
    """WANTED after; before: WANTED, the 599 and the default. No more by a second run or a second process."""
    await begun(journal, *(planned(n, create(), update(), reset(), no_op()) for n in range(50)))
    await begun(journal, planned(1, update()))
    async with open_journal(place(tmp_path)) as other:
        await begun(other, planned(1, update()))
    assert count(tmp_path, "images") == 4


async def test_images_are_the_same_in_any_order_of_keys(journal: Journal, tmp_path: Path) -> None:
    """One before, and one after both changes."""
    one, other = {"gatewayresponse.header.A": "'1'", "gatewayresponse.header.B": "'2'"}, {}
    for key in reversed(one):
        other[key] = one[key]
    changes = [
        replace(update(type_), after=Settings(parameters=after))
        for type_, after in ((ResponseType.DEFAULT_4XX, one), (ResponseType.DEFAULT_5XX, other))
    ]
    await begun(journal, planned(1, *changes))
    assert count(tmp_path, "images") == 2


async def test_large_templates_do_not_gather_in_memory_until_a_chunk_has_all_its_rows(
    journal: Journal, tmp_path: Path
) -> None:
    """30 templates of 300,000 characters are 9 million: more than a chunk takes, so one is committed."""
    seen: list[int] = []

    def items() -> Iterator[PlannedApi]:
        for n in range(30):
            text = Settings(templates={"text/plain": f"{n:06d}" * 50_000})
            before = GatewayResponse(type=ResponseType.THROTTLED, settings=text, default_response=False)
            yield planned(n, ResponseChange(type=before.type, action=Action.RESET, before=before, after=None))
            seen.append(count(tmp_path, "apis"))

    await import_plan(await journal.begin(NEW_RUN), items())
    assert max(seen) > 0


@pytest.mark.parametrize("types", [1, 2, 21])
async def test_a_page_holds_as_many_apis_as_their_outcomes_let_it(journal: Journal, types: int) -> None:
    """Whatever the number of types, so many outcomes at most are read while others wait."""
    types_ = list(ResponseType)[:types]
    run = await begun(journal, *(planned(n, *map(no_op, types_)) for n in range(700)))
    pages = [len(page) async for page in run.outcome_pages()]
    assert sum(pages) == 700 * types
    assert max(pages) <= OUTCOMES
    assert len(pages) <= 3 + 700 * types / min(OUTCOMES - types, PAGE * types)


async def test_nothing_is_compiled_any_more_when_scopes_are_counted_and_outcomes_read(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To compile a statement takes up to 2 ms, and a run's end would be one long step."""
    run = await begun(journal, planned(1), planned(2, scope=THERE))
    compiled: list[object] = []
    compiler = ClauseElement._compiler

    def noted(self: ClauseElement, *given: Any, **named: Any) -> Any:
        compiled.append(self)
        return compiler(self, *given, **named)

    monkeypatch.setattr(ClauseElement, "_compiler", noted)
    assert len(await listed(run.scope_counts())) == 2
    assert await listed(run.outcomes()) == []
    assert await listed(run.outcomes(kinds=frozenset({"failed"}))) == []
    assert compiled == []
    await journal.find(run.id)  # which no run's loop does
    assert compiled
