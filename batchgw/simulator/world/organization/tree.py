"""The root and the OUs of an organisation, by id and by name. An OU never goes away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from batchgw.simulator.world.identifiers import Identifiers
from batchgw.simulator.world.organization.paths import Names, path_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The root, or an OU. `names` are those from the top down to it; the root has none, and no parent."""

    id: str
    names: Names
    parent: str | None

    @property
    def name(self) -> str:
        """Its own name."""
        return self.names[-1] if self.names else "Root"


class Tree:
    """All OUs. The same seed and paths give the same ids."""

    def __init__(self, paths: Iterable[Names], *, seed: int) -> None:
        """`paths` are the OUs there are; those above them are there, too."""
        mark = Identifiers(length=4, seed=seed).of(1)
        self._ids = Identifiers(length=8, seed=seed)
        self._mark = mark
        self.root = Unit(id=f"r-{mark}", names=(), parent=None)
        self._by_names: dict[Names, Unit] = {(): self.root}
        self._by_id: dict[str, Unit] = {self.root.id: self.root}
        self._children: dict[str, list[Unit]] = {self.root.id: []}
        for names in paths:
            self._add(names)

    def get(self, id: str) -> Unit | None:  # noqa: A002 - AWS's word
        """The root or OU of an id; None where there is none."""
        return self._by_id.get(id)

    def at(self, names: Names) -> Unit:
        """The OU of a path. Raises ValueError, with the paths there are, where there is none."""
        found = self._by_names.get(names)
        if found is None:
            known = ", ".join(map(path_of, self._by_names))
            raise ValueError(f"there is no OU {path_of(names)}; there are {known}")
        return found

    def children(self, id: str) -> tuple[Unit, ...]:  # noqa: A002 - AWS's word
        """The OUs right below the root or an OU, in the order in which they came."""
        return tuple(self._children.get(id, ()))

    def upwards(self, unit: Unit) -> Iterator[Unit]:
        """The unit, its parent, and so on up to the root."""
        here: Unit | None = unit
        while here is not None:
            yield here
            here = None if here.parent is None else self._by_id[here.parent]

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._by_id.values())

    def _add(self, names: Names) -> Unit:
        found = self._by_names.get(names)
        if found is not None:
            return found
        parent = self._add(names[:-1])
        unit = Unit(id=f"ou-{self._mark}-{self._ids.of(len(self._by_id))}", names=names, parent=parent.id)
        self._by_names[names] = self._by_id[unit.id] = unit
        self._children[unit.id] = []
        self._children[parent.id].append(unit)
        return unit
