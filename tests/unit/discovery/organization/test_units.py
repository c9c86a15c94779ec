"""A tree of OUs comes to its end, or is refused."""

from __future__ import annotations

from typing import cast

import pytest

from batchgw.control_plane.interface import ControlPlane, Execution, Request, T
from batchgw.control_plane.operations.listing import Page
from batchgw.control_plane.operations.organizations import ListOrganizationalUnitsForParent, Unit
from batchgw.discovery.listing import ENDLESS
from batchgw.discovery.organization.units import MOST_DEEP, UnitLists, Units
from batchgw.errors import ServiceFailure
from batchgw.model import AccountId, Region, Scope
from tests.virtual import virtually

HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))


class Nested:
    """A service in which so many OUs are nested, one below the other."""

    def __init__(self, deep: float) -> None:
        self.deep = deep
        self.calls = 0

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        del execution
        self.calls += 1
        parent = request.parent if isinstance(request, ListOrganizationalUnitsForParent) else None
        below = 0 if parent is None else int(parent.removeprefix("r-").removeprefix("ou-")) + 1
        found = [Unit(id="r-0" if parent is None else f"ou-{below}", name="x")] if below <= self.deep else []
        return cast("T", Page(items=tuple(found), token=None))


def ways(service: Nested) -> list[tuple[str, ...]]:
    async def walk() -> list[tuple[str, ...]]:
        lists = UnitLists(cast("ControlPlane", service), HERE, Units())
        return [way async for way in lists.ways()]

    return virtually(walk)


def test_every_ou_has_its_way_from_the_root() -> None:
    assert ways(Nested(2)) == [("r-0",), ("r-0", "ou-1"), ("r-0", "ou-1", "ou-2")]
    assert len(ways(Nested(MOST_DEEP))) == MOST_DEEP + 1


def test_a_tree_that_never_ends_is_refused() -> None:
    service = Nested(float("inf"))
    with pytest.raises(ServiceFailure, match=r"tree of OUs does not end: .* Check --endpoint-url") as refused:
        ways(service)
    assert refused.value.code == ENDLESS
    assert service.calls < MOST_DEEP + 5
