"""Where accounts are in the tree of OUs, and which selectors mean them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgw.model import Account, AccountId, AccountSelection, AccountSelector, OuPattern
from batchgw.model.fleet.organization import escaped, segments

PAYMENTS = Account(
    id=AccountId("111111111111"),
    name="payments-prod",
    ou=("Prod", "EU/West", "Payments"),
    ou_ids=("r-ab12", "ou-ab12-11111111", "ou-ab12-22222222", "ou-ab12-33333333"),
    tags={"tier": "gold"},
)
AT_THE_ROOT = Account(id=AccountId("222222222222"), name="management", ou_ids=("r-ab12",))


@pytest.mark.parametrize(
    ("pattern", "there", "root"),
    [
        ("/", True, True),
        ("/**", True, True),
        ("/Prod", True, False),
        ("/Prod/**", True, False),
        ("/prod", False, False),
        ("/Prod/EU\\/West", True, False),
        ("/Prod/EU/West", False, False),
        ("/Prod/*/Payments", True, False),
        ("/**/Payments", True, False),
        ("/**/West", False, False),
        ("/*/**/Pay*", True, False),
        ("/Payments", False, False),
        ("/Prod/EU*/Payments/Below", False, False),
        ("ou-ab12-22222222", True, False),
        ("ou-ab12-99999999", False, False),
        ("r-ab12", True, True),
    ],
)
def test_a_pattern_matches_an_ou_and_all_below_it(pattern: str, *, there: bool, root: bool) -> None:
    ou = OuPattern.parse(pattern)
    assert (ou.matches(PAYMENTS), ou.matches(AT_THE_ROOT)) == (there, root)
    assert str(ou) == pattern


@pytest.mark.parametrize("text", ["Prod", "", "ou-x", "111111111111", "**"])
def test_what_is_no_ou_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an OU"):
        OuPattern.parse(text)


@given(st.lists(st.text(min_size=1), max_size=5))
def test_a_path_of_any_names_is_read_as_it_was_written(names: list[str]) -> None:
    assert segments("/" + "/".join(map(escaped, names))) == tuple(names)


def test_an_account_says_where_it_is() -> None:
    assert (PAYMENTS.path, AT_THE_ROOT.path) == ("/Prod/EU\\/West/Payments", "/")


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        (AccountSelector(id=AccountId("111111111111")), True),
        (AccountSelector(name="payments-*"), True),
        (AccountSelector(name="Payments-*"), False),
        (AccountSelector(tags={"tier": "g*"}), True),
        (AccountSelector(tags={"team": "*"}), False),
        (AccountSelector(ou=OuPattern.parse("/Prod"), tags={"tier": "silver"}), False),
    ],
)
def test_every_given_field_must_match(selector: AccountSelector, *, meant: bool) -> None:
    assert selector.matches(PAYMENTS) is meant


def test_exclude_wins() -> None:
    of_prod = AccountSelector(ou=OuPattern.parse("/Prod"))
    assert AccountSelection(everything=True).matches(AT_THE_ROOT)
    assert not AccountSelection(everything=True, exclude=(of_prod,)).matches(PAYMENTS)
    assert AccountSelection(include=(of_prod,)).matches(PAYMENTS)
    assert not AccountSelection(include=(of_prod,)).matches(AT_THE_ROOT)


SELECTORS = [
    AccountSelector(id=PAYMENTS.id),
    AccountSelector(name="payments-*"),
    AccountSelector(tags={"tier": "gold"}),
    AccountSelector(ou=OuPattern.parse("/Prod")),
    AccountSelector(ou=OuPattern.parse("/Prod"), name="other"),
    AccountSelector(ou=OuPattern.parse("/Sandbox"), tags={"tier": "*"}),
    AccountSelector(ou=OuPattern.parse("ou-ab12-22222222")),
    AccountSelector(id=AT_THE_ROOT.id),
]
SELECTIONS = [
    AccountSelection(everything=everything, include=() if everything else include, exclude=exclude)
    for everything in (True, False)
    for include in combinations(SELECTORS, 2)
    for n in range(3)
    for exclude in combinations(SELECTORS, n)
]


def test_names_decide_about_an_account_only_where_it_is_said() -> None:
    """With any names of its OUs, and any tags, the selection means the same as it may, or as it does."""
    unnamed = replace(PAYMENTS, ou=(), tags=None)
    names = [("Prod", "West", "Payments"), ("Sandbox", "x", "y"), ("a", "b", "c")]
    for selection in SELECTIONS:
        by_tags = [
            {selection.matches(replace(PAYMENTS, ou=ou, tags=tags)) for ou in names}
            for tags in ({}, {"tier": "gold"}, {"tier": "iron"})
        ]
        decided = [len(meant) == 1 for meant in by_tags]
        assert selection.depends_on_names(unnamed) or all(decided), selection
        assert selection.may_mean(unnamed) or not any(map(any, by_tags)), selection


def test_what_needs_no_name_is_not_said_to() -> None:
    unnamed = replace(PAYMENTS, ou=(), tags=None)
    by_id, by_name, by_tag, prod, other, *_ = SELECTORS
    for selection, depends in [
        (AccountSelection(everything=True), False),
        (AccountSelection(everything=True, exclude=(prod,)), True),
        (AccountSelection(everything=True, exclude=(prod, by_id)), False),
        (AccountSelection(include=(prod, by_name)), False),
        (AccountSelection(include=(prod, by_tag)), True),
        (AccountSelection(include=(other, by_tag)), False),
        (AccountSelection(include=(other,), exclude=(prod,)), False),
    ]:
        assert selection.depends_on_names(unnamed) == depends, selection
