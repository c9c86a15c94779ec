from __future__ import annotations

import tracemalloc

import pytest

from batchgw.model import ResponseType, Settings
from batchgw.simulator.operations import gateway_responses
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.customisation import NOTHING
from batchgw.simulator.world.estate import Proportions
from batchgw.simulator.world.world import World, account_id

HEADER = Settings(parameters={"gatewayresponse.header.X": "'y'"})
STATUS = Settings(status_code="401")


def test_apis_are_spread_evenly_and_the_first_scopes_take_the_rest() -> None:
    world = World.generate(apis=10, accounts=2, regions=2)
    assert [(c.account, c.region, len(c)) for c in world.cells()] == [
        ("111111111111", "eu-west-1", 3),
        ("111111111111", "us-east-1", 3),
        ("222222222222", "eu-west-1", 2),
        ("222222222222", "us-east-1", 2),
    ]
    assert len(world) == 10


@pytest.mark.parametrize(
    ("number", "account"),
    [(0, "111111111111"), (8, "999999999999"), (9, "100000000010"), (120, "100000000121")],
)
def test_account_ids_have_twelve_digits(number: int, account: str) -> None:
    assert account_id(number) == account


def test_no_two_apis_share_an_id() -> None:
    world = World.generate(apis=3000, accounts=3, regions=2)
    ids = [cell.id(n) for cell in world.cells() for n in cell.numbers()]
    assert len(set(ids)) == 3000


def test_an_id_is_known_in_its_own_scope_only() -> None:
    world = World.generate(apis=40, accounts=2, regions=2)
    cells = list(world.cells())
    for cell in cells:
        for other in cells:
            if other is cell:
                assert other.require(cell.id(3)) == 3
            else:
                with pytest.raises(ServiceFault, match=f"{other.account}:{cell.id(3)}"):
                    other.require(cell.id(3))


def test_ids_are_case_sensitive() -> None:
    cell = next(World.generate(apis=6).cells())
    with pytest.raises(ServiceFault, match="Invalid API identifier specified"):
        cell.require(cell.id(0).upper())


def test_the_same_seed_gives_the_same_world() -> None:
    one, two, other = (World.generate(apis=60, seed=s) for s in (7, 7, 8))

    def look(world: World) -> list[object]:
        return [
            (c.id(n), c.attributes(n), c.customisation(n).own) for c in world.cells() for n in c.numbers()
        ]

    assert look(one) == look(two)
    assert look(one) != look(other)


def test_proportions_are_kept() -> None:
    shares = Proportions(customised=0.5, exempt=0.1)
    cell = next(World.generate(apis=4000, accounts=1, regions=1, proportions=shares).cells())
    customised = sum(cell.customisation(n) is not NOTHING for n in cell.numbers())
    exempt = sum("batchgw:exempt" in cell.attributes(n).tags for n in cell.numbers())
    assert 1900 < customised < 2100  # 2000 expected, three standard deviations are 95
    assert 320 < exempt < 450  # 384 expected: a tenth of the 96 % that have tags


def test_nothing_is_customised_when_nobody_customises() -> None:
    cell = next(World.generate(apis=500, proportions=Proportions(customised=0)).cells())
    assert all(cell.customisation(n) is NOTHING for n in cell.numbers())


def test_apis_are_listed_in_the_order_of_their_creation() -> None:
    cell = next(World.generate(apis=500, accounts=1, regions=1).cells())
    dates = [cell.attributes(n).created for n in cell.numbers()]
    assert dates == sorted(dates)


def test_a_deleted_api_is_gone_and_others_stay_where_they_are() -> None:
    cell = next(World.generate(apis=60).cells())
    name = cell.attributes(5).name
    cell.delete(4)
    with pytest.raises(ServiceFault):
        cell.require(cell.id(4))
    assert cell.attributes(cell.require(cell.id(5))).name == name
    assert (len(cell), 4 in cell.numbers()) == (9, False)


def test_an_account_or_region_that_is_not_there_is_not_recognised() -> None:
    world = World(
        accounts=["111111111111"],
        regions=["eu-west-1", "us-east-1"],
        disabled=frozenset({("111111111111", "us-east-1")}),
    )
    world.cell("111111111111", "eu-west-1")
    for account, region in [
        ("111111111111", "us-east-1"),
        ("111111111111", "af-south-1"),
        ("9" * 12, "eu-west-1"),
    ]:
        with pytest.raises(ServiceFault) as caught:
            world.cell(account, region)
        assert (caught.value.code, caught.value.status) == ("UnrecognizedClientException", 403)


def test_all_regions_can_be_had() -> None:
    assert len(set(World.generate(apis=17, accounts=1, regions=17).regions)) == 17


@pytest.mark.parametrize(("apis", "accounts", "regions"), [(6, 1, 18), (6, 1, 0), (6, 0, 1), (-1, 1, 1)])
def test_a_world_that_cannot_be_is_refused(apis: int, accounts: int, regions: int) -> None:
    with pytest.raises(ValueError, match=r"regions|accounts"):
        World.generate(apis=apis, accounts=accounts, regions=regions)


def test_a_hundred_thousand_apis_are_nothing_and_written_ones_are_small() -> None:
    """A written API costs its place in a table and its number, whatever was written on it."""
    tracemalloc.start()
    try:
        world = World.generate(apis=100_000, accounts=1, regions=1, proportions=Proportions(customised=0))
        untouched, _ = tracemalloc.get_traced_memory()
        (cell,) = world.cells()
        for number in range(0, 100_000, 25):
            api = cell.id(number)
            gateway_responses.put(cell, api, ResponseType.DEFAULT_4XX, HEADER)
            gateway_responses.put(cell, api, ResponseType.UNAUTHORIZED, STATUS)
        written, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert untouched < 100_000
    assert (written - untouched) / 4_000 < 150


def test_apis_configured_alike_share_one_customisation() -> None:
    cell = next(World.generate(apis=60, proportions=Proportions(customised=0)).cells())
    for kinds in ((ResponseType.DEFAULT_4XX, ResponseType.UNAUTHORIZED),) * 2:
        for number, order in ((0, kinds), (1, kinds[::-1])):
            for kind in order:
                gateway_responses.put(cell, cell.id(number), kind, HEADER)
    assert cell.customisation(0) is cell.customisation(1)
