"""Converts ruamel's nodes to ours: unfolds aliases within bounds, merges merge keys, reports duplicates."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping

from ruamel.yaml.error import StreamMark
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from batchgw.errors import Problem
from batchgw.policy.quoting import shown
from batchgw.policy.text.document import Entry, Mapping, Node, Position, Scalar, Sequence
from batchgw.policy.text.faults import TooMuch, check_bounds, half_a_character, joined_halves, second_time

_TAG = "tag:yaml.org,2002:"
_TAGS = {
    _TAG + name
    for name in ("str", "int", "float", "bool", "null", "timestamp", "seq", "map", "merge", "value")
}
"""The tags that are accepted. Values stay texts as they were typed, whatever their tag."""


def position_of(position: StreamMark) -> Position:
    """Convert ruamel's position, which counts from 0."""
    return Position(line=position.line + 1, column=position.column + 1)


class Converter:
    """Converts one text's nodes. `problems` are those that do not keep it from being understood."""

    def __init__(self, file: str, originals: AnyMapping[int, int]) -> None:
        """`originals` maps placeholder characters in the text to the characters that they replace."""
        self.problems: list[Problem] = []
        self._file = file
        self._originals = originals
        self._made = 0
        self._open: list[YamlNode] = []

    def node(self, node: YamlNode) -> Node:
        """Convert a node and everything in it. Raises TooMuch."""
        self._made += 1
        check_bounds(self._made, len(self._open), position_of(node.start_mark))
        if any(node is outer for outer in self._open):
            raise TooMuch("this alias stands inside what it refers to", position_of(node.start_mark))
        self._check_tag(node)
        self._open.append(node)
        try:
            return self._convert(node)
        finally:
            self._open.pop()

    def _convert(self, node: YamlNode) -> Node:
        position = position_of(node.start_mark)
        if isinstance(node, MappingNode):
            return Mapping(position=position, entries=self._entries(node))
        if isinstance(node, SequenceNode):
            return Sequence(position=position, items=[self.node(item) for item in node.value])
        if not isinstance(node, ScalarNode):
            raise TypeError(node)
        is_null = node.tag == f"{_TAG}null" and node.style is None
        return Scalar(position=position, text=None if is_null else self._text(node))

    def _entries(self, node: MappingNode) -> dict[str, Entry]:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                for entries in self._merged(value):
                    merged = entries | merged
                continue
            name = self._key(key)
            if name in own:
                self.problems.append(second_time(self._file, position_of(key.start_mark), name, own[name]))
            own[name] = Entry(key=position_of(key.start_mark), node=self._value(key, value))
        return merged | own

    def _value(self, key: YamlNode, value: YamlNode) -> Node:
        """Convert the value of a key. An absent value gets the position of its key."""
        node = self.node(value)
        if isinstance(node, Scalar) and node.text is None:
            return Scalar(position=position_of(key.start_mark), text=None)
        return node

    def _merged(self, value: YamlNode) -> Iterator[dict[str, Entry]]:
        for source in value.value if isinstance(value, SequenceNode) else [value]:
            converted = self.node(source)
            if isinstance(converted, Mapping):
                yield converted.entries
            else:
                self._problem(
                    source, "syntax", "only a mapping, or a list of mappings, can be merged with <<"
                )

    def _key(self, key: YamlNode) -> str:
        if isinstance(key, ScalarNode):
            return self._text(key)
        self._problem(key, "syntax", "a key must be a plain text")
        return f"<key at {key.start_mark.line + 1}:{key.start_mark.column + 1}>"

    def _text(self, node: ScalarNode) -> str:
        """Give the text as typed, with JSON's escapes of half characters joined."""
        text = str(node.value)
        if self._originals:
            text = text.translate(self._originals)
        joined = joined_halves(text)
        if joined is not None:
            return joined
        self.problems.append(half_a_character(self._file, position_of(node.start_mark)))
        return text.encode("utf-8", "replace").decode()

    def _check_tag(self, node: YamlNode) -> None:
        if str(node.tag) not in _TAGS:
            self._problem(node, "syntax", f"the tag {shown(str(node.tag))} means nothing here; remove it")

    def _problem(self, node: YamlNode, rule: str, message: str) -> None:
        position = position_of(node.start_mark)
        self.problems.append(
            Problem(file=self._file, line=position.line, column=position.column, message=message, rule=rule)
        )
