"""The OUs of the organisation: which are right below which, and what people call them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations.organizations import (
    ListOrganizationalUnitsForParent,
    ListRoots,
)
from batchgw.discovery.listing import ENDLESS
from batchgw.discovery.pages import pages
from batchgw.errors import EntityNotFound, ServiceFailure
from batchgw.model import Scope

_ROOT = "r-"
"""What the id of a root begins with (organizations API reference)."""

MOST_DEEP = 20
"""OUs below each other, at most: four times as many as AWS lets nest (Organizations user guide, quotas)."""


@dataclass(slots=True)
class Units:
    """The OUs that are known, list by list.

    Attributes:
        below: by the id of a root or OU, the names of all OUs right below it, by their ids.
        names: by its id, what people call an OU. A root's name is not part of a path.
    """

    below: dict[str, Mapping[str, str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def learn(self, parent: str, children: Mapping[str, str]) -> None:
        """Take note of all OUs right below a root or OU."""
        self.below[parent] = children
        self.names.update(children)

    def know(self, ou_ids: Sequence[str]) -> bool:
        """Tell whether the names of these are known, but for that of the root."""
        return all(each in self.names for each in ou_ids[1:])

    def named(self, ou_ids: Sequence[str]) -> tuple[str, ...]:
        """Give the names of OUs from the top, without the root. Raises KeyError for one that is not known."""
        return tuple(self.names[each] for each in ou_ids[1:])

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Give the names from the top down to each OU."""
        yield from self._walked().values()

    def reachable(self) -> Iterable[str]:
        """Give the ids of the roots and OUs to which lists lead: one that was removed is in none."""
        return self._walked().keys()

    def _walked(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        ways = deque[tuple[str, tuple[str, ...]]]((each, ()) for each in self.below if each.startswith(_ROOT))
        while ways:
            unit, names = ways.popleft()
            if unit not in found:
                found[unit] = names
                ways.extend((each, (*names, name)) for each, name in self.below.get(unit, {}).items())
        return found


class UnitLists:
    """Asks for OUs, one call after the other: for those right below one root or OU at a time.

    Args:
        plane: calls go through it; it paces and retries them.
        scope: whose calls they are, in a region of the organisation's partition.
        units: what is known already. It grows.

    Attributes:
        asked: the roots and OUs that were asked about, each with the number of its list.
    """

    def __init__(self, plane: ControlPlane, scope: Scope, units: Units) -> None:
        self._plane = plane
        self._scope = scope
        self.units = units
        self.asked: dict[str, int] = {}
        self.lists = 0
        """How many lists were asked for so far."""

    async def list_below(self, parent: str) -> None:
        """Ask for the OUs right below one. One that was deleted meanwhile has none. Raises a `CallError`."""

        def ask(token: str | None) -> ListOrganizationalUnitsForParent:
            return ListOrganizationalUnitsForParent(scope=self._scope, parent=parent, token=token)

        children: dict[str, str] = {}
        with suppress(EntityNotFound):
            async for page in pages(self._plane, ask):
                children |= {unit.id: unit.name for unit in page}
        self.lists += 1
        self.asked[parent] = self.lists
        self.units.learn(parent, children)

    async def ways(self, *, again: bool = False) -> AsyncGenerator[tuple[str, ...], None]:
        """Yield the ids from the root down to each root and OU, parents first. Raises a `CallError`.

        Only what is not known is asked for, or all of it `again`.
        """
        ways = deque[tuple[str, ...]]()
        async for page in pages(self._plane, lambda token: ListRoots(scope=self._scope, token=token)):
            ways.extend((root.id,) for root in page)
        seen: set[str] = set()
        while ways:
            way = ways.popleft()
            if way[-1] in seen:
                continue
            seen.add(way[-1])
            if again or way[-1] not in self.units.below:
                await self.list_below(way[-1])
            if len(way) > MOST_DEEP + 1:
                raise ServiceFailure(
                    f"the organisation's tree of OUs does not end: {way[-1]} has {MOST_DEEP} OUs above it, "
                    "and AWS lets five of them nest. Check --endpoint-url / AWS_ENDPOINT_URL",
                    code=ENDLESS,
                )
            yield way
            ways.extend((*way, each) for each in self.units.below[way[-1]])
