"""REST APIs that were found are kept page by page, and are never worth a failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from batchgw.discovery.found_apis import PAGE, READER, FoundApis, keeping_apis, recalled_api
from batchgw.discovery.organization.recollection import Remembering
from batchgw.journal import FactKind, Journal, OrganizationMemory, open_journal
from batchgw.model import AccountId, Owner, Region, RestApi, RestApiId, Scope
from tests.unit.journal_plans import place

pytestmark = pytest.mark.anyio

HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
NOW = 1_800_000_000.0


def _api(number: int) -> RestApi:
    return RestApi(
        scope=HERE,
        id=RestApiId(f"api{number}"),
        name="pay/ments \\ \x00",
        tags={"tier": "\ud800", "": "x"},
        endpoint_types=("EDGE",),
        created=NOW - number,
        owner=Owner(kind="cdk", name="Stack") if number else None,
    )


def _opening(journal: Journal) -> Callable[[str], Awaitable[OrganizationMemory]]:
    async def opened(reader: str) -> OrganizationMemory:
        return await journal.organization_memory(reader=reader)

    return opened


@pytest.mark.parametrize("count", [1, PAGE, 2 * PAGE + 1])
async def test_each_api_is_there_as_it_was_found_last(tmp_path: Path, count: int) -> None:
    async with open_journal(place(tmp_path)) as journal:
        remembering = Remembering(open=_opening(journal), clock=lambda: NOW)
        for _ in range(2):
            async with keeping_apis(remembering) as kept:
                for number in range(count):
                    await kept.add(_api(number))
        memory = await journal.organization_memory(reader=READER)
        assert len(await memory.facts(FactKind.API)) == count
        for number in (0, count - 1):
            found = await recalled_api(memory, _api(number).id)
            assert found is not None
            assert (found[0], found[1].at) == (_api(number), NOW)


async def test_what_waits_is_kept_when_discovery_fails(tmp_path: Path) -> None:
    async with open_journal(place(tmp_path)) as journal:

        async def failing() -> None:
            async with keeping_apis(Remembering(open=_opening(journal))) as kept:
                await kept.add(_api(1))
                raise LookupError

        with pytest.raises(LookupError):
            await failing()
        memory = await journal.organization_memory(reader=READER)
        assert await recalled_api(memory, _api(1).id) is not None


async def test_after_a_failure_nothing_more_is_tried(tmp_path: Path) -> None:
    """Each try may wait for another process."""
    async with open_journal(place(tmp_path)) as journal:
        memory = await journal.organization_memory(reader=READER)
        tries: list[int] = []

        class Failing:
            facts, fact, listed, keep_list = memory.facts, memory.fact, memory.listed, memory.keep_list

            async def keep(self, _kind: object, bodies: object, *, at: float) -> bool:
                del at
                tries.append(len(list(bodies)))  # type: ignore[call-overload]
                return False

        kept = FoundApis(Failing(), lambda: NOW)
        for number in range(3 * PAGE):
            await kept.add(_api(number))
        await kept.flush()
        assert tries == [PAGE]


async def test_what_is_no_api_counts_as_not_found(tmp_path: Path) -> None:
    async with open_journal(place(tmp_path)) as journal:
        memory = await journal.organization_memory(reader=READER)
        await memory.keep(FactKind.API, {"api1": {"name": "x"}}, at=NOW)
        assert await recalled_api(memory, RestApiId("api1")) is None


async def test_without_a_memory_nothing_is_kept() -> None:
    async with keeping_apis(None) as kept:
        await kept.add(_api(1))
