"""The roots and OUs of the organisation: where each is, and what people call it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations.organizations import (
    ListOrganizationalUnitsForParent,
    ListRoots,
    Unit,
)
from batchgw.discovery.pages import pages
from batchgw.errors import EntityNotFound
from batchgw.model import Scope


@dataclass(slots=True)
class Units:
    """The roots and OUs that are known.

    Attributes:
        ways: by its id, the ids from the root down to each, its own included.
        names: by its id, what people call it. A root's name is not part of a path.
    """

    ways: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def add(self, unit: Unit, above: tuple[str, ...] = ()) -> bool:
        """Take note of one that is right below the last of `above`. Returns whether it is new."""
        if unit.id in self.ways:
            return False
        self.ways[unit.id] = (*above, unit.id)
        self.names[unit.id] = unit.name
        return True

    def know(self, ou_ids: Sequence[str]) -> bool:
        """Tell whether the names of these are known."""
        return all(each in self.names for each in ou_ids)

    def named(self, ou_ids: Sequence[str]) -> tuple[str, ...]:
        """Give the names of OUs from the top, without the root. Raises KeyError for one that is not known."""
        return tuple(self.names[each] for each in ou_ids[1:])

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Give the names from the top down to each OU."""
        return (self.named(way) for way in self.ways.values())


async def list_units(plane: ControlPlane, scope: Scope) -> Units:
    """List all roots and OUs, parents first, one call after the other. Raises a `CallError`.

    An OU that is deleted meanwhile has no OUs below it.
    """
    units = Units()
    async for page in pages(plane, lambda token: ListRoots(scope=scope, token=token)):
        for root in page:
            units.add(root)
    parents = deque(units.ways)
    while parents:
        parent = parents.popleft()

        def ask(token: str | None, parent: str = parent) -> ListOrganizationalUnitsForParent:
            return ListOrganizationalUnitsForParent(scope=scope, parent=parent, token=token)

        with suppress(EntityNotFound):
            async for page in pages(plane, ask):
                parents.extend([unit.id for unit in page if units.add(unit, units.ways[parent])])
    return units
