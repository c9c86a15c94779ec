"""Which of a journal's data may be deleted, and why the rest is kept. Pure.

A run is deleted whole, or an account's part of it. What a rollback would still take back is kept, and so is
whatever a run that can be resumed needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from batchgw.journal.holder import Holder, Liveness
from batchgw.journal.records import RunRecord, RunState
from batchgw.model import AccountId

SILENT: Final = 86_400.0
"""Seconds without a sign of life after which a process that cannot be seen from here counts as dead."""


class KeptFor(StrEnum):
    """Why a run is kept."""

    UNDER_WAY = "under_way"  # a process works on it, or may
    UNFINISHED = "unfinished"  # it can be resumed, and was not named
    TAKEN_BACK = "taken_back"  # an unfinished run takes it back
    NEWER = "newer"  # an older run can be resumed, and must see what this one has decided
    ROLLBACK = "rollback"  # its rollback would still take something back


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPrune:
    """What is to be deleted.

    Attributes:
        ended_before: runs that ended before this moment, in seconds since the epoch; None: whenever.
        accounts: the data of these accounts alone; empty: runs whole.
        runs: the ids of runs; empty: any.
        forget_rollback: also what a rollback would need.
    """

    ended_before: float | None = None
    accounts: frozenset[AccountId] = field(default_factory=frozenset)
    runs: frozenset[str] = field(default_factory=frozenset)
    forget_rollback: bool = False

    def means(self, run: RunRecord) -> bool:
        """Tell whether a run is meant, whatever it is kept for."""
        if self.runs and run.id not in self.runs:
            return False
        return self.ended_before is None or ended_at(run) < self.ended_before


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePart:
    """A run of which something was to be deleted.

    Attributes:
        accounts: those whose part of it is meant; empty: all of it.
        targets: how many targets that is about.
        kept: why it is kept all the same; None where it can be deleted.
        by: the run for whose sake it is kept.
        loses_rollback: it can be taken back as yet, and cannot any more when this is deleted.
    """

    run: RunRecord
    accounts: frozenset[AccountId] = field(default_factory=frozenset)
    targets: int
    kept: KeptFor | None = None
    by: str | None = None
    loses_rollback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What belonged to no run any more. `images` is None where a run was begun meanwhile: then none went."""

    images: int | None = None
    deployments: int = 0
    limits: int = 0


def ended_at(run: RunRecord) -> float:
    """Give when a run ended, or was last seen alive, in seconds since the epoch."""
    return run.holder.heartbeat if run.finished is None else run.finished


def may_work(holder: Holder, now: float) -> bool:
    """Tell whether a process that has claimed a run may still work on it."""
    liveness = holder.liveness()
    return liveness is Liveness.ALIVE or (liveness is Liveness.UNKNOWN and holder.heartbeat > now - SILENT)


def is_unfinished(run: RunRecord) -> bool:
    """Tell whether a run can be resumed: something is left, or its last wave was not seen to its end."""
    open_ = run.state in (RunState.APPLYING, RunState.STOPPED) and run.planned
    return open_ and bool(run.totals.left or run.rollout is not None)


def first_reason(
    run: RunRecord, *, wanted: ToPrune, under_way: bool, unfinished: Iterable[RunRecord]
) -> tuple[KeptFor, str | None] | None:
    """Say why a run is kept, as far as the runs alone tell. `unfinished` are those that stay."""
    if under_way:
        return KeptFor.UNDER_WAY, None
    if is_unfinished(run) and run.id not in wanted.runs:
        return KeptFor.UNFINISHED, None
    for each in unfinished:
        if each.parent == run.id:
            return KeptFor.TAKEN_BACK, each.id
    return None
