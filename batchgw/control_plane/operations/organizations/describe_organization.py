"""DescribeOrganization: which organisation the account is in, and which account manages it."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.checks import is_account, is_id
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.model import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """An organisation: its id (`o-...`), and its management account."""

    id: str
    management_account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeOrganization(Request[Organization]):
    """Describe the organisation. Every member may ask. Raises OrganizationNotInUse where there is none."""

    operation = Operation(
        name="DescribeOrganization",
        method="describe_organization",
        service="organizations",
        credentials="organization",
    )

    def params(self) -> Wire:
        """Give the parameters of boto3's method: there are none."""
        return {}

    def read(self, answer: Wire, reading: Reading) -> Organization:
        """Read it."""
        del reading
        found = answer.get("Organization")
        members: Wire = found if isinstance(found, dict) else {}
        organization, management = members.get("Id"), members.get("MasterAccountId")
        if not is_id(organization) or not is_account(management):
            raise unreadable_answer("it does not say which organisation it is, or which account manages it")
        return Organization(id=organization, management_account=AccountId(management))
