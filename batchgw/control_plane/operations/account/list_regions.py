"""ListRegions: a page of the regions of an account, and which of them it has enabled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from batchgw.control_plane.interface import Credentials, Operation, Reading, Request, Wire
from batchgw.control_plane.operations.listing import Page, page
from batchgw.control_plane.operations.region_status import RegionStatus, read_region

PAGE_SIZE = 50
"""Regions of a page: the operation's maximum (API reference, `MaxResults`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRegions(Request[Page[RegionStatus]]):
    """List a page of the regions of the scope's account, as the account itself sees them.

    The reader of the organisation can ask instead, if it is the management account or the delegated
    administrator of Account Management, with trusted access. It cannot ask so about the management account,
    which has to ask about itself.
    """

    operation = Operation(name="ListRegions", method="list_regions", service="account")
    asked_by: Credentials = "account"
    token: str | None = None

    @property
    def credentials(self) -> Credentials:
        """Whose keys sign."""
        return self.asked_by

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        account = self.scope.account if self.asked_by == "organization" else None
        optional = {"AccountId": account, "NextToken": self.token}
        return {"MaxResults": PAGE_SIZE} | {name: value for name, value in optional.items() if value}

    def read(self, answer: Wire, reading: Reading) -> Page[RegionStatus]:
        """Read a page."""
        del reading
        return page(answer, "Regions", _region)


def _region(item: Any) -> RegionStatus:
    return read_region(item, status="RegionOptStatus")
