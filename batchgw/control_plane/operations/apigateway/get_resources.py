"""GetResources: a page of a REST API's paths, with the methods of each as they are now, not as deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchgw.control_plane.interface import ApiRequest, Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.get_deployment import MethodSummary, read_methods
from batchgw.control_plane.operations.apigateway.get_rest_apis import PAGE_SIZE
from batchgw.control_plane.operations.checks import LONGEST_POSITION
from batchgw.control_plane.operations.listing import Page, page


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A path of an API, and its methods by HTTP method; many have none."""

    path: str
    methods: Mapping[str, MethodSummary]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetResources(ApiRequest[Page[Resource]]):
    """List a page of resources with their methods. `position` is the token of the page, None for the first.

    A page holds 500 at most (API reference, `limit`). The operation has a quota of its own.
    """

    operation = Operation(
        name="GetResources", method="get_resources", http="GET", path="/restapis/{restApiId}/resources"
    )
    position: str | None = None
    limit: int = PAGE_SIZE

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        where = {"position": self.position} if self.position else {}
        return {"restApiId": self.api, "limit": self.limit, "embed": ["methods"]} | where

    def read(self, answer: Wire, reading: Reading) -> Page[Resource]:
        """Read a page."""
        del reading
        return page(answer, "items", _resource, next_in="position", longest=LONGEST_POSITION)


def _resource(item: Any) -> Resource:
    members: Wire = item if isinstance(item, dict) else {}
    path, methods = members.get("path"), members.get("resourceMethods")
    read = read_methods(path, {} if methods is None else methods)
    return Resource(path=str(path), methods=dict(read))
