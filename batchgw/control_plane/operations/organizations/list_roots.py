"""ListRoots: the roots of the organisation. There is one, but it is a list."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.listing import Page, page
from batchgw.control_plane.operations.organizations.tree import PAGE_SIZE, Unit, read_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRoots(Request[Page[Unit]]):
    """List a page of roots."""

    operation = Operation(
        name="ListRoots", method="list_roots", service="organizations", credentials="organization"
    )
    token: str | None = None

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"MaxResults": PAGE_SIZE} | ({"NextToken": self.token} if self.token else {})

    def read(self, answer: Wire, reading: Reading) -> Page[Unit]:
        """Read a page."""
        del reading
        return page(answer, "Roots", read_unit)
