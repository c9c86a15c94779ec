from __future__ import annotations

import tracemalloc

import pytest

from batchgw.model import ResponseType, Settings
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.customisation import NOTHING
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.world import World, account_id

HEADER = Settings(parameters={"gatewayresponse.header.X": "'y'"})
STATUS = Settings(status_code="401")


def test_apis_are_spread_evenly_and_the_first_scopes_take_the_rest() -> None:
    world = World.generate(apis=10, accounts=2, regions=2)
    assert [(c.account, c.region, len(c)) for c in world.scopes()] == [
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
    ids = [scope_apis.id(n) for scope_apis in world.scopes() for n in scope_apis.numbers()]
    assert len(set(ids)) == 3000


def test_an_id_is_known_in_its_own_scope_only() -> None:
    world = World.generate(apis=40, accounts=2, regions=2)
    scopes = list(world.scopes())
    for scope_apis in scopes:
        for other in scopes:
            if other is scope_apis:
                assert other.require(scope_apis.id(3)) == 3
            else:
                with pytest.raises(ServiceFault, match=f"{other.account}:{scope_apis.id(3)}"):
                    other.require(scope_apis.id(3))


def test_ids_are_case_sensitive() -> None:
    scope_apis = next(World.generate(apis=6).scopes())
    with pytest.raises(ServiceFault, match="Invalid API identifier specified"):
        scope_apis.require(scope_apis.id(0).upper())


def test_the_same_seed_gives_the_same_world() -> None:
    one, two, other = (World.generate(apis=60, seed=s) for s in (7, 7, 8))

    def look(world: World) -> list[object]:
        return [
            (c.id(n), c.attributes(n), c.customisation(n).own) for c in world.scopes() for n in c.numbers()
        ]

    assert look(one) == look(two)
    assert look(one) != look(other)


def test_proportions_are_kept() -> None:
    shares = Proportions(customised=0.5, exempt=0.1)
    scope_apis = next(World.generate(apis=4000, accounts=1, regions=1, proportions=shares).scopes())
    customised = sum(scope_apis.customisation(n) is not NOTHING for n in scope_apis.numbers())
    exempt = sum("batchgw:exempt" in scope_apis.attributes(n).tags for n in scope_apis.numbers())
    assert 1900 < customised < 2100  # 2000 expected, three standard deviations are 95
    assert 320 < exempt < 450  # 384 expected: a tenth of the 96 % that have tags


def test_nothing_is_customised_when_nobody_customises() -> None:
    scope_apis = next(World.generate(apis=500, proportions=Proportions(customised=0)).scopes())
    assert all(scope_apis.customisation(n) is NOTHING for n in scope_apis.numbers())


def test_apis_are_listed_in_the_order_of_their_creation() -> None:
    scope_apis = next(World.generate(apis=500, accounts=1, regions=1).scopes())
    dates = [scope_apis.attributes(n).created for n in scope_apis.numbers()]
    assert dates == sorted(dates)


def test_a_deleted_api_is_gone_and_others_stay_where_they_are() -> None:
    scope_apis = next(World.generate(apis=60).scopes())
    name = scope_apis.attributes(5).name
    scope_apis.delete(4)
    with pytest.raises(ServiceFault):
        scope_apis.require(scope_apis.id(4))
    assert scope_apis.attributes(scope_apis.require(scope_apis.id(5))).name == name
    assert (len(scope_apis), 4 in scope_apis.numbers()) == (9, False)


def test_an_account_or_region_that_is_not_there_is_not_recognised() -> None:
    world = World(
        accounts=["111111111111"],
        regions=["eu-west-1", "us-east-1"],
        disabled=frozenset({("111111111111", "us-east-1")}),
    )
    world.scope("111111111111", "eu-west-1")
    for account, region in [
        ("111111111111", "us-east-1"),
        ("111111111111", "af-south-1"),
        ("9" * 12, "eu-west-1"),
    ]:
        with pytest.raises(ServiceFault) as caught:
            world.scope(account, region)
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
        (scope_apis,) = world.scopes()
        for number in range(0, 100_000, 25):
            api = scope_apis.id(number)
            gateway_responses.put(scope_apis, api, ResponseType.DEFAULT_4XX, HEADER)
            gateway_responses.put(scope_apis, api, ResponseType.UNAUTHORIZED, STATUS)
        written, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert untouched < 100_000
    assert (written - untouched) / 4_000 < 150


def test_apis_configured_alike_share_one_customisation() -> None:
    scope_apis = next(World.generate(apis=60, proportions=Proportions(customised=0)).scopes())
    for kinds in ((ResponseType.DEFAULT_4XX, ResponseType.UNAUTHORIZED),) * 2:
        for number, order in ((0, kinds), (1, kinds[::-1])):
            for kind in order:
                gateway_responses.put(scope_apis, scope_apis.id(number), kind, HEADER)
    assert scope_apis.customisation(0) is scope_apis.customisation(1)
