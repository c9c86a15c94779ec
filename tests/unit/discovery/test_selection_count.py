"""What a selection came to: counts worked by hand, and the selectors that match no API."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.discovery.selection_count import SelectionCount
from batchgw.model import AccountId, ExplicitApi, Region, RestApi, RestApiId, Scope, Selection, Selector
from batchgw.model.fleet.selected import Selected, SelectedAccounts, Unmatched

SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))


def api(name: str, **tags: str) -> RestApi:
    return RestApi(scope=SCOPE, id=RestApiId(name.replace(" ", "")), name=name, tags=tags)


ORDERS, PAYMENTS, LEGACY = (
    api("orders", team="a"),
    api("payments", team="b"),
    api("legacy", team="a", old="1"),
)
ALL = (ORDERS, PAYMENTS, LEGACY)


def counted(selection: Selection, apis: tuple[RestApi, ...] = ALL, *, listed: bool = True) -> Selected:
    count = SelectionCount(selection)
    count.found += len(apis)
    for each in apis:
        assert count.add(each) is selection.matches(each)
    return count.total(listed=listed)


def unmatched(selection: Selection, apis: tuple[RestApi, ...] = ALL) -> list[str]:
    return [str(each) for each in counted(selection, apis).unmatched]


@pytest.mark.parametrize(
    ("include", "exclude", "counts"),
    [
        ((), (), (3, 3, 0)),
        ((Selector(tags={"team": "a"}),), (), (3, 2, 0)),
        ((Selector(tags={"team": "a"}),), (Selector(name="leg*"),), (3, 1, 1)),
        ((Selector(tags={"team": "a"}),), (Selector(name="pay*"),), (3, 2, 0)),  # it was not meant anyway
        ((), (Selector(name="*"),), (3, 0, 3)),
    ],
)
def test_apis_are_found_selected_and_excluded(
    include: tuple[Selector, ...], exclude: tuple[Selector, ...], counts: tuple[int, int, int]
) -> None:
    total = counted(Selection(include=include, exclude=exclude))
    assert (total.found, total.selected, total.excluded) == counts


def test_the_counts_are_said_in_words() -> None:
    assert Selected(found=600, selected=40, excluded=3).counts == (
        "600 REST APIs found, 40 selected, 3 excluded"
    )
    assert Selected(found=None, selected=2, by_id=3).counts == "2 of 3 REST APIs named by id found"


def test_a_selector_that_matches_nothing_beside_one_that_does_is_named_with_its_place() -> None:
    selection = Selection(
        include=(
            Selector(name="orders", where="policy.yaml:4:9"),
            Selector(name="bills-*", tags={"team": "a"}, where="policy.yaml:5:9"),
        )
    )
    assert unmatched(selection) == ["policy.yaml:5:9: name bills-*, tag team=a matches no REST API"]


@pytest.mark.parametrize(
    ("pattern", "name", "hint"),
    [
        (
            "[dev] orders",
            "[dev] orders",
            "; one has exactly this name, but [ * ? are read as a pattern: write [[]dev] orders",
        ),
        ("Pay*", "payments", "; the case of letters counts, and there is payments"),
        ("bills", "payments", ""),
    ],
)
def test_a_name_that_is_nearly_there_comes_with_how_to_spell_it(pattern: str, name: str, hint: str) -> None:
    selection = Selection(include=(Selector(name=pattern),))
    assert unmatched(selection, (api(name),)) == [f"name {pattern} matches no REST API{hint}"]


@pytest.mark.parametrize(
    ("undecided", "hint"),
    [
        (0, ""),
        (1, "; it may match the REST API that could not be read"),
        (2, "; it may match one of the 2 REST APIs that could not be read"),
    ],
)
def test_an_api_of_which_too_little_is_known_may_be_the_one_that_is_meant(undecided: int, hint: str) -> None:
    """Such as one whose owner is not told, because the calls that tell it are denied."""
    count = SelectionCount(Selection(include=(Selector(owner="sam"),), exclude=(Selector(name="x"),)))
    count.undecided = undecided
    total = count.total(listed=True)
    said = [str(each) for each in (*total.unmatched, *total.idle)]
    assert said == [f"owner sam matches no REST API{hint}", f"name x matches no REST API{hint}"]


def test_where_apis_are_named_by_id_selectors_are_looked_up_among_those_alone() -> None:
    selection = Selection(include=(Selector(name="legacy"),), explicit=(ExplicitApi(id=ORDERS.id),))
    assert unmatched(selection, (ORDERS,)) == ["name legacy matches no REST API that is named by id"]


def test_the_spelling_that_is_advised_matches() -> None:
    assert Selector(name="[[]dev] orders").matches(api("[dev] orders"))


def test_an_exclude_that_matches_nothing_is_idle_and_no_error() -> None:
    total = counted(Selection(exclude=(Selector(tags={"exempt": "true"}, where="p.yaml:3:5"),)))
    assert [str(each) for each in total.idle] == ["p.yaml:3:5: tag exempt=true matches no REST API"]
    assert total.unmatched == ()
    assert total.nothing(unread=0) == ()


def test_an_id_is_not_told_twice() -> None:
    """Each API that is named by id and missing is an item of the plan, with the reason."""
    assert unmatched(Selection(include=(Selector(id=RestApiId("missing")),))) == []
    total = SelectionCount(Selection(explicit=(ExplicitApi(id=RestApiId("a")),))).total(listed=False)
    assert (total.found, total.by_id, total.nothing(unread=0)) == (None, 1, ())


UNMATCHED = Unmatched(selector="tag a=b", where="--tag")
NO_REGION = Unmatched(selector="excluded region eu-wst-1", where="p.yaml:4:7", of="region of any account")


@pytest.mark.parametrize(
    ("total", "unread", "said"),
    [
        (Selected(found=3, selected=3), 0, ()),
        (
            Selected(found=0),
            0,
            ("no REST API was found in any account and region that was looked into",),
        ),
        (Selected(found=0), 1, ()),  # it is unread, which is told as such
        (Selected(found=3, excluded=3), 0, ("the exclude selectors exempt all 3 REST APIs that are meant",)),
        (Selected(found=3, selected=2, unmatched=(UNMATCHED,)), 0, ("--tag: tag a=b matches no REST API",)),
        (Selected(found=3, selected=3, regions=(NO_REGION,)), 1, (str(NO_REGION),)),
        (
            Selected(found=3, selected=2, unmatched=(UNMATCHED,), regions=(NO_REGION,)),
            0,
            (str(NO_REGION), str(UNMATCHED)),
        ),
        (
            Selected(found=3, selected=2, unmatched=(UNMATCHED,)),
            2,
            (f"{UNMATCHED}; it may match in one of the 2 account-regions that could not be read",),
        ),
    ],
)
def test_what_selects_nothing_is_said(total: Selected, unread: int, said: tuple[str, ...]) -> None:
    assert total.nothing(unread=unread) == said


def test_it_survives_a_plan_file() -> None:
    accounts = SelectedAccounts(found=3, selected=2, age=720.0)
    total = Selected(
        found=9,
        selected=4,
        excluded=1,
        by_id=2,
        unmatched=(UNMATCHED,),
        idle=(UNMATCHED,),
        accounts=accounts,
        regions=(NO_REGION,),
    )
    kept = total.to_json()
    assert Selected.from_json(kept) == total
    earlier = {key: value for key, value in kept.items() if key != "regions"}
    earlier["accounts"] = {key: value for key, value in accounts.to_json().items() if key != "age"}
    assert Selected.from_json(earlier) == replace(total, accounts=replace(accounts, age=0.0), regions=())
