"""Mutations of bytes, and of documents made of dictionaries, lists, texts and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

Value = str | int | float | bool | Sequence["Value"] | Mapping[str, "Value"] | None
"""A document as JSON has it."""

# fmt: off
TOKENS: Sequence[bytes | str] = (
    b"", b" ", b"\n", b"\r\n", b"\t", b"\0", b"\x7f", b"\x85", b"\xff", b"\xc3", b"\xed\xa0\x80",
    b"\xef\xbb\xbf", "\u0085\u2028\u2029\u00a0\ufeff\u200b\u202e", "😀", "é", "\ue000",
    b"{", b"}", b"[", b"]", b",", b":", b": ", b"-", b"- ", b"?", b"? ", b"|", b"|\n", b">", b"&a ", b"*a",
    b"<<: *a\n", b"!x ", b"!!binary ", b"%YAML 1.1\n---\n", b"---\n", b"...\n", b"#", b"# ", b"@", b"`",
    b'"', b"'", b"\\", b'\\"', b"\\ud800", b"\\ud83d\\ude00", b"\\u0000", b"\\x", b"''", b"$", b"${",
    b"null", b"~", b"true", b"NaN", b"Infinity", b"-0", b"1e999", b"0x1F", b"012", b"1_000", b"#set(",
    b"9" * 50, b"1e-9",
    b"1" * 5_000, b"[" * 200, b"{" * 200, b'{"a":' * 50, b"[" * 20_000, b'{"a":' * 5_000, b"- " * 50,
    b" " * 3_000, b"\n" * 3_000, b"x" * 3_000,
)
"""Pieces that parsers often fail on."""

TEXTS: Sequence[str] = (
    "", " ", "x", "'x'", "''", "'", '"', '"x"', "a: b", "- a", "*", "&a", "\n", "a\r\nb", "\0", "\x7f", "\t",
    "\u2028", "a\u0085b", "\ud800", "😀", "é", "a" * 5_000, "$context.requestId", "$context", "${x}",
    "#if(1)", "context.a:b", "method.request.header.A", "method.request.body.a", "stageVariables.", "default",
    "current", "THROTTLED", "unauthorized", "[key]", "settings", "word", "__class__", "1e5", "-1", "nan",
    "inf", "0", "1/0",
)
VALUES: Sequence[Value] = (
    None, True, False, 0, -1, 1, 10**30, 10**400, 1e308, -0.5, float("nan"), float("inf"),
    [], {}, [None], [[]], {"": None}, [{}], {"a": {"b": {"c": {}}}},
)
# fmt: on


def spoil_bytes(content: bytes, dice: Random) -> bytes:
    """Change bytes at one to four positions: insert, remove, replace, repeat, cut."""
    for _ in range(dice.randint(1, 4)):
        start = dice.randint(0, len(content))
        end = min(len(content), start + dice.choice((0, 1, 1, 2, 8, 40)))
        token = dice.choice(_TOKENS)
        match dice.randrange(5):
            case 0 | 1:
                content = content[:start] + token + content[end:]
            case 2:
                content = content[:start] + content[end:]
            case 3:
                content = content[:end] + content[start:]
            case _:
                content = content[:start] + bytes([dice.randrange(256)]) + content[start + 1 :]
    return content[: dice.randint(0, len(content))] if dice.random() < 0.1 else content


def spoil(document: Value, dice: Random, *, words: Sequence[str] = ()) -> Value:
    """Change a copy of a document at one to three positions. `words` are texts and keys of its format."""
    for _ in range(dice.randint(1, 3)):
        document = _at_random_place(document, dice, lambda value: _other(value, dice, words))
    return document


def _at_random_place(value: Value, dice: Random, change: Callable[[Value], Value]) -> Value:
    inside = value if isinstance(value, list | dict) else None
    if not inside or dice.random() < 0.15:
        return change(value)
    if isinstance(inside, list):
        at = dice.randrange(len(inside))
        return [_at_random_place(v, dice, change) if n == at else v for n, v in enumerate(inside)]
    key = dice.choice(list(inside))
    return {k: _at_random_place(v, dice, change) if k == key else v for k, v in inside.items()}


def _other(value: Value, dice: Random, words: Sequence[str]) -> Value:
    match value:
        case dict() if value and dice.random() < 0.7:
            return _other_mapping(value, dice, words)
        case list() if value and dice.random() < 0.5:
            return dice.choice(([*value, *value], value[1:], [*value, random_value(dice, words)], [value]))
        case str() if value and dice.random() < 0.5:
            return _other_text(value, dice, words)
        case _:
            return random_value(dice, words)


def _other_mapping(value: Mapping[str, Value], dice: Random, words: Sequence[str]) -> Value:
    key = dice.choice(list(value))
    match dice.randrange(3):
        case 0:
            return {k: v for k, v in value.items() if k != key}
        case 1:
            name = dice.choice((_text(dice, words), _other_text(key, dice, words)))
            return {name if k == key else k: v for k, v in value.items()}
        case _:
            return {**value, _text(dice, words): random_value(dice, words)}


def _other_text(text: str, dice: Random, words: Sequence[str]) -> str:
    at, token = dice.randint(0, len(text)), _text(dice, words)
    return dice.choice((text[:at] + token + text[at:], text[:at], text.swapcase(), text[at:] + text[:at]))


def random_value(dice: Random, words: Sequence[str]) -> Value:
    """Give any value. Half of them are texts."""
    return _text(dice, words) if dice.random() < 0.5 else dice.choice(VALUES)


def _text(dice: Random, words: Sequence[str]) -> str:
    return dice.choice(words if words and dice.random() < 0.5 else TEXTS)


_TOKENS = [token.encode() if isinstance(token, str) else token for token in TOKENS]
