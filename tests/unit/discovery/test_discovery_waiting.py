"""Listed APIs are packed while they wait, come out as they went in, and each comes once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batchgw.discovery.packed import BATCH, PackedApis
from batchgw.model import RestApi, RestApiId
from batchgw.model.fleet.seen import SeenApis
from tests.unit.listed_apis import DUBLIN, api

odd = st.sampled_from(["0", "a", "A000000001", "000000001", "00000000010", "\u0661234567890", "a_b_c_d_e_"])
plain = st.integers(0, 40).map(lambda n: f"{n:010x}")
names = st.text(max_size=5)
apis = st.builds(
    RestApi,
    scope=st.just(DUBLIN),
    id=st.one_of(odd, plain).map(RestApiId),
    name=names,
    tags=st.dictionaries(names, names, max_size=2),
    disable_execute_api_endpoint=st.booleans(),
    endpoint_access_mode=st.sampled_from(["", "STRICT"]),
    endpoint_types=st.lists(st.sampled_from(["EDGE", "REGIONAL"]), max_size=2).map(tuple),
    created=st.none() | st.floats(0, 2e9),
)


@given(st.lists(st.lists(st.one_of(odd, plain), max_size=12), max_size=9))
def test_each_id_is_fresh_once_however_it_is_spelled(pages: list[list[str]]) -> None:
    """Ids that are not spelled as AWS spells them are no less exact: "0" is not "0000000000"."""
    seen = SeenApis()
    given_out: list[str] = []
    for page in pages:
        given_out += [each.id for each in seen.fresh(api(id_) for id_ in page)]
    assert given_out == list(dict.fromkeys(id_ for page in pages for id_ in page))


def test_many_pages_are_remembered() -> None:
    seen = SeenApis()
    pages = [[api(f"{page * 7 + n:010x}") for n in range(7)] for page in range(50)]
    assert all(len(seen.fresh(page)) == 7 for page in pages)
    assert all(seen.fresh(page) == [] for page in pages)


@given(st.lists(apis, max_size=6))
def test_packed_apis_come_out_as_they_went_in(listed: list[RestApi]) -> None:
    assert list(PackedApis(DUBLIN, listed)) == listed


def test_several_batches_keep_the_order() -> None:
    listed = [api(f"{n:010x}") for n in range(2 * BATCH + 1)]
    packed = PackedApis(DUBLIN, listed)
    assert list(packed) == listed
    assert list(packed) == []
