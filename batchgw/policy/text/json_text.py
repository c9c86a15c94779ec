"""Reads JSON into nodes, by RFC 8259: every character of a text is kept, and so is every column.

Python's json module gives no positions. So this module scans the structure, and json reads the texts.
Nothing beyond the standard is accepted: no comments, no NaN, nothing after the value.
"""

from __future__ import annotations

import json
import re
from typing import Never

from batchgw.errors import Problem
from batchgw.policy.text.document import Entry, Mapping, Node, Position, Scalar, Sequence
from batchgw.policy.text.faults import check_bounds, half_a_character, joined_halves, second_time

_SPACE = re.compile(r"[ \t\n\r]*")
_BARE = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")
_WORD = re.compile(r"[\w.+-]+")
_TEXTS = json.JSONDecoder()


class NotJson(Exception):
    """The text is not JSON: what was found, and where."""

    def __init__(self, message: str, position: Position) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class JsonScanner:
    """Reads one text. `problems` are those that do not keep it from being understood."""

    def __init__(self, text: str, file: str) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._file = file
        self._at = 0
        self._level = 0
        self._nodes = 0
        self._line = 1
        self._line_start = 0
        self._counted = 0  # up to here, lines are counted

    def document(self) -> Node:
        """Read the document. Raises NotJson, and TooMuch for a text that is too large to be a policy."""
        root = self._value()
        if self._next():
            self._refuse("expecting nothing more after the end of its only value")
        return root

    def _value(self) -> Node:
        character = self._next()
        position = self._position()
        self._nodes += 1
        check_bounds(self._nodes, self._level, position)
        if character == "{":
            return Mapping(position=position, entries=self._entries())
        if character == "[":
            return Sequence(position=position, items=self._items())
        if character == '"':
            return Scalar(position=position, text=self._string(position))
        return Scalar(position=position, text=self._bare())

    def _entries(self) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        while self._goes_on("}", first=not entries):
            if self._next() != '"':
                self._refuse("expecting a key in double quotes")
            position = self._position()
            name = self._string(position)
            if self._next() != ":":
                self._refuse("expecting a colon between key and value")
            self._at += 1
            if name in entries:
                self.problems.append(second_time(self._file, position, name, entries[name]))
            entries[name] = Entry(key=position, node=_at_key_if_absent(position, self._value()))
        return entries

    def _items(self) -> list[Node]:
        items: list[Node] = []
        while self._goes_on("]", first=not items):
            items.append(self._value())
        return items

    def _goes_on(self, end: str, *, first: bool) -> bool:
        """Skip the bracket or comma before the next element; tell whether there is one."""
        character = self._next()
        if first:
            self._at += 1
            self._level += 1
            if self._next() != end:
                return True
        elif character == ",":
            self._at += 1
            if self._next() != end:
                return True
            self._refuse(f"expecting something between the comma and {end}")
        elif character != end:
            self._refuse(f"expecting a comma or {end}")
        self._at += 1
        self._level -= 1
        return False

    def _string(self, position: Position) -> str:
        try:
            text, self._at = _TEXTS.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._at = error.pos
            self._refuse_string(error, position)
        joined = joined_halves(text)
        if joined is None:
            self.problems.append(half_a_character(self._file, position))
            return str(text).encode("utf-8", "replace").decode()
        return joined

    def _refuse_string(self, error: json.JSONDecodeError, position: Position) -> Never:
        if error.msg.startswith("Unterminated"):
            raise NotJson("the text that begins here does not end", position)
        if error.msg.startswith("Invalid control character"):
            self._refuse(
                f"the character U+{ord(self._text[error.pos]):04X} may not stand in a JSON text; remove it,"
                " or write it as an escape"
            )
        self._refuse(r"a backslash begins an escape, and JSON has \n, \t, \", \\, \uXXXX and a few more")

    def _bare(self) -> str | None:
        """Read a number or a word. Numbers, true and false stay as they were typed."""
        found = _BARE.match(self._text, self._at)
        word = _WORD.match(self._text, self._at)
        if found is None or (word is not None and word.end() > found.end()):
            self._refuse(
                "expecting a text in double quotes, a number, true, false, null, a mapping or a list"
            )
        self._at = found.end()
        return None if found.group() == "null" else found.group()

    def _next(self) -> str:
        """Skip white space; give the next character, or nothing at the end."""
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _position(self) -> Position:
        """Give the scanner's position. It only moves forward, so each line break is counted once."""
        passed = self._text.count("\n", self._counted, self._at)
        if passed:
            self._line += passed
            self._line_start = self._text.rfind("\n", self._counted, self._at) + 1
        self._counted = self._at
        return Position(line=self._line, column=self._at - self._line_start + 1)

    def _refuse(self, message: str) -> Never:
        """Refuse what is at the scanner's position."""
        hint = "; JSON has no comments" if self._text[self._at : self._at + 1] in ("#", "/") else ""
        end = ", and the text ends here" if self._at >= len(self._text) else ""
        raise NotJson(f"{message}{end}{hint}", self._position())


def _at_key_if_absent(key: Position, value: Node) -> Node:
    """Give an absent value the position of its key, for messages about it."""
    return Scalar(position=key, text=None) if isinstance(value, Scalar) and value.text is None else value
