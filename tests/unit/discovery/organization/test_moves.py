"""What became of accounts since a plan was made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.discovery.organization.moves import Moves, moves
from batchgw.model import Account, AccountSelection, AccountSelector, OuPattern
from tests.unit.discovery.organization.accounts import ALL, FOUR, ONE, THREE, TWO, account

EVERYTHING = AccountSelection(everything=True)
IN_PROD = AccountSelection(include=(AccountSelector(ou=OuPattern.parse("/Prod")),))
FIVE = account(5, "Prod")
TWO_IN_SANDBOX = account(2, "Sand box")
ONE_CLOSED = replace(ONE, state="PENDING_CLOSURE")
RENAMED = replace(THREE, ou=("Production", "Pay/ments"))
WITHOUT_NAMES = replace(TWO, ou=())

CASES: list[tuple[str, tuple[Account, ...], tuple[Account, ...], AccountSelection, Moves]] = [
    ("nothing", ALL, ALL, EVERYTHING, Moves()),
    ("another order", ALL, ALL[::-1], EVERYTHING, Moves()),
    ("joined", ALL, (*ALL, FIVE), EVERYTHING, Moves(joined=(FIVE,))),
    ("joined elsewhere", (TWO, THREE), (TWO, THREE, account(5)), IN_PROD, Moves()),
    ("came into the OU", (THREE,), (THREE, TWO), IN_PROD, Moves(joined=(TWO,))),
    ("left", ALL, ALL[:3], EVERYTHING, Moves(left=(FOUR,))),
    ("moved", (TWO,), (TWO_IN_SANDBOX,), EVERYTHING, Moves(moved=((TWO, TWO_IN_SANDBOX),))),
    ("moved out of what is meant", (TWO,), (TWO_IN_SANDBOX,), IN_PROD, Moves(moved=((TWO, TWO_IN_SANDBOX),))),
    ("closed", (ONE,), (ONE_CLOSED,), EVERYTHING, Moves(changed=((ONE, ONE_CLOSED),))),
    ("its OU was renamed", (THREE,), (RENAMED,), EVERYTHING, Moves()),
    ("names not asked for now", (TWO,), (WITHOUT_NAMES,), EVERYTHING, Moves()),
]


@pytest.mark.parametrize(
    ("before", "now", "selection", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_differences_are_told(
    before: tuple[Account, ...], now: tuple[Account, ...], selection: AccountSelection, expected: Moves
) -> None:
    found = moves(before, now, selection)
    assert found == expected
    assert bool(found) == (expected != Moves())
    assert len(list(found.sentences())) == sum(map(len, found.to_json().values()))  # type: ignore[arg-type]


def test_each_difference_is_a_sentence() -> None:
    now = (TWO_IN_SANDBOX, ONE_CLOSED, FIVE)
    assert list(moves((ONE, TWO, THREE), now, EVERYTHING).sentences()) == [
        "account 555555555555 (account-5) joined since the plan, so it is not in it",
        "account 333333333333 (Payments[live]) left the organisation since the plan",
        "account 222222222222 (account-2) moved since the plan, from /Prod to /Sand box",
        "account 111111111111 (account-1) was ACTIVE when the plan was made, and is PENDING_CLOSURE",
    ]
