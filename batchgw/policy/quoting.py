"""How messages about a file quote, correct and advise: what was written, what was meant, what to write."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

_SHOWN = 80  # characters of what was written that a message repeats


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Make " did you mean X?" for the known word closest to `word`, or nothing; case does not count."""
    close = closest(word, known)
    return f"; did you mean {close}?" if close else ""


def closest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Give the known word closest to `word`, if one is `cutoff` (of 1) alike; case does not count."""
    spelled = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(word[:100].casefold(), spelled, n=1, cutoff=cutoff)
    return spelled[close[0]] if close else None


LONGEST_ADVICE = 200
"""The longest text, in characters, that advice writes out. For a longer one it says in words what to do."""


def fits(text: str) -> bool:
    """Tell whether a text is short enough to be written out in advice."""
    return len(text) <= LONGEST_ADVICE


def pasted(value: object) -> str:
    """Write a value so that it can be pasted anywhere into a policy in YAML or JSON.

    That is JSON with everything escaped that is not printable.
    """
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def written_out(text: str) -> str:
    """Make the end of a sentence of advice: how a value is to be written."""
    if fits(text):
        return f": write {pasted(text)}"
    quotes = "it in single quotes, and those" if text[:1] == "'" else "it without them,"
    return f": write {quotes} in double quotes"


def shown(text: str) -> str:
    """Quote what was written, cut to a readable length."""
    return repr(_cut(text, _SHOWN))


def excerpt(text: str, *, length: int = _SHOWN) -> str:
    """Give what was written without quotes, cut to a readable length, unprintable characters escaped."""
    cut = _cut(text, length)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."
