"""Listing: more APIs than a page holds, selection by name and tag."""

from __future__ import annotations

import pytest

import batchgw
from batchgw.model import Region, RestApi, Selection, Selector, Targets
from tests.integration.emulator import IRELAND, Emulator
from tests.integration.session import Calls, connected, paced

pytestmark = pytest.mark.asyncio


async def test_every_page_is_read(only_ministack: Emulator) -> None:
    """501 APIs: two pages of 500 at most, as AWS has them."""
    client = only_ministack.client()
    made = {client.create_rest_api(name=f"api-{n}")["id"] for n in range(501)}
    assert len(made) == 501
    found, calls = await _discovered(only_ministack, Selection())
    assert sorted(api.id for api in found) == sorted(made)
    assert calls == {"GetRestApis": 2}


async def test_apis_are_selected_by_name_and_tag(emulator: Emulator) -> None:
    client = emulator.client()
    ids = {
        name: client.create_rest_api(name=name, tags=tags)["id"]
        for name, tags in {
            "orders-eu": {"tier": "public"},
            "orders-us": {"tier": "internal"},
            "billing": {"tier": "public", "batchgw:exempt": "true"},
            "plain": {},
        }.items()
    }
    selection = Selection(
        include=(Selector(name="orders-*"), Selector(tags={"tier": "public"})),
        exclude=(Selector(tags={"batchgw:exempt": "true"}),),
    )
    found, _ = await _discovered(emulator, selection)
    assert {api.id: (api.name, dict(api.tags)) for api in found} == {
        ids["orders-eu"]: ("orders-eu", {"tier": "public"}),
        ids["orders-us"]: ("orders-us", {"tier": "internal"}),
    }


async def _discovered(emulator: Emulator, selection: Selection) -> tuple[list[RestApi], dict[str, int]]:
    """Give the APIs of one region, and the calls that listed them."""
    calls = Calls()
    targets = Targets(regions=(Region(IRELAND),), apis=selection)
    async with (
        connected(emulator) as plane,
        batchgw.discover(targets, plane=paced(plane, observer=calls)) as items,
    ):
        found = [item async for item in items]
    assert all(isinstance(item, RestApi) for item in found), found
    return [item for item in found if isinstance(item, RestApi)], dict(calls.operations)
