"""Describes an organisation as it is now, ready for JSON: a test compares what a client has read."""

from __future__ import annotations

from batchgw.simulator.world.organization.organization import Account, Organization
from batchgw.simulator.world.organization.paths import path_of


def describe(organization: Organization) -> dict[str, object]:
    """Give every account of the world. The `ou` of one that is no member is null."""
    return {
        "id": organization.id,
        "management": organization.management,
        "accounts": [_account(organization, account) for account in organization.accounts],
    }


def _account(organization: Organization, account: Account) -> dict[str, object]:
    unit = organization.unit_of(account.id)
    regions = organization.regions(account.id)
    return {
        "id": account.id,
        "name": account.name,
        "ou": None if unit is None else path_of(unit.names),
        "ou_ids": [] if unit is None else [each.id for each in organization.tree.upwards(unit)][::-1],
        "state": account.state,
        "tags": dict(account.tags),
        "regions": {name: regions[name] for name in organization.all_regions},
    }
