"""ruamel's nodes made ours: aliases unfolded within bounds, merge keys merged, duplicate keys told."""

from __future__ import annotations

from collections.abc import Iterator

from ruamel.yaml.error import StreamMark
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from batchgw.errors import Problem
from batchgw.policy.document import Entry, Mapping, Mark, Node, Scalar, Sequence
from batchgw.policy.findings import shown

MAX_NODES = 100_000
"""Values a policy may hold, unfolded aliases included: twenty times the largest sensible one."""

MAX_DEPTH = 30
"""Levels of nesting; the format itself needs six."""

_TAG = "tag:yaml.org,2002:"


class TooMuch(Exception):
    """A text that is no policy by its size: reading it any further would only cost time or stack."""

    def __init__(self, message: str, mark: Mark) -> None:
        super().__init__(message)
        self.message = message
        self.mark = mark


def mark_of(mark: StreamMark) -> Mark:
    """Make our mark of ruamel's, which counts from 0."""
    return Mark(line=mark.line + 1, column=mark.column + 1)


def check_bounds(nodes: int, level: int, mark: StreamMark) -> None:
    """Raise TooMuch when a text has more values or levels than a policy could have."""
    if level > MAX_DEPTH:
        raise TooMuch(f"nested over {MAX_DEPTH} levels deep: this is not a policy", mark_of(mark))
    if nodes > MAX_NODES:
        raise TooMuch(f"more than {MAX_NODES} values, aliases unfolded: this is not a policy", mark_of(mark))


class Converter:
    """Makes our nodes of ruamel's, unfolding aliases within bounds."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._made = 0
        self._open: list[YamlNode] = []

    def node(self, node: YamlNode) -> Node:
        """Convert a node and all that is in it. Raises TooMuch."""
        self._made += 1
        check_bounds(self._made, len(self._open), node.start_mark)
        if any(node is outer for outer in self._open):
            raise TooMuch("this alias stands inside what it refers to", mark_of(node.start_mark))
        self._check_tag(node)
        self._open.append(node)
        try:
            return self._convert(node)
        finally:
            self._open.pop()

    def _convert(self, node: YamlNode) -> Node:
        mark = mark_of(node.start_mark)
        if isinstance(node, MappingNode):
            return Mapping(mark=mark, entries=self._entries(node))
        if isinstance(node, SequenceNode):
            return Sequence(mark=mark, items=[self.node(item) for item in node.value])
        if not isinstance(node, ScalarNode):
            raise TypeError(node)
        is_null = node.tag == f"{_TAG}null" and node.style is None
        return Scalar(mark=mark, text=None if is_null else self._text(node))

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
                self._problem(
                    key,
                    "duplicate-key",
                    f"the key {shown(name)} stands here a second time{_first(own[name])}",
                )
            own[name] = Entry(key=mark_of(key.start_mark), node=self._value(key, value))
        return merged | own

    def _value(self, key: YamlNode, value: YamlNode) -> Node:
        """The value of a key; what is absent is told of where its key stands."""
        node = self.node(value)
        if isinstance(node, Scalar) and node.text is None:
            return Scalar(mark=mark_of(key.start_mark), text=None)
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
        """The text as typed; JSON's escapes of half characters joined into what they mean."""
        text = str(node.value)
        if not any("\ud800" <= c <= "\udfff" for c in text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._problem(node, "syntax", "a \\u escape stands for half a character only")
            return text.encode("utf-8", "replace").decode()

    def _check_tag(self, node: YamlNode) -> None:
        if not str(node.tag).startswith(_TAG):
            self._problem(node, "syntax", f"the tag {shown(str(node.tag))} means nothing here; remove it")

    def _problem(self, node: YamlNode, rule: str, message: str) -> None:
        mark = mark_of(node.start_mark)
        self.problems.append(
            Problem(file=self._file, line=mark.line, column=mark.column, message=message, rule=rule)
        )


def _first(entry: Entry) -> str:
    return f" (first in line {entry.key.line}); keep one of them"
