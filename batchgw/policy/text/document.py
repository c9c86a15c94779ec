"""A YAML or JSON text as nodes that know their line and column, each scalar kept as it was typed.

Numbers and booleans stay text, so that 012345678901 is an account id and 5e12345678 an API id. This module
knows nothing about policies.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field

from batchgw.policy.findings import Path

Plain = str | list["Plain"] | dict[str, "Plain"] | None
"""A document without its positions, as it is validated. None stands for `null` and for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position in the text. Lines and columns count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A text, or None for an absent or `null` value."""

    position: Position
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list."""

    position: Position
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key's position, and its value."""

    key: Position
    node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A mapping with text keys."""

    position: Position
    entries: dict[str, Entry] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


def plain(node: Node) -> Plain:
    """Give a document without its positions."""
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(entry.node) for key, entry in node.entries.items()}


def locate(root: Node, path: Path, *, at_key: bool) -> Position:
    """Find the position of the key or the value at a path.

    Steps that lead nowhere are skipped. So a path to something missing leads to what should contain it.
    """
    position = root.position
    for _, entry in _steps(root, path):
        position = entry.key if at_key else entry.node.position
    return position


def nearest(root: Node, path: Path) -> Path:
    """Give a path without the steps that lead nowhere."""
    return tuple(step for step, _ in _steps(root, path))


def without(node: Node, faulty: Container[Path], here: Path = ()) -> Node:
    """Give the document without what stands at the `faulty` paths."""
    match node:
        case Scalar():
            return node
        case Sequence():
            left = [((*here, n), item) for n, item in enumerate(node.items) if (*here, n) not in faulty]
            return Sequence(
                position=node.position, items=[without(item, faulty, path) for path, item in left]
            )
        case Mapping():
            kept = {k: e for k, e in node.entries.items() if (*here, k) not in faulty}
            return Mapping(
                position=node.position,
                entries={
                    k: Entry(key=e.key, node=without(e.node, faulty, (*here, k))) for k, e in kept.items()
                },
            )


def at_no_position(value: object) -> Node:
    """Make a document of a value that comes from no text: texts, lists, mappings and None."""
    position = Position(line=0, column=0)
    match value:
        case AnyMapping():
            return Mapping(
                position=position,
                entries={str(k): Entry(key=position, node=at_no_position(v)) for k, v in value.items()},
            )
        case list():
            return Sequence(position=position, items=[at_no_position(item) for item in value])
        case _:
            return Scalar(position=position, text=None if value is None else str(value))


def _steps(node: Node, path: Path) -> Iterator[tuple[str | int, Entry]]:
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
            entry = node.entries[step]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            item = node.items[step]
            entry = Entry(key=item.position, node=item)
        else:
            continue
        yield step, entry
        node = entry.node
