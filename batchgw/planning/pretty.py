"""Lay out a mapping template that looks like JSON, so that two of them can be compared line by line.

Templates are not JSON: `$context.error.messageString` stands in them without quotes. So nothing is parsed:
tokens are kept as they are and only the space between them changes.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+', re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}
_INDENT = "  "


def laid_out(template: str) -> list[str]:
    """Give the lines of a template: indented when it looks like JSON, as they are when it does not."""
    tokens = _tokens(template)
    return template.splitlines() if tokens is None else _lines(tokens)


def _tokens(template: str) -> list[str] | None:
    """Cut into tokens; None when it is not an object or a list with balanced brackets."""
    tokens = _TOKEN.findall(template)
    if not tokens or tokens[0] not in _CLOSING or _TOKEN.sub("", template).strip():
        return None
    expected: list[str] = []
    for position, token in enumerate(tokens):
        if position and not expected:
            return None  # something stands behind the last bracket
        if token in _CLOSING:
            expected.append(_CLOSING[token])
        elif token in ("}", "]") and token != expected.pop():
            return None
    return None if expected else tokens


def _lines(tokens: list[str]) -> list[str]:
    lines = [""]
    depth = 0
    previous = ""
    for token in tokens:
        if token in ("}", "]"):
            depth -= 1
            if previous not in _CLOSING:
                lines.append(_INDENT * depth)
        elif previous == "," or previous in _CLOSING:
            lines.append(_INDENT * depth)
        elif previous == ":" or (token not in (",", ":") and previous):
            lines[-1] += " "
        lines[-1] += token
        depth += token in _CLOSING
        previous = token
    return lines
