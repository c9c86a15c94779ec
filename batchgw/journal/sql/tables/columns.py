"""What the journal's columns may hold. Each value is looked at when it is read: anybody can edit a file.

A value that batchgw cannot have written raises ValueError, and `database` says in which table and row it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from sqlalchemy import BigInteger, Boolean, Double, Integer, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")

_UNSTORABLE = re.compile("[\\\\\x00\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")

FIRST_DATE: Final = -62_135_596_800.0
LAST_DATE: Final = 253_402_300_799.0
"""Seconds since the epoch of the years 1 and 9999, between which a date can be shown."""

MOST: Final = 2**63 - 1
MOST_SMALL: Final = 2**31 - 1
"""The largest numbers of columns of eight and of four bytes."""

LONGEST_SHOWN: Final = 40
"""Characters of a value that an error repeats."""


def shown(value: object) -> str:
    """Give a value as an error repeats it."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def unfit(value: object, what: str) -> ValueError:
    """Say that a value is not what its column holds."""
    return ValueError(f"{shown(value)}, which is no {what}")


def escaped(text: str) -> str:
    r"""Write what databases refuse, and the backslash itself, as `\uXXXX`; everything else stays readable."""
    return _UNSTORABLE.sub(lambda m: f"\\u{ord(m[0]):04x}", text) if _UNSTORABLE.search(text) else text


class _Checked(TypeDecorator[T]):
    """A column whose values are looked at. NULL is left to the table's own constraints."""

    cache_ok = True
    impl: Any = Text

    def read(self, value: Any) -> T:
        """Read a value that is not NULL. Raises ValueError."""
        raise NotImplementedError

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], T | None]:  # noqa: ARG002 - inherited
        """Give what reads a value. Called for each, so nothing stands between."""
        read = self.read
        return lambda value: None if value is None else read(value)


class AnyText(_Checked[str]):
    r"""Text that may hold what databases refuse: NUL (PostgreSQL) and lone surrogates (all)."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - inherited
        """Escape on the way in."""
        return None if value is None else escaped(value)

    def read(self, value: Any) -> str:
        """Take the escapes back on the way out."""
        if not isinstance(value, str):
            raise unfit(value, "text")
        return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), value) if "\\" in value else value


class Name(_Checked[str]):
    """A short text of batchgw's own making."""

    impl: Any = String
    cache_ok = True

    def read(self, value: Any) -> str:
        """Take a text."""
        if not isinstance(value, str):
            raise unfit(value, "text")
        return value


class LongName(Name):
    """The same of any length."""

    impl: Any = Text
    cache_ok = True


class Word(Name):
    """One of some words."""

    cache_ok = True

    def __init__(self, *words: str, length: int) -> None:
        super().__init__(length)
        self.words = frozenset(words)

    def read(self, value: Any) -> str:
        """Take one of them."""
        if isinstance(value, str) and value in self.words:
            return value
        raise unfit(value, "word of batchgw's")


class Count(_Checked[int]):
    """A whole number from 0 on."""

    impl: Any = BigInteger
    cache_ok = True

    def __init__(self, kind: Any = BigInteger, most: int = MOST) -> None:
        super().__init__()
        self.kind = kind
        self.most = most

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Give the integer type that was asked for."""
        return dialect.type_descriptor(self.kind())

    def read(self, value: Any) -> int:
        """Take a number in its bounds."""
        if type(value) is int and 0 <= value <= self.most:
            return value
        raise unfit(value, "number from 0 on" if self.most == MOST else f"number from 0 to {self.most}")


class Measure(_Checked[float]):
    """A number between two bounds, both included: seconds, calls per second, shares."""

    impl: Any = Double
    cache_ok = True

    def __init__(self, least: float = 0.0, most: float = 1e15, what: str = "number from 0 on") -> None:
        super().__init__()
        self.least, self.most, self.what = least, most, what

    def read(self, value: Any) -> float:
        """Take a number in its bounds."""
        if type(value) in {float, int} and self.least <= value <= self.most:
            return float(value)
        raise unfit(value, self.what)


MOMENT: Final = Measure(0.0, LAST_DATE, "time in seconds since 1970")
"""The type of a time that batchgw has seen pass."""

DATE: Final = Measure(FIRST_DATE, LAST_DATE, "date in seconds since 1970")
"""The type of any date."""


class Flag(_Checked[bool]):
    """Yes or no."""

    impl: Any = Boolean
    cache_ok = True

    def read(self, value: Any) -> bool:
        """Take 0 or 1, as SQLite has them."""
        if type(value) in {int, bool} and value in {0, 1}:
            return bool(value)
        raise unfit(value, "yes or no (1 or 0)")


_EMPTY: Final[Mapping[str, type[dict[str, Any] | list[Any]]]] = {"{}": dict, "[]": list}
"""What tags and endpoint types mostly are: told apart without a parser."""


class JsonText(_Checked[Any]):
    """JSON as ASCII text: unlike a database's own JSON type it takes every string on every database.

    `kind` is what is at the top, dict or list; `texts`: all that is in it is text. `optional`: it may be
    JSON's null, too.
    """

    cache_ok = True

    def __init__(self, kind: type = dict, *, texts: bool = False, optional: bool = False) -> None:
        super().__init__()
        self.kind = kind
        self.texts = texts
        self.optional = optional

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002 - inherited
        """Write canonically."""
        return canonical(value)

    def read(self, value: Any) -> Any:
        """Parse it."""
        try:
            found = _EMPTY[value]() if value in _EMPTY else json.loads(value)
            if found is None and self.optional:
                return None
        except (ValueError, TypeError, RecursionError):
            found = None
        if not isinstance(found, self.kind) or (self.texts and not _all_texts(found)):
            kind = "object" if self.kind is dict else "list"  # the text is not shown: it may be private
            raise ValueError(f"no JSON {kind}{' of texts' * self.texts}")
        return found


def _all_texts(found: Any) -> bool:
    return all(isinstance(each, str) for each in (found.values() if isinstance(found, dict) else found))


canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode
"""The one spelling of a JSON value: equal values give equal text."""

KEY: Final = BigInteger().with_variant(Integer(), "sqlite")
"""An integer key. SQLite's row ids are INTEGER by name; a text key would be 8 to 10 times slower."""
