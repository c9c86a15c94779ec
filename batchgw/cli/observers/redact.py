"""Removes secrets from log entries: by the names of fields, and within texts as `redaction` does. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from batchgw import redaction
from batchgw.redaction import HIDDEN, SHORTEST_TOKEN, is_plain

_SECRET_KEY = re.compile(
    r"secret|password|passwd|authorization|security.?token|session.?token|access.?token|^token$|api.?key|"
    r"external.?id|credential|signature|cookie",
    re.IGNORECASE,
)
"""Names of fields whose values are never shown."""

_PLAIN = (int, float, type(None))

_HARMLESS = frozenset({int, float, bool, type(None)})
"""Types, and not their subclasses, whose values contain no text."""


def redacted(value: object) -> object:
    """Give the value without its secrets. Mappings and sequences are walked through."""
    if isinstance(value, str):
        return redaction.redacted(value)
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return redacted_fields(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(each) for each in value]
    return value


def redacted_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """Give the fields without their secrets: by name, and within texts."""
    if _are_harmless(fields):
        return dict(fields)
    return {
        key: HIDDEN if value is not None and _names_a_secret(key) else redacted(value)
        for key, value in fields.items()
    }


def _are_harmless(fields: Mapping[str, object]) -> bool:
    """Tell cheaply that there is no secret, as in nearly all entries; False where that is not certain."""
    if _name_a_secret(tuple(fields)):
        return False
    texts: list[str] = []
    for value in fields.values():
        if type(value) is str and len(value) < SHORTEST_TOKEN:
            texts.append(value)
        elif type(value) not in _HARMLESS:
            return False
    return is_plain("".join(texts))


@lru_cache(maxsize=1024)
def _name_a_secret(keys: tuple[str, ...]) -> bool:
    return any(map(_names_a_secret, keys))


@lru_cache(maxsize=1024)
def _names_a_secret(key: str) -> bool:
    return _SECRET_KEY.search(str(key)) is not None
