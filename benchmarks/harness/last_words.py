"""The last line that a failed process wrote to stderr, without the folders of this machine."""

from __future__ import annotations

import re

LONGEST = 300  # characters

_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[\w.@+-]+/)+")


def last_words(stderr: str) -> str:
    """The last line with text in it. Of files it has only the names."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return _FOLDERS.sub("", lines[-1])[:LONGEST] if lines else "it said nothing"
