"""Texts of flags and arguments: what is not text is refused before anything sends or keeps it."""

from __future__ import annotations

import typer


def read_text(text: str) -> str:
    """Give the text back. Raises BadParameter for bytes that are not UTF-8: in Python they are surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise typer.BadParameter(f"{text!r} is not UTF-8 text") from None
    return text
