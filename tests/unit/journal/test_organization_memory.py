"""What one command found of an organisation is there for the next, and is never worth a failure."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import get_ident

import pytest

from batchgw.journal import JSON, Fact, FactKind, Journal, open_journal
from batchgw.journal.organization_memory import LONGEST
from batchgw.journal.sql.memory.organization import PAGE, SqlOrganizationMemory
from batchgw.journal.sql.tables.images import BATCH
from tests.unit.journal.conftest import NOON, Opening
from tests.unit.journal_plans import place

pytestmark = pytest.mark.anyio

ONE: dict[str, JSON] = {"id": "111111111111", "name": "pay/ments \\ \x00", "ou": ["Prod", "Ünit"]}
TWO: dict[str, JSON] = {"id": "222222222222"}
READER = "o-1 by role/Reader"


async def test_facts_are_there_for_the_next_one(journal: Journal, another: Opening) -> None:
    memory = await journal.organization_memory(reader=READER)
    assert await memory.facts(FactKind.TAGS) == {}
    assert await memory.keep(FactKind.TAGS, {"1": {"tier": "a"}, "2\x00": {"tier": "b"}}, at=NOON)
    async with another(clock=lambda: NOON + 60) as second:
        later = await second.organization_memory(reader=READER)
        assert await later.keep(FactKind.TAGS, {"1": {"tier": "c"}}, at=NOON + 60)
        assert await later.facts(FactKind.TAGS) == {
            "1": Fact(body={"tier": "c"}, at=NOON + 60),
            "2\x00": Fact(body={"tier": "b"}, at=NOON),
        }
        assert await later.facts(FactKind.REGIONS) == {}


async def test_one_fact_is_found_by_its_name(journal: Journal) -> None:
    memory = await journal.organization_memory(reader=READER)
    await memory.keep(FactKind.API, {"a\x00": ONE, "b": TWO}, at=NOON)
    assert await memory.fact(FactKind.API, "a\x00") == Fact(body=ONE, at=NOON)
    assert await memory.fact(FactKind.API, "c") is None
    assert await memory.fact(FactKind.ACCOUNT, "b") is None
    assert await (await journal.organization_memory(reader="another")).fact(FactKind.API, "b") is None


async def test_readers_are_those_that_found_something_the_last_ones_first(journal: Journal) -> None:
    assert await journal.organization_readers() == []
    for reader, at in (("early", NOON), ("late \x00", NOON + 60), ("early", NOON + 30)):
        memory = await journal.organization_memory(reader=reader)
        await memory.keep(FactKind.TAGS, {f"{at}": {}}, at=at)
    assert await journal.organization_readers() == ["late \x00", "early"]


async def test_readers_do_not_see_what_others_found(journal: Journal) -> None:
    """Another role may see less of the organisation."""
    await (await journal.organization_memory(reader=READER)).keep_list(FactKind.ACCOUNT, {"1": ONE}, at=NOON)
    other = await journal.organization_memory(reader="o-1 by role/Other")
    assert (await other.facts(FactKind.ACCOUNT), await other.listed(FactKind.ACCOUNT)) == ({}, None)


async def test_a_list_replaces_the_one_before_and_keeps_its_order(journal: Journal, another: Opening) -> None:
    memory = await journal.organization_memory(reader=READER)
    assert await memory.listed(FactKind.ACCOUNT) is None
    assert await memory.keep_list(FactKind.ACCOUNT, {"1": ONE, "2": TWO, "3": {}}, at=NOON)
    async with another(clock=lambda: NOON + 60) as second:
        later = await second.organization_memory(reader=READER)
        assert await later.keep_list(FactKind.ACCOUNT, {"2": TWO, "1": ONE}, at=NOON + 60)
    found = await memory.listed(FactKind.ACCOUNT)
    assert found is not None
    assert list(found.items()) == [("2", Fact(body=TWO, at=NOON + 60)), ("1", Fact(body=ONE, at=NOON + 60))]


async def test_an_empty_list_is_a_list(journal: Journal) -> None:
    memory = await journal.organization_memory(reader=READER)
    assert await memory.keep_list(FactKind.UNIT, {}, at=NOON)
    assert await memory.listed(FactKind.UNIT) == {}


async def test_facts_of_many_pages(journal: Journal) -> None:
    memory = await journal.organization_memory(reader=READER)
    many: dict[str, dict[str, JSON]] = {str(n): {"n": n} for n in range(2 * PAGE + 1)}
    assert await memory.keep_list(FactKind.ACCOUNT, many, at=NOON)
    found = await memory.listed(FactKind.ACCOUNT)
    assert found is not None
    assert {name: fact.body for name, fact in found.items()} == many


async def test_a_list_of_which_a_part_is_missing_is_none(tmp_path: Path) -> None:
    """A process was killed while it wrote, or another one replaces the list."""
    async with open_journal(place(tmp_path), clock=lambda: NOON) as journal:
        memory = await journal.organization_memory(reader=READER)
        await memory.keep_list(FactKind.ACCOUNT, {"1": ONE, "2": TWO}, at=NOON)
        _sql(tmp_path, "DELETE FROM organization WHERE kind = 'account' AND name = '2'")
        assert await memory.listed(FactKind.ACCOUNT) is None
        await memory.keep_list(FactKind.ACCOUNT, {"1": ONE, "2": TWO}, at=NOON)
        _sql(tmp_path, "UPDATE organization SET at = at + 1 WHERE kind = 'account' AND name = '2'")
        assert await memory.listed(FactKind.ACCOUNT) is None


async def test_what_is_old_is_dropped(tmp_path: Path) -> None:
    async with open_journal(place(tmp_path), clock=lambda: NOON) as journal:
        await (await journal.organization_memory(reader=READER)).keep(FactKind.TAGS, {"1": ONE}, at=NOON)
    async with open_journal(place(tmp_path), clock=lambda: NOON + LONGEST + 1) as journal:
        memory = await journal.organization_memory(reader="another")
        await memory.keep_list(FactKind.ACCOUNT, {}, at=NOON + LONGEST)
    assert _sql(tmp_path, "SELECT count(*) FROM organization WHERE kind = 'tags'") == [(0,)]


async def test_what_is_old_is_dropped_in_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row is looked at: that of a night's 60,000 APIs takes 20 ms, to drop them some 100 ms."""
    many: dict[str, dict[str, JSON]] = {f"{number}": {} for number in range(3 * BATCH)}
    async with open_journal(place(tmp_path), clock=lambda: NOON) as journal:
        await (await journal.organization_memory(reader=READER)).keep(FactKind.API, many, at=NOON)
    threads: list[int] = []
    drop = SqlOrganizationMemory._drop_old

    def watched(memory: SqlOrganizationMemory) -> None:
        threads.append(get_ident())
        drop(memory)

    monkeypatch.setattr(SqlOrganizationMemory, "_drop_old", watched)
    async with open_journal(place(tmp_path), clock=lambda: NOON + LONGEST + 1) as journal:
        memory = await journal.organization_memory(reader="another")
        for name in ("a", "b"):
            assert await memory.keep(FactKind.API, {name: {}}, at=NOON + LONGEST)
        assert await journal.organization_readers() == ["another"]
    assert len(threads) == 1
    assert threads[0] != get_ident()


