"""Reads `match` of a script: plain data from JSON or YAML, or an error that says which key is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from batchgw.simulator.traffic.matching import Match

TEXTS: Final = ("service", "operation", "account", "region", "api", "type", "tag")
NUMBERS: Final = ("after", "until", "every", "first", "probability")
MATCH_KEYS: Final = (*TEXTS, *NUMBERS, "nth", "per")
"""The keys of `match`."""

GROUPS: Final = ("api", "type", "scope")
"""What `per` may be."""


class MatchWrong(ValueError):
    """`match` cannot be used. `key` is what is wrong in it; None where all of it is."""

    def __init__(self, why: str, key: str | None = None) -> None:
        super().__init__(why)
        self.key = key


def match_of(data: object) -> Match:
    """Read it. Raises MatchWrong."""
    if not isinstance(data, Mapping):
        raise MatchWrong("`match` must be a mapping")
    for key in data:
        if key not in MATCH_KEYS:
            raise MatchWrong(f"`match` knows no {key!r}{did_you_mean(str(key), MATCH_KEYS)}", str(key))
    texts = {key: _texts(data[key]) for key in TEXTS if key in data}
    per = str(data.get("per", ""))
    if per and per not in GROUPS:
        raise MatchWrong(f"`per` is one of {', '.join(GROUPS)}, not {per!r}", "per")
    return Match(
        service=texts.get("service", ()),
        operation=texts.get("operation", ()),
        account=texts.get("account", ()),
        region=texts.get("region", ()),
        api=texts.get("api", ()),
        type=texts.get("type", ()),
        tag=texts.get("tag", ()),
        after=_number(data, "after", 0),
        until=_number(data, "until", float("inf")),
        nth=_numbers(data),
        every=int(_number(data, "every", 0)),
        first=int(_number(data, "first", 0)),
        probability=_number(data, "probability", 1),
        per=per,
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _number(data: Mapping[object, object], key: str, otherwise: float) -> float:
    value = data.get(key, otherwise)
    try:
        return float(str(value))
    except ValueError:
        raise MatchWrong(f"`{key}` is a number, not {value!r}", key) from None


def _numbers(data: Mapping[object, object]) -> tuple[int, ...]:
    value = data.get("nth", ())
    each = value if isinstance(value, list | tuple) else (value,)
    try:
        return tuple(int(str(n)) for n in each)
    except ValueError:
        raise MatchWrong(f"`nth` is a number or a list of numbers, not {value!r}", "nth") from None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Guess what was meant, as the end of a sentence; else name what there is."""
    close = get_close_matches(word, known, n=1)
    return f", did you mean {close[0]!r}?" if close else f" (it knows {', '.join(known)})"
