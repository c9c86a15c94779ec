"""The last words of a process that failed, fit to be kept: they name no place on this machine."""

from __future__ import annotations

import re

LONGEST = 300  # characters

_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[\w.@+-]+/)+")


def last_words(said: str) -> str:
    """The last line that says something, of files only the names."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return _FOLDERS.sub("", lines[-1])[:LONGEST] if lines else "it said nothing"
