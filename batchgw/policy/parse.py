"""Text to document, with ruamel.yaml. Whatever the text, the answer is a document or a PolicyInvalid.

Anchors, aliases and merge keys (<<) work; what they unfold to is bounded. Duplicate keys and explicit tags
are problems, collected so that they can be told together with the rest.
"""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass
from typing import Any, Never

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node as YamlNode
from ruamel.yaml.reader import ReaderError

from batchgw.errors import PolicyInvalid, Problem
from batchgw.policy.convert import Converter, TooMuch, check_bounds, mark_of
from batchgw.policy.document import Mark, Node
from batchgw.policy.findings import excerpt

_MESSAGE = 300  # characters of ruamel's own explanation that are repeated
_JSON_START = re.compile(r'\s*\{\s*"')
_ALIAS = "while scanning an alias"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed text, and the problems that did not keep it from being parsed."""

    root: Node
    problems: tuple[Problem, ...]


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
        check_bounds(self._nodes, self._level, self.parser.peek_event().start_mark)
        node = super().compose_node(parent, index)
        self._level -= 1
        return node


def parse(text: str, file: str, *, empty: Node | None = None) -> Document:
    """Parse a YAML or JSON text. Raises PolicyInvalid when nothing can be made of it.

    `empty` is what a text without content means; a policy has some.
    """
    try:
        root = _compose(_without_json_tabs(text))
        if root is None and empty is not None:
            return Document(root=empty, problems=())
        if root is None:
            _refuse(file, Mark(line=1, column=1), "file", _EMPTY)
        converter = Converter(file)
        return Document(root=converter.node(root), problems=tuple(converter.problems))
    except TooMuch as error:
        _refuse(file, error.mark, "syntax", error.message)
    except ReaderError as error:
        _refuse(file, _mark_at(text, error.position), "syntax", _unprintable(error, _language(text, file)))
    except MarkedYAMLError as error:
        if _language(text, file) == "JSON":
            _refuse_json(text, file)
        marks = (error.problem_mark, error.context_mark)
        mark = next(filter(None, reversed(marks) if error.context == _ALIAS else marks), None)
        _refuse(file, mark_of(mark) if mark else Mark(line=0, column=0), "syntax", _explain(error))
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


def _mark_at(text: str, position: int) -> Mark:
    before = text[:position]
    return Mark(line=before.count("\n") + 1, column=position - before.rfind("\n"))


def _language(text: str, file: str) -> str:
    """What a text was meant to be: JSON by its name, or by a quoted key that it begins with."""
    return "JSON" if file.lower().endswith(".json") or _JSON_START.match(text) else "YAML"


def _refuse_json(text: str, file: str) -> None:
    """Refuse a text that is no JSON in JSON's own terms; return if it is JSON nevertheless."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        _refuse(
            file, Mark(line=error.lineno, column=error.colno), "syntax", f"not valid JSON: {_said(error)}"
        )
    except (ValueError, RecursionError):
        return


def _said(error: json.JSONDecodeError) -> str:
    return error.msg[:1].lower() + error.msg[1:]


def _unprintable(error: ReaderError, language: str) -> str:
    code = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
    return (
        f"the character U+{code:04X} may not stand in a {language} text; remove it, or write it as an escape"
    )


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
