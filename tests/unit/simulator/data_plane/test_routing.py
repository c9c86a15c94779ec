"""Which resource of a deployed API a path leads to."""

from __future__ import annotations

import pytest

from batchgw.simulator.data_plane.routing import find
from batchgw.simulator.world.api_state import DeployedMethod

METHOD = DeployedMethod()


def paths(*written: str) -> dict[str, dict[str, DeployedMethod]]:
    """Resources, each written as `VERB /path`."""
    found: dict[str, dict[str, DeployedMethod]] = {}
    for each in written:
        verb, path = each.split()
        found.setdefault(path, {})[verb] = METHOD
    return found


SHOP = paths(
    "GET /", "GET /orders", "GET /orders/{id}", "ANY /orders/{id}/items/{proxy+}", "POST /orders/new"
)
GREEDY = paths("ANY /{proxy+}", "GET /orders")


@pytest.mark.parametrize(
    ("api", "call", "resource", "parameters"),
    [
        (SHOP, "GET /", "/", {}),
        (SHOP, "GET /orders", "/orders", {}),
        (SHOP, "GET /orders/", "/orders", {}),
        (SHOP, "GET /orders/7", "/orders/{id}", {"id": "7"}),
        (SHOP, "POST /orders/new", "/orders/new", {}),
        (SHOP, "GET /orders/new", None, {}),  # the exact resource is chosen, and has no GET
        (SHOP, "PUT /orders/7/items/a/b", "/orders/{id}/items/{proxy+}", {"id": "7", "proxy": "a/b"}),
        (SHOP, "PUT /orders/7/items", None, {}),
        (SHOP, "DELETE /orders", None, {}),
        (SHOP, "GET /nowhere", None, {}),
        (SHOP, "GET /nowhere/at/all/or/so", None, {}),
        (GREEDY, "GET /nowhere", "/{proxy+}", {"proxy": "nowhere"}),
        (GREEDY, "GET /a/b/c", "/{proxy+}", {"proxy": "a/b/c"}),
        (GREEDY, "GET /orders", "/orders", {}),
        (GREEDY, "GET /", None, {}),  # the root itself is not below it
        ({}, "GET /", None, {}),
    ],
)
def test_a_path_leads_to_the_most_exact_resource(
    api: dict[str, dict[str, DeployedMethod]], call: str, resource: str | None, parameters: dict[str, str]
) -> None:
    verb, path = call.split()
    found = find(api, path, verb)
    assert (found and found.resource, {} if found is None else dict(found.parameters)) == (
        resource,
        parameters,
    )
