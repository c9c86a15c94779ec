"""Documents as texts: JSON in layouts that people and programs write, YAML in block and flow style."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from random import Random

from tests.fuzz.mutate import Value

_PLAIN = re.compile(r"[A-Za-z_/.][A-Za-z0-9_/.-]*")


def as_json(document: Value, dice: Random) -> str:
    """Write JSON. Some layouts are valid JSON, but not valid YAML."""
    return json.dumps(
        document,
        indent=dice.choice((None, 1, 2, "\t", "\r\n", "\n")) if dice.random() < 0.5 else None,
        separators=dice.choice(((",", ":"), (", ", ": "), (",\n", "\n:"), (" ,", "\t:\t"))),
        ensure_ascii=dice.random() < 0.5,
    )


def as_yaml(document: Value, dice: Random) -> str:
    """Write YAML in block style, with some inner values in flow style."""
    return "\n".join(_block(document, dice)) + "\n"


def _block(value: Value, dice: Random) -> Iterator[str]:
    if isinstance(value, dict) and value and dice.random() < 0.85:
        for key, inner in value.items():
            yield from _joined(f"{_scalar(key, dice)}:", inner, dice)
    elif isinstance(value, list) and value and dice.random() < 0.85:
        for inner in value:
            yield from _joined("-", inner, dice)
    else:
        yield _flow(value, dice)


def _joined(head: str, value: Value, dice: Random) -> Iterator[str]:
    lines = list(_block(value, dice))
    if isinstance(value, dict | list) and (len(lines) > 1 or lines[0][-1:] not in "]}"):
        yield head
        yield from (f"  {line}" for line in lines)
    elif isinstance(value, str) and "\n" in value and dice.random() < 0.5:
        yield f"{head} |-"
        yield from (f"  {line}" for line in value.split("\n"))
    else:
        yield f"{head} {lines[0]}"


def _flow(value: Value, dice: Random) -> str:
    match value:
        case dict():
            inside = (f"{_scalar(k, dice)}: {_flow(v, dice)}" for k, v in value.items())
            return "{" + ", ".join(inside) + "}"
        case list():
            return "[" + ", ".join(_flow(item, dice) for item in value) + "]"
        case str():
            return _scalar(value, dice)
        case None:
            return dice.choice(("null", "~", ""))
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _scalar(text: str, dice: Random) -> str:
    if _PLAIN.fullmatch(text) and dice.random() < 0.8:
        return text
    if "'" not in text and text.isprintable() and dice.random() < 0.5:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=dice.random() < 0.5)
