"""APIs hold customisations by number: equal ones are one, and one that nobody holds is forgotten."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from batchgw.model import ResponseType, Settings
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.world.customisation import NOTHING, Customisation, customisation
from batchgw.simulator.world.customisation_pool import CustomisationPool, CustomisationsByApi
from batchgw.simulator.world.world import World


def status(code: int) -> Customisation:
    return customisation({ResponseType.THROTTLED: Settings(status_code=str(code))})


def test_who_holds_nothing_is_as_it_was_born() -> None:
    customisations = CustomisationsByApi(CustomisationPool(), expected=10)
    assert customisations.get(3) is None
    customisations.set(3, NOTHING)
    assert customisations.get(3) is NOTHING
    assert customisations.get(2) is None
    customisations.clear(3)
    customisations.clear(10_000)
    assert customisations.get(3) is None


def test_more_apis_may_come_than_were_expected() -> None:
    customisations = CustomisationsByApi(CustomisationPool(), expected=2)
    customisations.set(1, status(401))
    customisations.set(900, status(402))
    assert (customisations.get(1), customisations.get(900), customisations.get(899)) == (
        status(401),
        status(402),
        None,
    )


def test_setting_the_same_again_forgets_nothing() -> None:
    pool = CustomisationPool()
    customisations = CustomisationsByApi(pool, expected=1)
    for _ in range(2):
        customisations.set(0, status(401))
    assert customisations.get(0) is status(401)
    assert len(pool) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(400, 404) | st.none()), max_size=60))
def test_holdings_are_a_dict_of_few_values(steps: list[tuple[int, int | None]]) -> None:
    """Two cells with one pool: as two dicts, and what is registered is what somebody holds."""
    pool = CustomisationPool()
    cells = [CustomisationsByApi(pool, expected=1), CustomisationsByApi(pool, expected=3)]
    truth: list[dict[int, Customisation]] = [{}, {}]
    for turn, (place, code) in enumerate(steps):
        if code is None:
            cells[turn % 2].clear(place)
            truth[turn % 2].pop(place, None)
        else:
            cells[turn % 2].set(place, status(code))
            truth[turn % 2][place] = status(code)
        for scope_apis, expected in zip(cells, truth, strict=True):
            assert {p: held for p in range(6) if (held := scope_apis.get(p)) is not None} == expected
        assert len(pool) == len({held for expected in truth for held in expected.values()})


def test_a_world_of_many_apis_is_small_and_stays_so_when_each_is_written() -> None:
    """Nothing for an API that is as it was born, four bytes for one that was put."""
    apis = 20_000
    settings = Settings(parameters={"gatewayresponse.header.X": "'y'"})
    tracemalloc.start()
    try:
        world = World.generate(apis=apis, accounts=1, regions=1)
        (scope_apis,) = world.scopes()
        gateway_responses.put(scope_apis, scope_apis.id(0), ResponseType.THROTTLED, settings)
        born = tracemalloc.get_traced_memory()[0]
        for number in range(1, apis):
            gateway_responses.put(scope_apis, scope_apis.id(number), ResponseType.THROTTLED, settings)
        grown = tracemalloc.get_traced_memory()[0] - born
    finally:
        tracemalloc.stop()
    assert born < 10 * apis  # the world's own few records among it
    assert grown < 3 * apis
