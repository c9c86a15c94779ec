"""What a deployment would ship besides gateway responses: methods that a stage does not have so. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

FOREIGN_EDITS = "ForeignEdits"
"""Code of a stage that is held back because moving it would ship edits that are not the run's."""

SHOWN = 5
"""Differences that a message names; the rest is counted."""


class _Method(Protocol):
    """How a method lets callers in: the control plane's `MethodSummary`, which lies above this module."""

    @property
    def authorization(self) -> str | None: ...

    @property
    def api_key_required(self) -> bool: ...


Methods = Mapping[tuple[str, str], _Method]
"""The methods of an API, by path and HTTP method."""


def edits(before: Methods, after: Methods) -> tuple[str, ...]:
    """Say which methods differ, a clause each: added, removed, or letting other callers in."""
    found = []
    for path, verb in sorted({*before, *after}):
        old, new = before.get((path, verb)), after.get((path, verb))
        if old is None:
            found.append(f"{verb} {path} added")
        elif new is None:
            found.append(f"{verb} {path} removed")
        elif old != new:
            found.append(f"{verb} {path}: {_callers(old)} to {_callers(new)}")
    return tuple(found)


def would_ship(stage: str, differing: Sequence[str]) -> str:
    """Say that a stage is held back for some differences. The first are named, the rest is counted."""
    more = len(differing) - SHOWN
    said = ", ".join(differing[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
    return (
        f"stage {stage} would get edits that are not this run's: {said}. Let their owner deploy them, or "
        "pass --ship-pending"
    )


def _callers(method: _Method) -> str:
    key = ", API key" if method.api_key_required else ""
    return f"{method.authorization or 'unknown'}{key}"
