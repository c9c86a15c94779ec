"""Accounts for tables of tests: a small organisation whose OUs have slashes and spaces in their names."""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.model import Account, AccountId

ROOT = "r-ab12"
UNITS = {
    (): ROOT,
    ("Prod",): "ou-ab12-00000001",
    ("Prod", "Pay/ments"): "ou-ab12-00000002",
    ("Sand box",): "ou-ab12-00000003",
}


def account(
    number: int,
    *ou: str,
    name: str = "",
    state: str = "ACTIVE",
    tags: Mapping[str, str] | None = None,
) -> Account:
    return Account(
        id=AccountId(str(number) * 12),
        name=name or f"account-{number}",
        state=state,
        ou=ou,
        ou_ids=tuple(UNITS[ou[:n]] for n in range(len(ou) + 1)),
        tags=tags,
    )


ONE = account(1, tags={"tier": "prod"})
TWO = account(2, "Prod", tags={"tier": "test"})
THREE = account(3, "Prod", "Pay/ments", name="Payments[live]", tags={"Team": "x"})
FOUR = account(4, "Sand box", state="SUSPENDED", tags={})
ALL = (ONE, TWO, THREE, FOUR)
