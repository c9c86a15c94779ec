"""What those must be allowed to do who read the organisation and assume the roles in its accounts."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import AccountSelection, Targets
from batchgw.permissions.roles import Chain, assuming, assuming_reader
from batchgw.permissions.statement import Statement


def reading_side(
    targets: Targets, partition: str, *, names: bool = False, tags: bool = False
) -> tuple[Statement, ...]:
    """Give the statements for the base credentials, or for the role of `organization.role`.

    `names`: rules of the policy ask for accounts by their names or OUs; `tags`: for the tags of accounts.
    Raises UsageError for a policy without a role.
    """
    return tuple(_reading(targets, partition, names=names, tags=tags))


def _reading(targets: Targets, partition: str, *, names: bool, tags: bool) -> Iterator[Statement]:
    selection = targets.organization
    if selection is not None or names:
        yield from _listing(selection or AccountSelection(), tags=tags)
        if targets.enabled_regions is not None:
            yield Statement(
                sid="ListRegionsOfAccounts",
                actions=("account:ListRegions",),
                resources=(f"arn:{partition}:account::*:account/o-*/*",),
                why="tells the regions of an account that cannot be asked itself",
            )
    accounts, chain = targets.accounts if selection is None else (), Chain.of(targets)
    yield from assuming(chain, partition, accounts)
    if selection is not None or names:
        yield from assuming_reader(targets.organization_roles, chain, partition)


def _listing(selection: AccountSelection, *, tags: bool) -> Iterator[Statement]:
    yield Statement(
        sid="ListAccounts",
        actions=("organizations:DescribeOrganization", "organizations:ListAccounts"),
        resources=("*",),
        why="finds the accounts",
    )
    yield Statement(
        sid="ReadOus",
        actions=(
            "organizations:ListAccountsForParent",
            "organizations:ListOrganizationalUnitsForParent",
            "organizations:ListRoots",
        ),
        resources=("*",),
        why="tells which accounts are in which OU: `discover` always shows that",
    )
    if tags or selection.needs_tags:
        yield Statement(
            sid="ReadTagsOfAccounts",
            actions=("organizations:ListTagsForResource",),
            resources=("*",),
            why="reads the tags of accounts, since the policy asks for them",
        )
