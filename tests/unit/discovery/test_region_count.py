"""A region to leave out, or to begin with, that no account has is told with its place."""

from __future__ import annotations

import pytest

from batchgw.discovery.region_count import RegionCount
from batchgw.model import EnabledRegions, Region

IRELAND, VIRGINIA, MILAN = Region("eu-west-1"), Region("us-east-1"), Region("eu-south-1")
TYPO = Region("eu-wst-1")


def told(enabled: EnabledRegions, *accounts: tuple[Region, ...], untold: int = 0) -> list[str]:
    count = RegionCount(enabled, untold=untold)
    for regions in accounts:
        count.add(regions)
    return [str(each) for each in count.unmatched()]


def test_a_region_of_any_account_is_enough() -> None:
    enabled = EnabledRegions(exclude=(IRELAND,), order=(MILAN, VIRGINIA))
    assert told(enabled, (IRELAND, VIRGINIA), (MILAN,)) == []


def test_one_that_no_account_has_is_told_with_its_place_and_what_was_meant() -> None:
    enabled = EnabledRegions(
        exclude=(TYPO, VIRGINIA),
        order=(MILAN, TYPO),
        exclude_places={TYPO: "p.yaml:4:39"},
        order_places={TYPO: "p.yaml:5:20"},
    )
    assert told(enabled, (IRELAND, VIRGINIA)) == [
        "p.yaml:4:39: excluded region eu-wst-1 matches no region of any account; did you mean eu-west-1?",
        "region of the order eu-south-1 matches no region of any account; did you mean eu-west-1?",
        (
            "p.yaml:5:20: region of the order eu-wst-1 matches no region of any account; "
            "did you mean eu-west-1?"
        ),
    ]


@pytest.mark.parametrize(("untold", "accounts"), [(1, "an account"), (2, "2 accounts")])
def test_it_may_be_one_of_those_that_could_not_be_told(untold: int, accounts: str) -> None:
    [said] = told(EnabledRegions(exclude=(TYPO,)), (IRELAND,), untold=untold)
    assert said.endswith(f"; it may be one of {accounts} whose regions nobody could tell")


def test_where_no_region_is_known_nothing_is_said() -> None:
    """That nobody could tell them, or that no account is meant, is told as such."""
    assert told(EnabledRegions(exclude=(TYPO,)), untold=1) == []
