"""Text to document, with ruamel.yaml. Whatever the text, the answer is a document or a PolicyInvalid.

Anchors, aliases and merge keys (<<) work; what they unfold to is bounded. Duplicate keys and explicit tags
are problems, collected so that they can be told together with the rest.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Never

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode
from ruamel.yaml.reader import ReaderError

from batchgw.errors import PolicyInvalid, Problem
from batchgw.policy.document import Entry, Mapping, Mark, Node, Scalar, Sequence
from batchgw.policy.findings import excerpt, shown

MAX_NODES = 100_000
"""Values a policy may hold, unfolded aliases included: twenty times the largest sensible one."""

MAX_DEPTH = 30
"""Levels of nesting; the format itself needs six."""

_MESSAGE = 300  # characters of ruamel's own explanation that are repeated
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed text, and the problems that did not keep it from being parsed."""

    root: Node
    problems: tuple[Problem, ...]


class _TooMuch(Exception):
    def __init__(self, message: str, mark: Mark) -> None:
        super().__init__(message)
        self.message = message
        self.mark = mark


class _BoundedComposer(Composer):
    """ruamel's composer, stopped before a hostile text costs time or stack."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader=loader)
        self.warn_double_anchors = False
        self._level = 0
        self._nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._level += 1
        self._nodes += 1
        _check_bounds(self._nodes, self._level, self.parser.peek_event().start_mark)
        node = super().compose_node(parent, index)
        self._level -= 1
        return node


def parse(text: str, file: str) -> Document:
    """Parse a YAML or JSON text. Raises PolicyInvalid when nothing can be made of it."""
    try:
        root = _compose(_without_json_tabs(text))
        if root is None:
            _refuse(file, Mark(line=1, column=1), "file", _EMPTY)
        converter = _Converter(file)
        return Document(root=converter.node(root), problems=tuple(converter.problems))
    except _TooMuch as error:
        _refuse(file, error.mark, "syntax", error.message)
    except ReaderError as error:
        _refuse(file, _mark_at(text, error.position), "syntax", _unprintable(error))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(file, _mark(mark) if mark else Mark(line=0, column=0), "syntax", _explain(error))
    except (
        YAMLError,
        RecursionError,
        ValueError,
        LookupError,
        AssertionError,
        AttributeError,
        TypeError,
    ) as error:
        # What ruamel lets escape on texts it did not expect.
        _refuse(file, Mark(line=0, column=0), "syntax", f"this is not YAML or JSON ({type(error).__name__})")


_EMPTY = "the policy is empty; start from the one that `batchgw init` writes"


def _refuse(file: str, mark: Mark, rule: str, message: str) -> Never:
    problem = Problem(file=file, line=mark.line, column=mark.column, message=message, rule=rule)
    raise PolicyInvalid((problem,)) from None


def _compose(text: str) -> YamlNode | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _BoundedComposer
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ruamel's advice on texts that we refuse or accept ourselves
        node: YamlNode | None = yaml.compose(text)
    return node


def _without_json_tabs(text: str) -> str:
    """JSON may be indented with tabs, YAML may not; in JSON a tab is never part of a value."""
    if "\t" not in text or not text.lstrip().startswith(("{", "[")):
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")


def _mark(mark: StreamMark) -> Mark:
    return Mark(line=mark.line + 1, column=mark.column + 1)


def _mark_at(text: str, position: int) -> Mark:
    before = text[:position]
    return Mark(line=before.count("\n") + 1, column=position - before.rfind("\n"))


def _check_bounds(nodes: int, level: int, mark: StreamMark) -> None:
    if level > MAX_DEPTH:
        raise _TooMuch(f"nested over {MAX_DEPTH} levels deep: this is not a policy", _mark(mark))
    if nodes > MAX_NODES:
        raise _TooMuch(f"more than {MAX_NODES} values, aliases unfolded: this is not a policy", _mark(mark))


def _unprintable(error: ReaderError) -> str:
    code = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
    return f"the character U+{code:04X} may not stand in a YAML text; remove it, or write it as an escape"


def _explain(error: MarkedYAMLError) -> str:
    context = str(error.context or "")
    problem = str(error.problem or error).replace("\x00", "end of text")
    if context == "while scanning an alias":
        return 'a bare * begins a YAML alias; to mean the character, quote it: "*"'
    if "another document" in problem:
        return "a second document (---) begins here; a policy is one document"
    hint = ""
    if "'\\t'" in problem:
        hint = "; indent with spaces, not tabs"
    elif "cannot start any token" in problem or "mapping values are not allowed" in problem:
        hint = "; if it belongs to a text, put the text in quotes"
    if context and error.context_mark and error.problem_mark:
        context += f" that begins in line {error.context_mark.line + 1}"
    whole = f"{context}, {problem}" if context else problem
    return f"not valid YAML: {excerpt(whole, length=_MESSAGE)}{hint}"


class _Converter:
    """Makes our nodes of ruamel's, unfolding aliases within bounds."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._made = 0
        self._open: list[YamlNode] = []

    def node(self, node: YamlNode) -> Node:
        self._made += 1
        _check_bounds(self._made, len(self._open), node.start_mark)
        if any(node is outer for outer in self._open):
            raise _TooMuch("this alias stands inside what it refers to", _mark(node.start_mark))
        self._check_tag(node)
        self._open.append(node)
        try:
            return self._convert(node)
        finally:
            self._open.pop()

    def _convert(self, node: YamlNode) -> Node:
        mark = _mark(node.start_mark)
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
            own[name] = Entry(key=_mark(key.start_mark), node=self._value(key, value))
        return merged | own

    def _value(self, key: YamlNode, value: YamlNode) -> Node:
        """The value of a key; what is absent is told of where its key stands."""
        node = self.node(value)
        if isinstance(node, Scalar) and node.text is None:
            return Scalar(mark=_mark(key.start_mark), text=None)
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
        mark = _mark(node.start_mark)
        self.problems.append(
            Problem(file=self._file, line=mark.line, column=mark.column, message=message, rule=rule)
        )


def _first(entry: Entry) -> str:
    return f" (first in line {entry.key.line}); keep one of them"
