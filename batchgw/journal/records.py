"""What the journal takes and gives, as frozen records. They know nothing of SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from math import inf
from typing import Final

from batchgw.journal.holder import Holder
from batchgw.model import Action, Change, Desired, Effort, RestApi, Scope
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.shape import JSON
from batchgw.model.target import Target

SUPERSEDED: Final = "Superseded"
"""Code of a change that was skipped because a newer run has decided it."""


TAKEN_BACK: Final = "TakenBack"
"""Code of a change that was skipped because its run was taken back before it was made."""

ABORTED: Final = "Aborted"
"""Code of a change that was skipped because somebody has ended its run."""

ONLY: Final = "only"
"""Run option of a rollback: the part of the run that it takes back. Without it that is all of the run."""


def superseded_by(run: str) -> str:
    """Say why such a change is skipped."""
    return f"the newer run {run} has decided it: what it did stands"


class RunState(StrEnum):
    """How far a run is."""

    PLANNING = "planning"  # begun; its changes are not, or not all, in the journal
    APPLYING = "applying"  # all its changes are known; some may be undecided
    DONE = "done"  # every change was decided, whether well or not
    STOPPED = "stopped"  # ended early: on request, by a guard or by an error; resumable

    @property
    def ended(self) -> bool:
        """Whether nobody works on the run any more (unless the process that did was killed)."""
        return self in (RunState.DONE, RunState.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run to begin; `rollout` says in which waves.

    Of `options` only those in `KEPT_OPTIONS` are kept: no secret gets in by accident. `parent` is the id of
    the run that this one takes back; None for any other.
    """

    verb: str
    policy_source: str
    policy_digest: str
    desired: Desired
    options: Mapping[str, JSON] = field(default_factory=dict, repr=False)
    parent: str | None = None
    rollout: Rollout | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many targets ended how, and what they have cost (`effort.request_id` is always None).

    `never_read` says how many of those not attempted belong to APIs that the plan could not read: there is
    nothing about them to resume.
    """

    applied: int = 0
    unchanged: int = 0
    failed: int = 0
    skipped: int = 0
    held: int = 0
    not_attempted: int = 0
    undecided: int = 0
    never_read: int = 0
    effort: Effort = field(default_factory=Effort)

    @property
    def expected(self) -> int:
        """All of them: the sum that every summary must reach."""
        return sum(getattr(self, kind) for kind in COUNTS)

    @property
    def left(self) -> int:
        """Those a resume takes up."""
        return self.not_attempted - self.never_read + self.undecided

    @classmethod
    def added_up(cls, tallies: Iterable[Tally]) -> Tally:
        """All of them together, count by count: there may be thousands of account-regions."""
        every = tuple(tallies)
        counts = {name: sum([getattr(each, name) for each in every]) for name in (*COUNTS, "never_read")}
        return cls(**counts, effort=Effort.added_up([each.effort for each in every]))


COUNTS = tuple(f.name for f in fields(Tally) if f.name not in ("never_read", "effort"))
"""The fields of `Tally` that count targets, each target in one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run. Times are seconds since the epoch; `version` is of the batchgw that began it.

    `options` may hold an external id: show `visible_options` instead. `parent` is as in `NewRun`.
    """

    id: str
    verb: str
    state: RunState
    policy_source: str
    policy_digest: str
    desired: Desired = field(repr=False)
    options: Mapping[str, JSON] = field(repr=False)
    visible_options: Mapping[str, JSON]
    started: float
    finished: float | None
    holder: Holder
    version: str
    totals: Tally
    parent: str | None = None
    rollout: Rollout | None = field(default=None, repr=False)

    @property
    def ends_parent(self) -> bool:
        """Whether it takes back so much of its parent that nobody goes on with that: a wave, or all of it."""
        only = self.options.get(ONLY)
        part = only if isinstance(only, Mapping) else {}
        return self.parent is not None and not part.get("apis") and not part.get("failed")

    @property
    def planned(self) -> bool:
        """Whether its plan was complete. Without one it wrote nothing; stopped then, it lost its rows."""
        return self.state is not RunState.PLANNING and bool(
            self.totals.expected or self.state is not RunState.STOPPED
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeCounts:
    """The outcomes of one account-region of a run, counted.

    `by_kind` counts the targets of each kind of change, `tally` all of them. `unread` says why its APIs could
    not all be listed ("AccessDenied: ..."); None when they could.
    """

    scope: Scope
    by_kind: Mapping[str, Tally]
    unread: str | None = None
    tally: Tally = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Add up once: it is asked for several times of each of thousands."""
        kinds = tuple(self.by_kind.values())
        object.__setattr__(self, "tally", kinds[0] if len(kinds) == 1 else Tally.added_up(kinds))


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingChange:
    """A change to make. `intended`: a call for it may have been sent already, so read before writing.

    `spent` is what it has cost already; the journal adds to it what its next outcome says.
    """

    id: int
    change: Change
    intended: bool
    spent: Effort = field(default_factory=Effort)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The deployment that a run takes of an API, once. `deployment` is None until it is known.

    Until then a call for it may have been made all the same, so look for it before it is made again. `age` is
    how long ago the last one may have left, in seconds.
    """

    deployment: str | None = None
    age: float = field(default=inf, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingApi:
    """An API with changes to make. `row` is its row in the journal, for `pending(after=...)`.

    `failed` are its changes that have failed in this run, and that no resume makes. All are in the order in
    which they are made, by their ids. `wave` is the one that has it, counted from 1; None in a run without.
    """

    row: int
    api: RestApi
    changes: tuple[PendingChange, ...]
    failed: tuple[PendingChange, ...] = ()
    wave: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedChange:
    """A change that a run has planned, and what became of it.

    Attributes:
        kind: of its outcome ("applied", "failed", ...); None while it is undecided.
        intended: a call for it may have been sent.
    """

    change: Change
    kind: str | None
    intended: bool

    @property
    def touched(self) -> bool:
        """Whether the run has made it, or may have: it is applied, failed on its way, or in doubt."""
        return self.kind == "applied" or self.intended


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedApi:
    """An API of a run, with all changes that were planned for it, NO_OP included. See `PendingApi`."""

    row: int
    api: RestApi
    changes: tuple[TracedChange, ...]
    wave: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTarget:
    """A target of a run: what was planned for it, and what became of it.

    Attributes:
        after: what its image after the change is known by: equal images have the same. None without one.
        kind: of its outcome ("applied", "failed", ...); None while it is undecided.
    """

    target: Target
    action: Action
    after: str | None
    kind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTargets:
    """An API of a run, with all its targets: also those of which nothing was planned. See `PendingApi`."""

    row: int
    api: RestApi
    targets: tuple[RunTarget, ...]
    wave: int | None = None
