"""How a run ended, folded from the journal, with the proof that every target is accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Self

from batchgw.concurrency.time_slices import TimeSlices
from batchgw.exit_codes import FAILED, HELD_BACK, INCOMPLETE, INTERRUPTED, OK, PENDING
from batchgw.journal import Journal, JournalRun, ScopeCounts, Tally
from batchgw.journal.records import COUNTS
from batchgw.model import Scope
from batchgw.model.change import MOVED
from batchgw.model.deployment.seen_live import SeenLive
from batchgw.model.kinds import KINDS, counted_as
from batchgw.model.shape import JSON
from batchgw.report.not_live import written
from batchgw.report.reasons import Reason, Reasons

EXPLAINED = frozenset({"failed", "skipped", "held", "not_attempted"})
"""Kinds of outcome that have a reason."""

WORDS = {"held": "held back", "not_attempted": "not attempted"}
"""What people call a kind of outcome, where that is not its name."""

IF_ANY = frozenset({"held", "undecided"})
"""Kinds of outcome that most runs have none of: they are shown where there are any."""

SCHEMA_VERSION = 1
"""Of `Summary.to_json`: raised when a field changes its meaning or goes away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeSummary:
    """One account-region: targets by outcome, and how many were expected.

    `by_kind` has the same for each kind of change alone. `unread` says why its REST APIs could not all
    be listed ("AccessDenied: ..."); None when they were.
    """

    scope: Scope
    tally: Tally
    expected: int
    by_kind: Mapping[str, Tally] = field(default_factory=dict)
    unread: str | None = None

    @property
    def proves(self) -> bool:
        """Whether every expected target has its outcome."""
        return self.tally.undecided == 0 and decided(self.tally) == self.expected

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "account": self.scope.account,
            "region": self.scope.region,
            "expected": self.expected,
            **_counts(self.tally),
            "unread": self.unread,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How a run ended.

    `elapsed` is in seconds. `stopped`: the user asked to stop before the end. `held_back`: the run's schedule
    let something not begin. `planned` is False where the run has no plan yet, or ended before it had one:
    then nothing was written, and nothing is proved. `seen_live` is what this process has seen to be live.
    `taken_back` is the end of the run that has taken this one back by itself.
    """

    run: str
    verb: str
    scopes: tuple[ScopeSummary, ...]
    reasons: tuple[Reason, ...] = ()
    elapsed: float = 0.0
    stopped: bool = False
    held_back: bool = False
    planned: bool = True
    seen_live: SeenLive | None = None
    halted: str | None = None
    taken_back: Summary | None = None
    total: Tally = field(init=False, repr=False, compare=False)
    """All scopes added up; its `effort` is what the decided targets cost."""

    def __post_init__(self) -> None:
        """Add up once: there may be thousands of scopes."""
        object.__setattr__(self, "total", Tally.added_up(each.tally for each in self.scopes))

    @classmethod
    async def from_journal(
        cls,
        journal: Journal,
        run: str,
        *,
        elapsed: float,
        stopped: bool = False,
        expected: Mapping[Scope, int] | None = None,
    ) -> Self:
        """Fold what the journal knows of a run. Raises RunUnknown.

        `elapsed` are the seconds of this process's work on the run; a resume starts at 0. `expected` are the
        targets that the plan counted, so that the journal is compared with something else. Without it the
        journal's own count is used.
        """
        record = await journal.find(run)
        return await cls.of_run(
            journal.run(record.id),
            verb=record.verb,
            elapsed=elapsed,
            stopped=stopped,
            planned=record.planned,
            expected=expected,
        )

    @classmethod
    async def of_run(
        cls,
        run: JournalRun,
        *,
        verb: str,
        elapsed: float,
        stopped: bool = False,
        held_back: bool = False,
        halted: str | None = None,
        planned: bool = True,
        seen_live: SeenLive | None = None,
        expected: Mapping[Scope, int] | None = None,
    ) -> Self:
        """Fold what the journal knows of a run; other tasks run in between. See `from_journal`."""
        return cls(
            run=run.id,
            verb=verb,
            scopes=await _scope_summaries(await counted(run), expected),
            reasons=await _reasons(run),
            elapsed=elapsed,
            stopped=stopped,
            held_back=held_back,
            halted=halted,
            planned=planned,
            seen_live=seen_live,
        )

    @property
    def noun(self) -> str:
        """What the targets of this run are counted as, such as "API-type"."""
        return counted_as(self.by_kind)

    @property
    def by_kind(self) -> dict[str, Tally]:
        """The targets of each kind of change, added up: API-types configured, API-stages live."""
        kinds = dict.fromkeys(kind for scope in self.scopes for kind in scope.by_kind)
        return {
            kind: Tally.added_up(scope.by_kind[kind] for scope in self.scopes if kind in scope.by_kind)
            for kind in sorted(kinds, key=lambda kind: (*KINDS, kind).index(kind))
        }

    @property
    def expected(self) -> int:
        """Targets that must end in an outcome."""
        return sum(s.expected for s in self.scopes)

    @property
    def proves(self) -> bool:
        """Whether every expected target of every scope ended in exactly one outcome."""
        return self.planned and all(s.proves for s in self.scopes)

    @property
    def arithmetic(self) -> str:
        """The proof in figures: `2 applied + 1 unchanged + 0 failed + ... = 3 of 3 expected`."""
        return f"{_figures(self.total, WORDS)} of {self.expected:,} expected"

    @property
    def arithmetics(self) -> dict[str, str]:
        """The figures of each kind of change, by what its targets are counted as; empty where there is one.

        `{"API-type": "2 applied + ... = 3", "API-stage": "1 live + 0 live already + ... = 1"}`
        """
        found = self.by_kind
        if len(found) < 2:  # noqa: PLR2004 - then the whole says it
            return {}
        return {
            KINDS[kind].counted: _figures(tally, {**WORDS, **KINDS[kind].words})
            for kind, tally in found.items()
        }

    @property
    def unread(self) -> Mapping[Scope, str]:
        """Scopes whose REST APIs could not all be listed, and why."""
        return {s.scope: s.unread for s in self.scopes if s.unread is not None}

    @property
    def left(self) -> int:
        """Targets that a resume would work on: planned and not attempted, or undecided."""
        return self.total.left

    @property
    def out_of_reach(self) -> bool:
        """Whether something was not read, so that only a new plan can include it."""
        return bool(self.total.never_read or self.unread)

    @property
    def moved(self) -> int:
        """Targets left alone since their APIs changed after the plan; only a new plan can include them."""
        return sum(reason.count for reason in self.reasons if reason.code == MOVED)

    @property
    def not_live(self) -> str | None:
        """What this run configured and is not live, in a sentence; None where it configured nothing."""
        return written(self.by_kind)

    @property
    def exit_code(self) -> int:
        """The exit code of the command line: the first of these that applies.

        130 the user stopped the run and something is left; 3 its rollout was halted, or its schedule held
        something back; 1 something failed; 4 something was not attempted, could not be read, or has no
        outcome; 2 a target was held back, so it is pending still; 0 all is well.
        """
        if self.stopped and (self.left or self.halted is not None):
            return INTERRUPTED
        if self.halted is not None or (self.held_back and self.left):
            return HELD_BACK
        if self.total.failed:
            return FAILED
        incomplete = self.left or self.out_of_reach or self.moved or not self.proves
        if incomplete:
            return INCOMPLETE
        return PENDING if self.total.held else OK

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        total = self.total
        return {
            "schema_version": SCHEMA_VERSION,
            "run": self.run,
            "verb": self.verb,
            "expected": self.expected,
            **_counts(total),
            "left": self.left,
            "planned": self.planned,
            "proves": self.proves,
            "arithmetic": self.arithmetic,
            **({"kinds": self._kinds_to_json()} if len(self.by_kind) > 1 else {}),
            "effort": {
                "attempts": total.effort.attempts,
                "throttles": total.effort.throttles,
                "waited": round(total.effort.waited, 3),
            },
            "elapsed": round(self.elapsed, 3),
            "stopped": self.stopped,
            "held_back": self.held_back,
            "halted": self.halted,
            "exit_code": self.exit_code,
            "not_live": self.not_live,
            **({"taken_back": self.taken_back.to_json()} if self.taken_back else {}),
            **({"seen_live": self.seen_live.to_json()} if self.seen_live else {}),
            "scopes": [s.to_json() for s in self.scopes],
            "reasons": [r.to_json() for r in self.reasons],
        }

    def _kinds_to_json(self) -> dict[str, JSON]:
        return {
            kind: {"counted_as": KINDS[kind].counted, "expected": tally.expected, **_counts(tally)}
            for kind, tally in self.by_kind.items()
        }


def _figures(tally: Tally, words: Mapping[str, str]) -> str:
    shown = [kind for kind in COUNTS if kind not in IF_ANY or getattr(tally, kind)]
    figures = " + ".join(f"{getattr(tally, kind):,} {words.get(kind, kind)}" for kind in shown)
    return f"{figures} = {tally.expected:,}"


async def counted(run: JournalRun, *, wave: int | None = None) -> list[ScopeCounts]:
    """Count the outcomes of each scope of a run, or of one wave of it. Other tasks run in between."""
    found, slices = list[ScopeCounts](), TimeSlices()
    await slices.yield_now()
    async for counts in run.scope_counts(wave=wave):
        found.append(counts)
        await slices.yield_if_due()
    return found


async def _reasons(run: JournalRun) -> tuple[Reason, ...]:
    """Fold why targets did not end well."""
    reasons, slices = Reasons(), TimeSlices()
    await slices.yield_now()
    async for page in run.outcome_pages(kinds=EXPLAINED):
        for outcome in page:
            reasons.add(outcome)
            await slices.yield_if_due()
        await slices.yield_if_due()
    return reasons.found()


async def _scope_summaries(
    counts: Iterable[ScopeCounts], expected: Mapping[Scope, int] | None
) -> tuple[ScopeSummary, ...]:
    """Sum up account-regions. Those where something was `expected` are among them in any case."""
    found, slices = dict[Scope, ScopeSummary](), TimeSlices()
    await slices.yield_now()
    for each in counts:
        found[each.scope] = _scope_summary(each.scope, each, expected)
        await slices.yield_if_due()
    for scope in expected or ():
        if scope not in found:
            found[scope] = _scope_summary(scope, None, expected)
        await slices.yield_if_due()
    return tuple(found.values())


def _scope_summary(
    scope: Scope, counts: ScopeCounts | None, expected: Mapping[Scope, int] | None
) -> ScopeSummary:
    tally = counts.tally if counts else Tally()
    return ScopeSummary(
        scope=scope,
        tally=tally,
        expected=tally.expected if expected is None else expected.get(scope, 0),
        by_kind=counts.by_kind if counts else {},
        unread=counts.unread if counts else None,
    )


def decided(tally: Tally) -> int:
    """Count the targets that have an outcome."""
    return tally.expected - tally.undecided


def _counts(tally: Tally) -> dict[str, int]:
    counts = asdict(tally)
    return {kind: counts[kind] for kind in COUNTS}
