"""Reads a text into a document: JSON by its own rules, YAML with ruamel.yaml. Else it is PolicyInvalid.

Anchors, aliases and merge keys (<<) work; what they unfold to is bounded. Duplicate keys and explicit tags
are problems. They are collected and reported together with all others.
"""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Never

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node as YamlNode
from ruamel.yaml.reader import ReaderError

from batchgw.errors import PolicyInvalid, Problem
from batchgw.policy.quoting import excerpt
from batchgw.policy.text.convert import Converter, position_of
from batchgw.policy.text.document import Node, Position
from batchgw.policy.text.faults import TooMuch, check_bounds, check_lines
from batchgw.policy.text.json_text import JsonScanner, NotJson

_MESSAGE = 300  # characters of ruamel's own explanation that are repeated
_JSON_SPACE = " \t\r\n"
_MEANT_AS_JSON = re.compile(r'\{\s*"')
_OLD_BREAKS = "\x85\u2028\u2029"
_PRIVATE = (0xF0000, 0xFFFFE)  # private use code points: more of them than a policy can contain
_ALIAS = "while scanning an alias"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed text, and the problems that did not keep it from being parsed."""

    root: Node
    problems: tuple[Problem, ...]


class _BoundedComposer(Composer):
    """ruamel's composer, stopped before a hostile text costs time or stack. Its methods take and give Any."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader=loader)
        self.warn_double_anchors = False
        self._level = 0
        self._nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._level += 1
        self._nodes += 1
        check_bounds(self._nodes, self._level, position_of(self.parser.peek_event().start_mark))
        node = super().compose_node(parent, index)
        self._level -= 1
        return node


def parse(text: str, file: str, *, empty: Node | None = None) -> Document:
    """Parse a YAML or JSON text. Raises PolicyInvalid when nothing can be made of it.

    A file called .json is read as JSON, and so is any text in braces or brackets that is valid JSON. All else
    is read as YAML. `empty` is what a text without content means; None when it must have content.
    """
    try:
        return _parsed(text, file, empty)
    except NotJson as error:
        _refuse(file, error.position, "syntax", f"not valid JSON: {error.message}")
    except TooMuch as error:
        _refuse(file, error.position, "syntax", error.message)


def _parsed(text: str, file: str, empty: Node | None) -> Document:
    content = text.lstrip(_JSON_SPACE)
    if content and file.lower().endswith(".json"):
        return _json(text, file)
    if content.startswith(("{", "[")):
        with suppress(NotJson):
            return _json(text, file)
    try:
        return _yaml(text, file, empty)
    except PolicyInvalid:
        if _MEANT_AS_JSON.match(content):
            return _json(text, file)  # its errors name the fault in JSON's terms
        raise


def _json(text: str, file: str) -> Document:
    """Read JSON. Raises NotJson and TooMuch."""
    scanner = JsonScanner(text, file)
    root = scanner.document()
    return Document(root=root, problems=tuple(scanner.problems))


def _yaml(text: str, file: str, empty: Node | None) -> Document:
    """Read YAML. Raises PolicyInvalid and TooMuch."""
    check_lines(text)
    placeholders = _placeholders(text)
    try:
        root = _compose(text.translate(placeholders) if placeholders else text)
        if root is None and empty is not None:
            return Document(root=empty, problems=())
        if root is None:
            _refuse(file, Position(line=1, column=1), "file", _EMPTY)
        converter = Converter(file, {after: before for before, after in placeholders.items()})
        return Document(root=converter.node(root), problems=tuple(converter.problems))
    except ReaderError as error:
        _refuse(file, _position_at(text, error.position), "syntax", _unprintable(error))
    except MarkedYAMLError as error:
        positions = (error.problem_mark, error.context_mark)
        position = next(filter(None, reversed(positions) if error.context == _ALIAS else positions), None)
        _refuse(
            file, position_of(position) if position else Position(line=1, column=1), "syntax", _explain(error)
        )
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
        _refuse(
            file, Position(line=1, column=1), "syntax", f"this is not YAML or JSON ({type(error).__name__})"
        )


_EMPTY = "the policy is empty; start from the one that `batchgw init` writes"


def _refuse(file: str, position: Position, rule: str, message: str) -> Never:
    problem = Problem(file=file, line=position.line, column=position.column, message=message, rule=rule)
    raise PolicyInvalid((problem,)) from None


def _compose(text: str) -> YamlNode | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _BoundedComposer
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ruamel's advice on texts that we refuse or accept ourselves
        node: YamlNode | None = yaml.compose(text)
    return node


def _placeholders(text: str) -> dict[int, int]:
    """Choose a placeholder, one that the text does not contain, for each line break that only YAML 1.1 knows.

    ruamel folds these characters like line breaks. In YAML 1.2 and in editors they are part of the text.
    """
    if not any(character in text for character in _OLD_BREAKS):
        return {}
    spare = (point for point in range(*_PRIVATE) if chr(point) not in text)
    return {ord(character): next(spare) for character in _OLD_BREAKS}


def _position_at(text: str, position: int) -> Position:
    before = text[:position]
    return Position(line=before.count("\n") + 1, column=position - before.rfind("\n"))


def _unprintable(error: ReaderError) -> str:
    code = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
    return f"the character U+{code:04X} may not stand in a YAML text; remove it, or write it as an escape"


def _explain(error: MarkedYAMLError) -> str:
    context = str(error.context or "")
    problem = str(error.problem or error).replace("\x00", "end of text")
    if context == _ALIAS:
        return 'a bare * begins a YAML alias; to mean the character, quote it: "*"'
    if "another document" in problem:
        return "a second document (---) begins here; write one document a file"
    hint = ""
    if "'\\t'" in problem:
        hint = "; indent with spaces, not tabs"
    elif "cannot start any token" in problem or "mapping values are not allowed" in problem:
        hint = "; if it belongs to a text, put the text in quotes"
    if context and error.context_mark and error.problem_mark:
        context += f" that begins in line {error.context_mark.line + 1}"
    whole = f"{context}, {problem}" if context else problem
    return f"not valid YAML: {excerpt(whole, length=_MESSAGE)}{hint}"
