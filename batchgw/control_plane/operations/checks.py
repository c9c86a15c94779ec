r"""What a value in an answer must be, so that the rest of batchgw can rely on it. Pure.

JSON has texts that no file and no database takes, as "\ud800" without its other half. Here they are no texts.
"""

from __future__ import annotations

import re
from typing import TypeGuard

LONGEST_ID = 128
"""Characters of an id: AWS makes ten, emulators let people choose."""

LONGEST_POSITION = 4_096
"""Characters of a page's token: it goes into the URL of the next call."""

LONGEST_TEXT = 10_000
"""Characters of a name, a tag and the like: plan and journal keep one for every API, and AWS allows 1,024."""

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_ID = re.compile(r"[\w.~:@+-]+", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


def is_id(value: object) -> TypeGuard[str]:
    """Tell whether it is an id that a path can hold."""
    return isinstance(value, str) and len(value) <= LONGEST_ID and _ID.fullmatch(value) is not None


def is_account(value: object) -> TypeGuard[str]:
    """Tell whether it is the id of an account."""
    return isinstance(value, str) and _ACCOUNT.fullmatch(value) is not None


def is_text(value: object, longest: int | None = LONGEST_TEXT) -> TypeGuard[str]:
    """Tell whether it is a text of at most so many characters that can be written as UTF-8."""
    if not isinstance(value, str) or (longest is not None and len(value) > longest):
        return False
    return value.isascii() or _SURROGATE.search(value) is None


def are_texts(value: object, longest: int | None = LONGEST_TEXT) -> TypeGuard[dict[str, str]]:
    """Tell whether it is a JSON object of texts."""
    if not isinstance(value, dict):
        return False
    for name, text in value.items():
        if longest is None and isinstance(text, str) and name.isascii() and text.isascii():
            continue  # as nearly all are: this is asked of 21 gateway responses an API
        if not (is_text(name, longest) and is_text(text, longest)):
            return False
    return True


def is_list_of_texts(value: object) -> TypeGuard[list[str]]:
    """Tell whether it is a list of texts."""
    return isinstance(value, list) and all(map(is_text, value))
