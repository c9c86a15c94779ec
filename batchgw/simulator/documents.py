"""Reads a file that people write: plain values, each with its place, and errors that name it.

A value that came in some other way, such as over HTTP, has no line: then its keys say where it stands.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from batchgw.errors import UsageError

_MOST_NAMED = 12
"""Things that an error names, where it says what there is."""

Word = TypeVar("Word", bound=str)


Step = str | int
"""A key of a mapping, or the number of an item of a list, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value, and where it stands.

    Attributes:
        value: as YAML or JSON has it.
        source: the file, or what else it came in.
        steps: that lead to it from the whole.
        text_of_file: whole, from which its line is found; None where it came in some other way.
    """

    value: object
    source: str
    steps: tuple[Step, ...] = ()
    text_of_file: str | None = field(default=None, repr=False)

    @property
    def keys(self) -> str:
        """The steps as people write them, such as `accounts[2].ou`."""
        written = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)
        return written.removeprefix(".")

    def wrong(self, why: str) -> UsageError:
        """Make the error of a value that cannot be used, with its line and column from 1."""
        place = self.source
        if self.text_of_file is not None:
            line, column = _place(self.text_of_file, self.steps)
            place = f"{place}:{line + 1}:{column + 1}"
        return UsageError(f"{place}: {self.keys}: {why}" if self.steps else f"{place}: {why}")

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
        return replace(self, value=self.value[key], steps=(*self.steps, str(key)))

    def _item(self, index: int) -> Value:
        if not isinstance(self.value, Sequence):
            raise TypeError("only a list has items")
        return replace(self, value=self.value[index], steps=(*self.steps, index))


def _place(text: str, steps: Sequence[Step]) -> tuple[int, int]:
    """Find the line and column, from 0, of what steps lead to, or of what is nearest to it.

    The file is read again for that, in the form that keeps places: it takes twice as long as the other.
    """
    here: object = YAML(typ="rt").load(text)
    place = (0, 0)
    for step in steps:
        if isinstance(here, CommentedMap):
            key = next((each for each in here if str(each) == step), None)
            if key not in (here.lc.data or {}):  # merged in from elsewhere
                return place
            place, here = here.lc.value(key), here[key]
        elif isinstance(here, CommentedSeq) and isinstance(step, int):
            place, here = here.lc.item(step), here[step]
    return place


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Guess what was meant, as the end of a sentence; else name what there is, or the first of it."""
    close = get_close_matches(word, known, n=1)
    if close:
        return f", did you mean {close[0]!r}?"
    named = ", ".join([*known][:_MOST_NAMED])
    return f"; there are {named}" + (" and others" if len(known) > _MOST_NAMED else "")


def read(path: Path, what: str) -> Value:
    """Read a YAML or JSON file. `what` names its kind, such as "organisation file".

    Raises UsageError for a file that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        value = _parsed(text)
    except OSError as error:
        raise UsageError(f"The {what} {path} cannot be read: {error.strerror}.") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"The {what} {path} is neither YAML nor JSON: {error}") from None
    return Value(value=value, source=str(path), text_of_file=text)


def _parsed(text: str) -> object:
    """Read JSON, or else YAML. All JSON is YAML, but as such it takes a hundred times as long."""
    try:
        return json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_refused)
    except (ValueError, RecursionError):
        return YAML(typ="safe").load(text)


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make a mapping. A key that stands there twice is YAML's to refuse, with its place."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands here twice")
    return found


def _refused(constant: str) -> object:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)
