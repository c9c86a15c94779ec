"""Text for people: lines of styled spans, tables. Knows no terminal, and not what is reported.

What comes from outside (API names, messages, header values) may contain anything. `clean` makes it harmless.
The code that prints a line cleans every span, so the code that makes lines need not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Style = Literal["", "add", "change", "remove", "bold", "dim", "good", "warning", "error"]

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that steer a terminal or hide in it: controls, bidi and zero-width marks, separators."""

_WIDE = frozenset({"W", "F"})
"""East Asian widths that take two cells."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line in one style. It never contains a line break."""

    text: str
    style: Style = ""


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """Make a line of plain and styled parts."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts)


def plain(text_line: Line) -> str:
    """Render a line without its styles."""
    return "".join(clean(span.text) for span in text_line)


def clean(text: str) -> str:
    r"""Replace characters that control a terminal or are invisible by escapes, such as `\x1b` or `\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _UNSEEN else c for c in text)


def _escape(character: str) -> str:
    point = ord(character)
    if point <= 0xFF:  # noqa: PLR2004 - the forms of Python's own literals
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004 - as above


def width(text: str) -> int:
    """Count the terminal cells a cleaned text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in _WIDE else 1 for c in text
    )


def shorten(text: str, cells: int) -> str:
    """Cut a text to so many cells, with an ellipsis where something is missing."""
    text = clean(text)
    if width(text) <= cells:
        return text
    kept = ""
    used = 1  # the ellipsis
    for character in text:
        used += width(character)
        if used > cells:
            break
        kept += character
    return kept + "…"


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str | Span]],
    *,
    right: Sequence[int] = (),
    indent: str = "  ",
) -> list[Line]:
    """Lay rows out in columns as wide as their widest cell. `right`: the columns aligned right."""
    cells = [[Span(h, "bold") for h in head]] + [
        [Span(c) if isinstance(c, str) else c for c in row] for row in rows
    ]
    cells = [[Span(clean(c.text), c.style) for c in row] for row in cells]
    widths = [max(width(row[i].text) for row in cells) for i in range(len(head))]
    return [_laid_out(row, widths, right, indent) for row in cells]


def _laid_out(row: Sequence[Span], widths: Sequence[int], right: Sequence[int], indent: str) -> Line:
    spans = [Span(indent)]
    for i, cell in enumerate(row):
        padding = Span(" " * (widths[i] - width(cell.text)))
        last = i == len(row) - 1
        if i in right:
            spans += [padding, cell]
        else:
            spans += [cell] if last else [cell, padding]
        if not last:
            spans.append(Span("  "))
    return tuple(s for s in spans if s.text)
