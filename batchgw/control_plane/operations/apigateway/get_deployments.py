"""GetDeployments: a page of a REST API's deployments."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import ApiRequest, Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.get_deployment import Deployment, read_deployment
from batchgw.control_plane.operations.apigateway.get_rest_apis import PAGE_SIZE
from batchgw.control_plane.operations.checks import LONGEST_POSITION
from batchgw.control_plane.operations.listing import Page, page


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDeployments(ApiRequest[Page[Deployment]]):
    """List a page of deployments. `position` is the token of the page, None for the first one.

    A page holds 500 at most (API reference, `limit`).
    """

    operation = Operation(
        name="GetDeployments",
        method="get_deployments",
        http="GET",
        path="/restapis/{restApiId}/deployments",
    )
    position: str | None = None
    limit: int = PAGE_SIZE

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        where = {"position": self.position} if self.position else {}
        return {"restApiId": self.api, "limit": self.limit} | where

    def read(self, answer: Wire, reading: Reading) -> Page[Deployment]:
        """Read a page."""
        del reading
        return page(answer, "items", read_deployment, next_in="position", longest=LONGEST_POSITION)
