"""What is deleted of a journal, what is kept, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from batchgw.journal import KeptFor, PrunePart
from batchgw.journal.pruning import ended_at
from batchgw.model.shape import JSON
from batchgw.report.records import state_of
from batchgw.times import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """The runs that are meant, the oldest first. `dry_run`: nothing is deleted."""

    parts: Sequence[PrunePart]
    dry_run: bool = False

    @property
    def going(self) -> list[PrunePart]:
        """Those that are deleted."""
        return [part for part in self.parts if part.kept is None]

    @property
    def staying(self) -> list[PrunePart]:
        """Those that are kept."""
        return [part for part in self.parts if part.kept is not None]

    def to_json(self) -> list[JSON]:
        """Render an object for each run."""
        return [_to_json(part) for part in self.parts]


def _to_json(part: PrunePart) -> dict[str, JSON]:
    run = part.run
    return {
        "run": run.id,
        "verb": run.verb,
        "state": state_of(run),
        "ended": timestamp(ended_at(run)),
        "accounts": sorted(part.accounts) or None,
        "targets": part.targets,
        "delete": part.kept is None,
        "kept": part.kept and part.kept.value,
        "why": why_kept(part),
        "loses_rollback": part.loses_rollback,
    }


def why_kept(part: PrunePart) -> str | None:
    """Say why a run is kept, and what would let it go; None for one that goes."""
    match part.kept:
        case None:
            return None
        case KeptFor.UNDER_WAY:
            return f"a process works on it, or may ({part.run.holder})"
        case KeptFor.UNFINISHED:
            return "it can be resumed: finish it, or name it"
        case KeptFor.TAKEN_BACK:
            return f"run {part.by} takes it back and is unfinished: finish that one, or name both"
        case KeptFor.NEWER:
            return f"the older run {part.by} can be resumed and must know it: finish that one, or name both"
        case KeptFor.ROLLBACK:
            return "its rollback would still take something back: --forget-rollback deletes it all the same"
        case _:
            assert_never(part.kept)
