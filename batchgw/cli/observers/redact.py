"""Keeps secrets out of the log, whoever put them there. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

HIDDEN = "[redacted]"

_SECRET_KEY = re.compile(
    r"secret|password|passwd|authorization|security.?token|session.?token|access.?token|^token$|api.?key|"
    r"external.?id|credential|signature|cookie",
    re.IGNORECASE,
)
"""Names of fields whose values are never shown."""

_SECRET_TEXT = re.compile(
    r"""
      (?P<scheme>AWS4-HMAC-SHA256\s+|Bearer\s+)[^\r\n'"]+           # an Authorization header
    | (?P<field>["']?(?:x-amz-(?:security-token|signature|credential)|(?:aws_?)?secret_?access_?key
        |(?:aws_?)?session_?token|external_?id|password|token)["']?\s*[=:]\s*["']?)[^\s"'&,;}]+
    | (?P<url>[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(?=@)          # a password in a URL
    | (?P<blob>(?<![A-Za-z0-9+/=])(?:IQoJ|FwoG|AQoD)[A-Za-z0-9+/=_-]{40,})  # a session token on its own
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Secrets inside a text: only what follows the named group is hidden."""


_TELLTALE = re.compile(r"[^!-9;<>-~]")
"""A character of this class is in every secret text, but for a session token on its own: `=`, `:` or white
space. What is not ASCII is in it too, for one range is searched in a third of the time of all white space."""

_SHORTEST_TOKEN = 44
"""Characters of the shortest session token that is known by its look."""

_PLAIN = (int, float, type(None))

_HARMLESS = frozenset({int, float, bool, type(None)})
"""Types, exactly these, whose values hold no text."""


def redacted(value: Any) -> Any:
    """Give the value without its secrets. Mappings and sequences are looked through."""
    if isinstance(value, str):
        return _short(value) if len(value) < _SHORTEST_TOKEN else _SECRET_TEXT.sub(_keep_the_name, value)
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return redacted_fields(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(each) for each in value]
    return value


@lru_cache(maxsize=1024)
def _short(value: str) -> str:
    """Look through a text that is too short for a token: most come again with every entry."""
    return _SECRET_TEXT.sub(_keep_the_name, value) if _TELLTALE.search(value) else value


def redacted_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields without their secrets: by name, and within texts."""
    if _are_harmless(fields):
        return dict(fields)
    return {
        key: HIDDEN if value is not None and _names_a_secret(key) else redacted(value)
        for key, value in fields.items()
    }


def _are_harmless(fields: Mapping[str, Any]) -> bool:
    """Tell at little cost that there is no secret, as in nearly all entries; False where that is not sure."""
    if _name_a_secret(tuple(fields)):
        return False
    texts: list[str] = []
    for value in fields.values():
        kind = type(value)
        if kind is str and len(value) < _SHORTEST_TOKEN:
            texts.append(value)
        elif kind not in _HARMLESS:
            return False
    return not _TELLTALE.search("".join(texts))


@lru_cache(maxsize=1024)
def _name_a_secret(keys: tuple[str, ...]) -> bool:
    return any(map(_names_a_secret, keys))


@lru_cache(maxsize=1024)
def _names_a_secret(key: str) -> bool:
    return _SECRET_KEY.search(str(key)) is not None


def _keep_the_name(match: re.Match[str]) -> str:
    return "".join(match[name] or "" for name in ("scheme", "field", "url")) + HIDDEN
