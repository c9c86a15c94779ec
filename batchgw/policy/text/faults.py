"""What can be wrong with any text, YAML or JSON: too much in it, a key twice, half a character."""

from __future__ import annotations

from batchgw.errors import Problem
from batchgw.policy.quoting import shown
from batchgw.policy.text.document import Entry, Position

MAX_NODES = 20_000
"""Values a policy may hold, unfolded aliases included: four times the largest sensible one."""

MAX_DEPTH = 30
"""Levels of nesting; the format itself needs six."""

MAX_LINES = 100_000
"""Lines of a YAML text, as many as values: the YAML reader takes microseconds for each, blank ones too."""


class TooMuch(Exception):
    """A text is too large to be a policy. Reading on would only cost time or stack."""

    def __init__(self, message: str, position: Position) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def check_bounds(nodes: int, level: int, position: Position) -> None:
    """Raise TooMuch when a text has more values or levels than a policy could have."""
    if level > MAX_DEPTH:
        raise TooMuch(f"nested over {MAX_DEPTH} levels deep: this is not a policy", position)
    if nodes > MAX_NODES:
        raise TooMuch(f"more than {MAX_NODES} values, aliases unfolded: this is not a policy", position)


def check_lines(text: str) -> None:
    """Raise TooMuch when a YAML text has more lines than a policy could have."""
    if max(text.count("\n"), text.count("\r")) > MAX_LINES:
        raise TooMuch(
            f"more than {MAX_LINES} lines: this is not a policy", Position(line=MAX_LINES + 1, column=1)
        )


def second_time(file: str, position: Position, name: str, first: Entry) -> Problem:
    """Make the problem of a key that its mapping already has."""
    return Problem(
        file=file,
        line=position.line,
        column=position.column,
        message=f"the key {shown(name)} stands here a second time (first in line {first.key.line}); keep one"
        " of them",
        rule="duplicate-key",
    )


def half_a_character(file: str, position: Position) -> Problem:
    """Make the problem of a text in which `joined_halves` found half a character."""
    return Problem(
        file=file,
        line=position.line,
        column=position.column,
        message="a \\u escape stands for half a character only",
        rule="syntax",
    )


def joined_halves(text: str) -> str | None:
    r"""Join JSON's escapes of half characters (\ud83d\ude00) to characters. None where a half is missing."""
    if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None
