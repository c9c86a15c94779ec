"""What a policy leaves out of a target that an API has set itself, in the words of its kind. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What an uncovered target lacks; see `PlannedApi.uncovered`.

    Attributes:
        lacks: names what it lacks, such as headers.
        field: what those are called in JSON, such as "headers".
        meaning: says, in a sentence for all targets of the kind, why that matters.
        remedy: says what would cover them, a line of text each; the same for all targets of the kind.
    """

    lacks: tuple[str, ...]
    field: str
    meaning: str
    remedy: tuple[str, ...] = ()
