"""A YAML or JSON text as nodes that know their line and column, each scalar kept as it was typed.

Numbers and booleans stay text, so that 012345678901 is an account id and 5e12345678 an API id. It knows
nothing of policies.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field

from batchgw.policy.findings import Path

Plain = str | list["Plain"] | dict[str, "Plain"] | None
"""What is validated: the document without its positions; None where nothing or `null` stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in the text; both count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A text, or None for an absent or `null` value."""

    mark: Mark
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list."""

    mark: Mark
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key's place, and its value."""

    key: Mark
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A mapping with text keys."""

    mark: Mark
    entries: dict[str, Entry] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


def plain(node: Node) -> Plain:
    """Take the positions off."""
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(entry.node) for key, entry in node.entries.items()}


def locate(root: Node, path: Path, *, at_key: bool) -> Mark:
    """Find the place a path speaks of: a key or a value.

    Steps that lead nowhere are passed over, so a path to what is missing ends at what should hold it.
    """
    mark = root.mark
    for _, entry in _steps(root, path):
        mark = entry.key if at_key else entry.node.mark
    return mark


def nearest(root: Node, path: Path) -> Path:
    """Give the steps of a path that lead somewhere."""
    return tuple(step for step, _ in _steps(root, path))


def without(node: Node, doomed: Container[Path], here: Path = ()) -> Node:
    """Give the document without what stands at the `doomed` paths."""
    match node:
        case Scalar():
            return node
        case Sequence():
            left = [((*here, n), item) for n, item in enumerate(node.items) if (*here, n) not in doomed]
            return Sequence(mark=node.mark, items=[without(item, doomed, path) for path, item in left])
        case Mapping():
            kept = {k: e for k, e in node.entries.items() if (*here, k) not in doomed}
            return Mapping(
                mark=node.mark,
                entries={
                    k: Entry(key=e.key, node=without(e.node, doomed, (*here, k))) for k, e in kept.items()
                },
            )


def unplaced(value: object) -> Node:
    """Make a document of a value that stands in no text: texts, lists, mappings and None."""
    mark = Mark(line=0, column=0)
    match value:
        case AnyMapping():
            return Mapping(
                mark=mark, entries={str(k): Entry(key=mark, node=unplaced(v)) for k, v in value.items()}
            )
        case list():
            return Sequence(mark=mark, items=[unplaced(item) for item in value])
        case _:
            return Scalar(mark=mark, text=None if value is None else str(value))


def _steps(node: Node, path: Path) -> Iterator[tuple[str | int, Entry]]:
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
            entry = node.entries[step]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            item = node.items[step]
            entry = Entry(key=item.mark, node=item)
        else:
            continue
        yield step, entry
        node = entry.node
