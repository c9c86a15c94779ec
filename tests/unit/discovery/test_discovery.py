"""Every REST API of a scope is listed once, and a listing always ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import GetRestApis, RestApiPage, UnreadableApi
from batchgw.discovery.listing import MOST_PAGES, list_rest_apis, named
from batchgw.errors import AccessDenied, CallError, ServiceFailure
from batchgw.events import ApisListed, Event, NullObserver
from batchgw.model import AccountId, ExplicitApi, RestApi, RestApiId, Scope, Selection, Selector
from tests.unit.listed_apis import DUBLIN, OHIO, TOKYO, ListedApis, api
from tests.virtual import virtually

A, B, C, D = (api(name) for name in "abcd")
ALL = Selection()


class Seen:
    def __init__(self) -> None:
        self.listed: list[ApisListed] = []

    def notify(self, event: Event) -> None:
        assert isinstance(event, ApisListed)
        self.listed.append(event)


class Listing:
    """What a listing of Dublin gave, and how it ended."""

    def __init__(self, plane: ListedApis, selection: Selection = ALL) -> None:
        self.plane = plane
        self.seen = Seen()
        self.apis: list[RestApi] = []
        self.left_out: list[RestApi] = []
        self.error: CallError | None = None
        virtually(lambda: self._run(selection))

    async def _run(self, selection: Selection) -> None:
        listed = list_rest_apis(
            self.plane, DUBLIN, selection, observer=self.seen, unselected=self.left_out.append
        )
        try:
            async for each in listed:
                self.apis.append(each)
        except CallError as error:
            self.error = error

    @property
    def pages(self) -> list[tuple[int, int, bool]]:
        """Seen, selected and last, as observers were told."""
        return [(e.seen, e.selected, e.last_page) for e in self.seen.listed]


def test_pages_follow_each_other() -> None:
    listing = Listing(ListedApis({(DUBLIN, None): ([A, B], "2"), (DUBLIN, "2"): ([C], None)}))
    assert listing.apis == [A, B, C]
    assert listing.pages == [(2, 2, False), (1, 1, True)]
    assert listing.error is None


def test_an_api_that_moved_to_the_next_page_is_taken_once() -> None:
    """Someone created an API after the first page was read: B stands on both pages."""
    listing = Listing(ListedApis({(DUBLIN, None): ([A, B], "2"), (DUBLIN, "2"): ([B, C], None)}))
    assert listing.apis == [A, B, C]
    assert listing.pages == [(2, 2, False), (1, 1, True)]


def test_also_one_that_comes_twice_on_a_page_or_many_pages_later() -> None:
    pages = {
        (DUBLIN, None): ([A, A], "2"),
        (DUBLIN, "2"): ([B], "3"),
        (DUBLIN, "3"): ([A, C], None),
    }
    assert Listing(ListedApis(pages)).apis == [A, B, C]


def test_one_that_is_left_out_is_told_once_too() -> None:
    exempt = api("x", exempt=True)
    selection = Selection(explicit=(ExplicitApi(id=exempt.id),), exclude=(Selector(tags={"exempt": "*"}),))
    listing = Listing(
        ListedApis({(DUBLIN, None): ([exempt], "2"), (DUBLIN, "2"): ([exempt], None)}), selection
    )
    assert (listing.apis, listing.left_out) == ([], [exempt])


@pytest.mark.parametrize(
    ("circle", "asked"),
    [
        ({None: ([A], "2"), "2": ([B], "2")}, 2),  # to itself
        ({None: ([A], "2"), "2": ([B], "3"), "3": ([C], "2")}, 3),  # back to an earlier one
    ],
)
def test_a_listing_in_a_circle_ends_in_an_error(
    circle: dict[str | None, tuple[list[RestApi], str | None]], asked: int
) -> None:
    plane = ListedApis({(DUBLIN, position): page for position, page in circle.items()})
    listing = Listing(plane)
    assert isinstance(listing.error, ServiceFailure)
    assert listing.error.code == "RepeatedPosition"
    assert "111111111111/eu-west-1 does not end" in str(listing.error)
    assert listing.apis == [A, B, C][:asked]
    assert plane.listings(DUBLIN) == asked


def test_a_page_that_fails_is_raised_after_what_came_before_it() -> None:
    listing = Listing(ListedApis(refused={DUBLIN: AccessDenied("no")}))
    assert isinstance(listing.error, AccessDenied)


@pytest.mark.parametrize(
    ("scope", "ids"),
    [(DUBLIN, {"any", "dub", "acc"}), (OHIO, {"any", "acc", "ohio"}), (TOKYO, {"any"})],
)
def test_a_name_may_leave_its_place_open(scope: Scope, ids: set[str]) -> None:
    explicit = (
        ExplicitApi(id=RestApiId("any")),
        ExplicitApi(id=RestApiId("dub"), region=DUBLIN.region),
        ExplicitApi(id=RestApiId("acc"), account=DUBLIN.account),
        ExplicitApi(id=RestApiId("ohio"), account=OHIO.account, region=OHIO.region),
    )
    assert named(explicit, scope) == ids


def test_only_named_apis_are_selected_when_any_is_named() -> None:
    selection = Selection(explicit=(ExplicitApi(id=B.id),), include=(Selector(name="the *"),))
    listing = Listing(ListedApis({(DUBLIN, None): ([A, B, C], None)}), selection)
    assert (listing.apis, listing.left_out) == ([B], [])
    assert listing.pages == [(3, 1, True)]


def test_a_scope_that_cannot_have_a_named_api_is_not_asked() -> None:
    plane = ListedApis(refused={DUBLIN: AccessDenied("no")})
    selection = Selection(
        explicit=(ExplicitApi(id=A.id, region=TOKYO.region),), exclude=(Selector(tags={"exempt": "*"}),)
    )
    listing = Listing(plane, selection)
    assert (listing.apis, listing.error, plane.asked) == ([], None, [])


def test_an_included_id_that_another_rule_leaves_out_is_told() -> None:
    """The policy names it and exempts it: not a missing API."""
    exempt = api("x", exempt=True)
    selection = Selection(include=(Selector(id=exempt.id),), exclude=(Selector(tags={"exempt": "*"}),))
    listing = Listing(ListedApis({(DUBLIN, None): ([A, exempt], None)}), selection)
    assert (listing.apis, listing.left_out) == ([], [exempt])


def test_what_no_rule_means_is_not_told() -> None:
    left_out: list[RestApi] = []

    async def main() -> list[RestApi]:
        listed = list_rest_apis(
            ListedApis({(DUBLIN, None): ([A, D], None)}),
            DUBLIN,
            Selection(include=(Selector(name="the a"),)),
            observer=NullObserver(),
            unselected=left_out.append,
        )
        return [each async for each in listed]

    assert virtually(main) == [A]
    assert left_out == []


class Pages:
    """Answers listings with what a function makes of the number of the page."""

    def __init__(self, page: Callable[[int], RestApiPage]) -> None:
        self._page = page
        self.asked = 0

    async def current_account(self) -> AccountId:
        return DUBLIN.account

    async def send(
        self,
        request: Request[T],
        execution: Execution | None = None,  # noqa: ARG002
    ) -> T:
        assert isinstance(request, GetRestApis)
        self.asked += 1
        return cast("T", self._page(self.asked))


@pytest.mark.parametrize("each_has_one", [True, False])
def test_pages_with_ever_new_positions_end_where_no_region_has_more(*, each_has_one: bool) -> None:
    plane = Pages(
        lambda n: RestApiPage(items=(api(f"n{n}"),) if each_has_one else (), position=f"position {n}")
    )
    found: list[RestApi] = []

    async def main() -> None:
        async for each in list_rest_apis(plane, DUBLIN, ALL, observer=NullObserver()):
            found.append(each)  # noqa: PERF401 - what came before the error is there, too

    with pytest.raises(ServiceFailure, match="does not end: after 106 pages") as caught:
        virtually(main)
    assert caught.value.code == "EndlessListing"
    assert plane.asked == MOST_PAGES
    assert len(found) == (MOST_PAGES if each_has_one else 0), "what came by then is taken"


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        (ALL, ["odd", "id"]),
        (Selection(include=(Selector(name="a"),)), ["odd", "id"]),
        (Selection(explicit=(ExplicitApi(id=RestApiId("odd")),), exclude=(Selector(name="z"),)), ["odd"]),
    ],
)
def test_an_api_that_cannot_be_read_from_a_list_is_told_once_where_it_may_be_meant(
    selection: Selection, told: list[str]
) -> None:
    """A name or a tag that is none cannot be held against a rule."""
    odd = [
        UnreadableApi(api=RestApi(scope=DUBLIN, id=RestApiId(name)), error=ServiceFailure("odd"))
        for name in ("odd", "id", "odd")
    ]
    plane = Pages(lambda n: RestApiPage(items=(A,), position="2" if n == 1 else None, unreadable=tuple(odd)))
    heard: list[UnreadableApi] = []

    async def main() -> list[RestApi]:
        listed = list_rest_apis(plane, DUBLIN, selection, observer=NullObserver(), unreadable=heard.append)
        return [each async for each in listed]

    virtually(main)
    assert [each.api.id for each in heard] == told
