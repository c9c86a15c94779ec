"""The globs of policies: which texts are globs. What they match is `fnmatch.fnmatchcase`'s business."""

from __future__ import annotations

from typing import Final

GLOB: Final = frozenset("*?[")
"""The characters that make a glob of a text."""


def is_glob(text: str) -> bool:
    """Tell whether a text is a glob, and so can match more than itself."""
    return bool(GLOB & set(text))
