"""Operations of Organizations. Whoever reads the organisation signs them."""

from batchgw.control_plane.operations.organizations.describe_organization import (
    DescribeOrganization,
    Organization,
)
from batchgw.control_plane.operations.organizations.list_accounts import ListAccounts
from batchgw.control_plane.operations.organizations.list_accounts_for_parent import ListAccountsForParent
from batchgw.control_plane.operations.organizations.list_organizational_units_for_parent import (
    ListOrganizationalUnitsForParent,
)
from batchgw.control_plane.operations.organizations.list_roots import ListRoots
from batchgw.control_plane.operations.organizations.list_tags_for_resource import ListTagsForResource
from batchgw.control_plane.operations.organizations.tree import Unit

__all__ = [
    "OPERATIONS",
    "DescribeOrganization",
    "ListAccounts",
    "ListAccountsForParent",
    "ListOrganizationalUnitsForParent",
    "ListRoots",
    "ListTagsForResource",
    "Organization",
    "Unit",
]

OPERATIONS = (
    DescribeOrganization.operation,
    ListAccounts.operation,
    ListAccountsForParent.operation,
    ListOrganizationalUnitsForParent.operation,
    ListRoots.operation,
    ListTagsForResource.operation,
)
"""Those that batchgw sends."""
