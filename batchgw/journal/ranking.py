"""Which outcome of a change may replace which. Pure.

An undecided change has rank 0. "Not attempted" may be recorded again, for another reason, and gives way to
every other outcome. Failed, skipped and held back give way only to applied or unchanged, and those two are
final. A change whose API was never read is not taken up by any resume: its rank is `DECIDED`, whatever its
kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from batchgw.model import Applied, Failed, Held, NotAttempted, Outcome, Skipped, Unchanged

KIND_OF: Final[Mapping[type[Outcome], str]] = {
    NotAttempted: "not_attempted",
    Failed: "failed",
    Skipped: "skipped",
    Held: "held",
    Unchanged: "unchanged",
    Applied: "applied",
}
"""The kinds of outcome, as the journal names them."""

KINDS: Final = frozenset(KIND_OF.values())

RANKS: Final[Mapping[str, int]] = {
    "not_attempted": 1,
    "failed": 2,
    "skipped": 2,
    "held": 2,
    "unchanged": 3,
    "applied": 3,
}
"""The rank of each kind of outcome."""

DECIDED: Final = 2
"""The least rank that a resume does not take up again."""

FINAL: Final = 3
"""The rank that nothing replaces."""


def replaces(rank: int) -> int:
    """Give the least rank that an outcome of `rank` does not replace."""
    return max(rank, DECIDED)


def check_rank(kind: str | None, rank: int) -> None:
    """Raise ValueError for a rank that its kind cannot have: one that is too high is never taken up."""
    never_read = kind == "not_attempted" and rank == DECIDED
    if rank != (RANKS[kind] if kind else 0) and not never_read:
        raise ValueError(f"kind {kind} with rank {rank}, which batchgw never wrote")


def check_kinds(wanted: frozenset[str] | None) -> frozenset[str]:
    """Give the wanted kinds of outcome, all of them for None. Raises ValueError for an unknown one."""
    kinds = KINDS if wanted is None else wanted
    if unknown := kinds - KINDS:
        raise ValueError(f"no kinds of outcome: {sorted(unknown)}; there are {sorted(KINDS)}")
    return kinds
