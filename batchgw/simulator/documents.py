"""Reads a file that people write: plain values, each with its place, and errors that name it.

A value that came in some other way, such as over HTTP, has no line: then its keys say where it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from batchgw.errors import UsageError

_MOST_NAMED = 12
"""Things that an error names, where it says what there is."""

Word = TypeVar("Word", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value, and where it stands.

    Attributes:
        value: as YAML or JSON has it.
        source: the file, or what else it came in.
        keys: that lead to it, such as `accounts[2].ou`.
        line: in the file, from 1; 0 where there is none.
        column: in the line, from 1.
    """

    value: object
    source: str
    keys: str = ""
    line: int = 0
    column: int = 0

    def wrong(self, why: str) -> UsageError:
        """Make the error of a value that cannot be used."""
        place = f"{self.source}:{self.line}:{self.column}" if self.line else self.source
        return UsageError(f"{place}: {self.keys}: {why}" if self.keys else f"{place}: {why}")

    def fields(self, known: Collection[str]) -> dict[str, Value]:
        """Read a mapping that has no other keys than the `known` ones; null is an empty one."""
        if self.value is None:
            return {}
        if not isinstance(self.value, Mapping):
            raise self.wrong(f"must be a mapping of {', '.join(known)}")
        for key in self.value:
            if key not in known:
                raise self._below(key).wrong(f"there is no such key{did_you_mean(str(key), known)}")
        return self.mapping()

    def mapping(self) -> dict[str, Value]:
        """Read a mapping of any keys; null is an empty one."""
        if self.value is None:
            return {}
        if not isinstance(self.value, Mapping):
            raise self.wrong("must be a mapping")
        return {str(key): self._below(key) for key in self.value}

    def items(self) -> tuple[Value, ...]:
        """Read a list; null is an empty one."""
        if self.value is None:
            return ()
        if not isinstance(self.value, Sequence) or isinstance(self.value, str):
            raise self.wrong("must be a list")
        return tuple(self._item(index) for index in range(len(self.value)))

    def text(self) -> str:
        """Read a text. A number is none: 12 digits without quotes may have lost a zero."""
        if not isinstance(self.value, str) or not self.value:
            raise self.wrong(f"must be a text, not {self.value!r}; a number needs quotes to be one")
        return str(self.value)

    def flag(self) -> bool:
        """Read true or false."""
        if not isinstance(self.value, bool):
            raise self.wrong(f"must be true or false, not {self.value!r}")
        return self.value

    def number(self) -> float:
        """Read a number that is not negative."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or self.value < 0:
            raise self.wrong(f"must be a number from 0 on, not {self.value!r}")
        return float(self.value)

    def word(self, words: Sequence[Word]) -> Word:
        """Read one of several words."""
        for word in words:
            if word == self.value:
                return word
        raise self.wrong(f"must be one of {', '.join(words)}, not {self.value!r}")

    def _below(self, key: object) -> Value:
        if not isinstance(self.value, Mapping):
            raise TypeError("only a mapping has keys")
        placed = isinstance(self.value, CommentedMap) and key in (self.value.lc.data or {})  # no merged keys
        place = self.value.lc.value(key) if placed and isinstance(self.value, CommentedMap) else None
        return self._at(self.value[key], f"{self.keys}.{key}" if self.keys else str(key), place)

    def _item(self, index: int) -> Value:
        if not isinstance(self.value, Sequence):
            raise TypeError("only a list has items")
        place = self.value.lc.item(index) if isinstance(self.value, CommentedSeq) else None
        return self._at(self.value[index], f"{self.keys}[{index}]", place)

    def _at(self, value: object, keys: str, place: tuple[int, int] | None) -> Value:
        line, column = (0, 0) if place is None else (place[0] + 1, place[1] + 1)
        return Value(value=value, source=self.source, keys=keys, line=line, column=column)


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Guess what was meant, as the end of a sentence; else name what there is, or the first of it."""
    close = get_close_matches(word, known, n=1)
    if close:
        return f", did you mean {close[0]!r}?"
    named = ", ".join([*known][:_MOST_NAMED])
    return f"; there are {named}" + (" and others" if len(known) > _MOST_NAMED else "")


def read(path: Path, what: str, *, form: Literal["safe", "rt"] = "rt") -> Value:
    """Read a YAML or JSON file. `what` names its kind, such as "organisation file".

    The form "rt" keeps the places of its values. Raises UsageError for a file that cannot be read.
    """
    try:
        value = YAML(typ=form).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The {what} {path} cannot be read: {error.strerror}.") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"The {what} {path} is neither YAML nor JSON: {error}") from None
    return Value(value=value, source=str(path), line=1, column=1)
