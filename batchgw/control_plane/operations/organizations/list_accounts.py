"""ListAccounts: a page of the accounts of the organisation."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.listing import Page, page
from batchgw.control_plane.operations.organizations.tree import PAGE_SIZE, read_account
from batchgw.model.fleet.organization import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAccounts(Request[Page[Account]]):
    """List a page of accounts. The management account and delegated administrators may ask."""

    operation = Operation(
        name="ListAccounts", method="list_accounts", service="organizations", credentials="organization"
    )
    token: str | None = None

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"MaxResults": PAGE_SIZE} | ({"NextToken": self.token} if self.token else {})

    def read(self, answer: Wire, reading: Reading) -> Page[Account]:
        """Read a page."""
        del reading
        return page(answer, "Accounts", read_account)