async def test_a_damaged_fact_is_none(tmp_path: Path) -> None:
    trouble: list[str] = []
    async with open_journal(place(tmp_path), clock=lambda: NOON) as journal:
        memory = await journal.organization_memory(reader=READER, trouble=trouble.append)
        await memory.keep(FactKind.API, {"1": ONE}, at=NOON)
        _sql(tmp_path, "UPDATE organization SET body = '['")
        assert await memory.fact(FactKind.API, "1") is None
    assert len(trouble) == 1


@pytest.mark.parametrize("damage", ["body = '['", "at = 'x'", "kind = 1"])
async def test_damage_is_told_once_and_ends_nothing(tmp_path: Path, damage: str) -> None:
    trouble: list[str] = []
    async with open_journal(place(tmp_path), clock=lambda: NOON) as journal:
        memory = await journal.organization_memory(reader=READER, trouble=trouble.append)
        await memory.keep_list(FactKind.ACCOUNT, {"1": ONE}, at=NOON)
        _sql(tmp_path, f"UPDATE organization SET {damage} WHERE kind = 'account'")  # noqa: S608 - our own
        for _ in range(2):
            assert await memory.listed(FactKind.ACCOUNT) is None
        assert len(trouble) == (0 if damage.startswith("kind") else 1)


async def test_a_database_that_is_gone_is_told_once(tmp_path: Path) -> None:
    trouble: list[str] = []
    async with open_journal(place(tmp_path), clock=lambda: NOON) as journal:
        memory = await journal.organization_memory(reader=READER, trouble=trouble.append)
        _sql(tmp_path, "DROP TABLE organization")
        assert not await memory.keep(FactKind.TAGS, {"1": ONE}, at=NOON)
        assert not await memory.keep_list(FactKind.TAGS, {"1": ONE}, at=NOON)
        assert await memory.facts(FactKind.TAGS) == {}
    assert len(trouble) == 1
    assert "organization" in trouble[0]


def _sql(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(place(folder))) as connection:
        found = connection.execute(statement).fetchall()
        connection.commit()
    return found
