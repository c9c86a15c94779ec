"""REST APIs that were found are kept page by page, and are never worth a failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from batchgw.discovery.found_apis import PAGE, READER, FoundApis, RecalledApi, keeping_apis, recalled_api
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
                    await kept.add(_api(number), asked=True)
        memory = await journal.organization_memory(reader=READER)
        assert len(await memory.facts(FactKind.API)) == count
        for number in (0, count - 1):
            owner_at = NOW if number else None
            recalled = RecalledApi(api=_api(number), at=NOW, owner_at=owner_at)
            assert await recalled_api(memory, _api(number).id, owner=True) == recalled


@pytest.mark.parametrize(("kind", "certain"), [("terraform", True), ("cloudformation", False)])
async def test_what_tags_tell_is_no_answer_where_calls_may_tell_more(
    tmp_path: Path, kind: str, *, certain: bool
) -> None:
    """A stack may be of CDK. What calls told earlier stands."""
    by_tags = replace(_api(1), owner=Owner(kind=kind))
    async with open_journal(place(tmp_path)) as journal:
        memory = await journal.organization_memory(reader=READER)
        kept = FoundApis(memory, lambda: NOW)
        await kept.add(by_tags, asked=False)
        await kept.flush()
        for owner, told in ((False, by_tags.owner), (True, by_tags.owner if certain else None)):
            found = await recalled_api(memory, by_tags.id, owner=owner)
            assert found is not None
            assert (found.api.owner, found.owner_at) == (told, None)
        for api, asked in ((_api(1), True), (by_tags, False)):
            await kept.add(api, asked=asked)
            await kept.flush()
        assert await recalled_api(memory, by_tags.id, owner=True) == RecalledApi(
            api=_api(1), at=NOW, owner_at=NOW
        )


async def test_what_waits_is_kept_when_discovery_fails(tmp_path: Path) -> None:
    async with open_journal(place(tmp_path)) as journal:

        async def failing() -> None:
            async with keeping_apis(Remembering(open=_opening(journal))) as kept:
                await kept.add(_api(1), asked=True)
                raise LookupError

        with pytest.raises(LookupError):
            await failing()
        memory = await journal.organization_memory(reader=READER)
        assert await recalled_api(memory, _api(1).id, owner=False) is not None


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
            await kept.add(_api(number), asked=True)
        await kept.flush()
        assert tries == [PAGE]  # and no owners either


async def test_what_is_no_api_counts_as_not_found(tmp_path: Path) -> None:
    async with open_journal(place(tmp_path)) as journal:
        memory = await journal.organization_memory(reader=READER)
        await memory.keep(FactKind.API, {"api1": {"name": "x"}}, at=NOW)
        assert await recalled_api(memory, RestApiId("api1"), owner=False) is None


async def test_without_a_memory_nothing_is_kept() -> None:
    async with keeping_apis(None) as kept:
        await kept.add(_api(1), asked=True)
