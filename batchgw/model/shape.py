"""The shapes of JSON values that are read from files. Each function gives its value back.

It raises TypeError or ValueError for any other value. Anybody can edit a file and make its checksum again, so
what is read is not believed to be what was written.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""What JSON can say."""


def text(value: object) -> str:
    """Take a text."""
    if isinstance(value, str):
        return value
    raise TypeError(f"a text is expected, not {_shown(value)}")


def text_or_none(value: object) -> str | None:
    """Take a text or null."""
    return None if value is None else text(value)


def texts(value: object) -> Mapping[str, str]:
    """Take an object of texts."""
    found = record(value)
    for inner in found.values():
        text(inner)
    return cast("Mapping[str, str]", found)  # as every one of them is, by now


def items(value: object) -> Sequence[JSON]:
    """Take a list of anything."""
    if isinstance(value, list):
        return value
    raise TypeError(f"a list is expected, not {_shown(value)}")


def record(value: object) -> Mapping[str, JSON]:
    """Take an object of anything."""
    if isinstance(value, dict):
        return value
    raise TypeError(f"an object is expected, not {_shown(value)}")


def truth(value: object) -> bool:
    """Take true or false."""
    if isinstance(value, bool):
        return value
    raise TypeError(f"true or false is expected, not {_shown(value)}")


def count(value: object) -> int:
    """Take a whole number from 0."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise TypeError(f"a count is expected, not {_shown(value)}")


def moment(value: object) -> float:
    """Take seconds since the epoch, of a year that calendars have."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LATEST:
        return value
    raise TypeError(f"a time is expected, not {_shown(value)}")


def number(value: object) -> float:
    """Take a number that is finite."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return value
    raise TypeError(f"a number is expected, not {_shown(value)}")


_LATEST = 253_402_300_800  # the year 10000


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."  # noqa: PLR2004 - a terminal's width
