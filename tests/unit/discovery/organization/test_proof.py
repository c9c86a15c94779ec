"""Each selector of accounts proves itself, and one that matches nothing is told with its place and a hint."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.discovery.organization.proof import AccountCount
from batchgw.model import Account, AccountId, AccountSelection, AccountSelector, OuPattern
from batchgw.model.fleet.selected import SelectedAccounts
from tests.unit.discovery.organization.accounts import ALL, FOUR, ONE, THREE, TWO, UNITS


def counted(selection: AccountSelection) -> tuple[list[Account], SelectedAccounts]:
    count = AccountCount(selection)
    meant = [account for account in ALL if count.add(account)]
    return meant, count.total(ous=[*UNITS, ("Empty",), ("Prod", "Old [x]")])


def ou(text: str) -> AccountSelector:
    return AccountSelector(ou=OuPattern.parse(text), where="policy.yaml:3:14")


def account_id(text: str) -> AccountSelector:
    return AccountSelector(id=AccountId(text), where="policy.yaml:3:14")


PROVED = [
    (AccountSelection(everything=True), [ONE, TWO, THREE, FOUR]),
    (AccountSelection(include=(ou("/Prod"),)), [TWO, THREE]),
    (AccountSelection(include=(ou(r"/*/Pay\/ments"),)), [THREE]),
    (AccountSelection(include=(ou("r-ab12"),), exclude=(ou("/Prod"),)), [ONE, FOUR]),
    (AccountSelection(include=(ou("/Sand box"), account_id("1" * 12))), [ONE, FOUR]),
    (AccountSelection(include=(AccountSelector(tags={"tier": "*"}),)), [ONE, TWO]),
    (AccountSelection(include=(AccountSelector(name="account-*"),)), [ONE, TWO, FOUR]),
]


@pytest.mark.parametrize(("selection", "meant"), PROVED)
def test_selectors_that_match_say_nothing(selection: AccountSelection, meant: list[Account]) -> None:
    found, total = counted(selection)
    assert found == meant
    assert total.unmatched == ()
    active = [account for account in meant if account.state == "ACTIVE"]
    assert (total.found, total.selected, total.skipped) == (4, len(active), len(meant) - len(active))


UNPROVED = [
    (ou("/prod"), "OU /prod matches no account; the case of letters counts, and there is /Prod"),
    (
        ou("/Prod/pay*"),
        r"OU /Prod/pay* matches no account; the case of letters counts, and there is /Prod/Pay\/ments",
    ),
    (ou("/Prd"), "OU /Prd matches no account; did you mean /Prod?"),
    (ou("/Empty"), "OU /Empty matches no account; there is such an OU, and no account is in it or below it"),
    (
        ou("/Prod/Old [x]"),
        (
            "OU /Prod/Old [x] matches no account; one has exactly this path, "
            "but [ * ? are read as a pattern: write /Prod/Old [[]x]"
        ),
    ),
    (ou("/Prod/Old [[]y]"), "OU /Prod/Old [[]y] matches no account; did you mean /Prod/Old [[]x]?"),
    (ou("ou-ab12-00000009"), "OU ou-ab12-00000009 matches no account; did you mean ou-ab12-0000000"),
    (account_id("111111111112"), "account 111111111112 matches no account; did you mean 111111111111?"),
    (account_id("987654321098"), "account 987654321098 matches no account"),
    (
        AccountSelector(name="ACCOUNT-?"),
        "account name ACCOUNT-? matches no account; the case of letters counts, and there is account-1",
    ),
    (
        AccountSelector(name="Payments[live]"),
        (
            "account name Payments[live] matches no account; one has exactly this name, "
            "but [ * ? are read as a pattern: write Payments[[]live]"
        ),
    ),
    (
        AccountSelector(tags={"tier": "production"}),
        "account tag tier=production matches no account; accounts have the tag tier with prod, test",
    ),
    (AccountSelector(tags={"team": "*"}), "account tag team=* matches no account; did you mean Team?"),
    (
        AccountSelector(ou=OuPattern.parse("/Prod"), tags={"tier": "prod"}),
        "OU /Prod, account tag tier=prod matches no account",
    ),
]


@pytest.mark.parametrize(("selector", "sentence"), UNPROVED)
@pytest.mark.parametrize("as_exclude", [False, True])
def test_one_that_matches_nothing_is_told(
    selector: AccountSelector, sentence: str, *, as_exclude: bool
) -> None:
    """An exclude selector as well: the account that was to be left alone would be written to."""
    selection = (
        AccountSelection(everything=True, exclude=(selector,))
        if as_exclude
        else AccountSelection(include=(account_id("1" * 12), selector))
    )
    _, total = counted(selection)
    [told] = total.nothing()
    assert sentence in told
    assert told.startswith(f"{selector.where}: " if selector.where else sentence)


def test_a_selection_that_leaves_nothing_is_told_even_if_every_selector_matches() -> None:
    _, none = counted(AccountSelection(everything=True, exclude=(ou("r-ab12"),)))
    _, suspended = counted(AccountSelection(include=(ou("/Sand box"),)))
    assert none.nothing() == ("of 4 accounts of the organisation none is meant",)
    assert suspended.nothing() == ("of 1 account that would be meant none is ACTIVE",)


def test_what_matches_nothing_says_how_old_the_accounts_are_that_were_remembered() -> None:
    count = AccountCount(AccountSelection(include=(account_id("987654321098"), account_id("111111111113"))))
    for account in ALL:
        count.add(account)
    for age, said in [
        (0.0, ""),
        (59.0, ""),
        (725.0, " (accounts as of 12 min 05 s before; --refresh asks again)"),
    ]:
        first, second = count.total(age=age).nothing()
        assert first == f"policy.yaml:3:14: account 987654321098 matches no account{said}"
        assert second.endswith(f"did you mean 111111111111?{said}")
    none = AccountCount(AccountSelection(everything=True, exclude=(ou("r-ab12"),)))
    none.add(ONE)
    [said] = none.total(age=3_600.0).nothing()
    assert said.endswith("none is meant (accounts as of 1 h 00 min before; --refresh asks again)")


@pytest.mark.parametrize(
    "selection", [AccountSelection(everything=True), AccountSelection(include=(ou("/no"),))]
)
def test_the_counts_survive_as_json(selection: AccountSelection) -> None:
    _, total = counted(selection)
    assert SelectedAccounts.from_json(total.to_json()) == total


@pytest.mark.parametrize("selection", [selection for selection, _ in PROVED])
def test_a_selection_survives_as_json(selection: AccountSelection) -> None:
    """As plans and runs record it: without the places, which tell selectors apart for people alone."""
    assert AccountSelection.from_json(selection.to_json()) == selection


def test_words_that_decide_nothing_are_told_too_and_ask_for_ous_where_that_may_help() -> None:
    """An OU in which no account is, is not listed unless a word by its name has matched nothing."""
    words = (ou("/Prod"), ou("/Emty"), ou("/Emty"), AccountSelector(name="Account-?"))
    count = AccountCount(AccountSelection(everything=True), words)
    for account in ALL:
        count.add(account)
    assert count.misses_ous
    assert [each.statement for each in count.unmatched_words(ous=[*UNITS, ("Empty",)])] == [
        "OU /Emty matches no account; did you mean /Empty?",
        "account name Account-? matches no account; the case of letters counts, and there is account-1",
    ]
    assert count.total().nothing() == ()


def test_where_an_account_s_ou_has_no_name_nothing_is_said_of_words_about_ous() -> None:
    count = AccountCount(AccountSelection(everything=True), (ou("/Emty"), AccountSelector(name="missing")))
    for account in (ONE, replace(TWO, ou=())):
        count.add(account)
    assert not count.misses_ous
    assert [each.selector for each in count.unmatched_words()] == ["account name missing"]
