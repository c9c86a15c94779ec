"""The organisation that is generated has of everything, and is the same for the same number of accounts."""

from __future__ import annotations

from collections import Counter

from batchgw.simulator.world.organization.generated import generated
from batchgw.simulator.world.organization.organization import Organization
from batchgw.simulator.world.organization.states import STATES
from batchgw.simulator.world.world import account_id

ACCOUNTS = [account_id(n) for n in range(100)]
REGIONS = ("eu-west-1", "us-east-1")


def test_a_hundred_accounts_have_of_everything() -> None:
    organization = Organization(generated(ACCOUNTS, REGIONS))
    assert organization.members == tuple(ACCOUNTS)
    assert max(len(unit.names) for unit in organization.tree) == 5
    names = {unit.name for unit in organization.tree}
    assert {"Cards/Wallets", "EU West", "Non Prod"} <= names
    tree = organization.tree
    assert any(not organization.accounts_in(u.id) and not tree.children(u.id) for u in tree)
    states = Counter(account.state for account in organization.accounts)
    assert set(states) == set(STATES)
    assert states["ACTIVE"] > 75
    opted = Counter(organization.regions(account)["eu-south-1"] for account in ACCOUNTS)
    assert set(opted) == {"ENABLED", "ENABLING", "DISABLING", "DISABLED"}
    assert sum(not account.tags for account in organization.accounts) == 15  # every 7th of 0..99


def test_the_first_account_manages_it_from_the_root() -> None:
    organization = Organization(generated(ACCOUNTS[:1], REGIONS))
    unit = organization.unit_of(ACCOUNTS[0])
    assert (organization.management, unit) == (ACCOUNTS[0], organization.tree.root)


def test_it_is_the_same_every_time_and_grows_at_its_end() -> None:
    assert generated(ACCOUNTS, REGIONS) == generated(ACCOUNTS, REGIONS)
    assert generated(ACCOUNTS, REGIONS).accounts[:10] == generated(ACCOUNTS[:10], REGIONS).accounts
