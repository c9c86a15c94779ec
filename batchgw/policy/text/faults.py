"""What can be wrong with any text, YAML or JSON: too much in it, a key twice, half a character."""

from __future__ import annotations

from batchgw.errors import Problem
from batchgw.policy.text.document import Entry, Mark
from batchgw.policy.wording import shown

MAX_NODES = 20_000
"""Values a policy may hold, unfolded aliases included: four times the largest sensible one."""

MAX_DEPTH = 30
"""Levels of nesting; the format itself needs six."""


MAX_LINES = 100_000
"""Lines of a YAML text, as many as values: the YAML reader takes microseconds for each, blank ones too."""


class TooMuch(Exception):
    """A text that is no policy by its size: reading it any further would only cost time or stack."""

    def __init__(self, message: str, mark: Mark) -> None:
        super().__init__(message)
        self.message = message
        self.mark = mark


def check_bounds(nodes: int, level: int, mark: Mark) -> None:
    """Raise TooMuch when a text has more values or levels than a policy could have."""
    if level > MAX_DEPTH:
        raise TooMuch(f"nested over {MAX_DEPTH} levels deep: this is not a policy", mark)
    if nodes > MAX_NODES:
        raise TooMuch(f"more than {MAX_NODES} values, aliases unfolded: this is not a policy", mark)


def check_lines(text: str) -> None:
    """Raise TooMuch when a YAML text has more lines than a policy could have."""
    if max(text.count("\n"), text.count("\r")) > MAX_LINES:
        raise TooMuch(
            f"more than {MAX_LINES} lines: this is not a policy", Mark(line=MAX_LINES + 1, column=1)
        )


def second_time(file: str, mark: Mark, name: str, first: Entry) -> Problem:
    """Make the problem of a key that stands in its mapping already."""
    return Problem(
        file=file,
        line=mark.line,
        column=mark.column,
        message=f"the key {shown(name)} stands here a second time (first in line {first.key.line}); keep one"
        " of them",
        rule="duplicate-key",
    )


def half_a_character(file: str, mark: Mark) -> Problem:
    """Make the problem of a text that `joined_halves` could not join."""
    return Problem(
        file=file,
        line=mark.line,
        column=mark.column,
        message="a \\u escape stands for half a character only",
        rule="syntax",
    )


def joined_halves(text: str) -> str | None:
    r"""Join JSON's escapes of half characters (\ud83d\ude00) into what they mean; None where one is alone."""
    if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None
