"""ListAccountsForParent: a page of the accounts right below a root or an OU."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.listing import Page, page
from batchgw.control_plane.operations.organizations.tree import PAGE_SIZE, read_account
from batchgw.model.fleet.organization import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAccountsForParent(Request[Page[Account]]):
    """List a page of the accounts right below a root or an OU."""

    operation = Operation(
        name="ListAccountsForParent",
        method="list_accounts_for_parent",
        service="organizations",
        credentials="organization",
    )
    parent: str
    token: str | None = None

    @property
    def target(self) -> str:
        """The root or OU."""
        return self.parent

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        given = {"ParentId": self.parent, "MaxResults": PAGE_SIZE}
        return given | ({"NextToken": self.token} if self.token else {})

    def read(self, answer: Wire, reading: Reading) -> Page[Account]:
        """Read a page."""
        del reading
        return page(answer, "Accounts", read_account)
