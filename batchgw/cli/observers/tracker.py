"""The progress of a run, counted from its events. Has no clock: the caller gives the time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nlargest
from typing import NamedTuple

from batchgw.cli.observers.waves_seen import WavesSeen
from batchgw.control_plane.interface import API_GATEWAY
from batchgw.control_plane.operations import CreateDeployment
from batchgw.events import (
    ApiRechecked,
    ApisListed,
    CallAnswered,
    CallSent,
    CallThrottled,
    Decided,
    Event,
    ItemPlanned,
    PhaseEnded,
    PhaseStarted,
    ScopeFound,
    ScopeGivenUp,
    ScopesFound,
)
from batchgw.model import Failed, NotAttempted, Scope, SkippedScope, UnreadScope
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.kinds import called
from batchgw.throttle.quota import OPERATIONS
from batchgw.wording import amount

WINDOW = 10.0
"""Seconds over which the rate of calls is measured."""

MEASURED_AFTER = 3.0
"""Seconds after which the measured rate predicts the time left better than the quota does."""


SLOW_WINDOW = 30.0
"""The same for snapshots, of which AWS takes one in five seconds."""

SNAPSHOT = CreateDeployment.operation.name


@dataclass(slots=True, kw_only=True)
class ScopeProgress:
    """One scope in the current phase. `total` is None while it is unknown.

    `stages` of the total are stages, `moved` of these are done, with `snapshots` that were made for them.
    """

    done: int = 0
    total: int | None = None
    stages: int = 0
    moved: int = 0
    snapshots: int = 0
    listed: int = 0
    throttles: int = 0
    failed: int = 0
    given_up: bool = False
    sent: deque[float] = field(default_factory=deque)

    @property
    def finished(self) -> bool:
        """Whether the scope has nothing left to do."""
        return self.given_up or (self.total is not None and self.done >= self.total)

    def rate(self, now: float, began: float) -> float:
        """Calls/second over the last `WINDOW`, or since the phase began."""
        while self.sent and self.sent[0] <= now - WINDOW:
            self.sent.popleft()
        span = min(WINDOW, now - began)
        return len(self.sent) / span if span > 0 else 0.0

    def left(self, rate: float, snapshots: float) -> float | None:
        """Seconds until it is finished, at so many calls/second, and snapshots/second.

        The lanes run side by side, so the slower one tells. None where nobody knows.
        """
        if self.total is None:
            return None
        stages = self.stages - self.moved
        other = self.total - self.done - stages
        if other and rate <= 0:
            return None
        return max(other / rate if other else 0.0, stages / self._per_snapshot / snapshots)

    @property
    def _per_snapshot(self) -> float:
        """How many stages a snapshot is for, as far as that was seen: one at least."""
        return max(1.0, self.moved / self.snapshots) if self.snapshots else 1.0


class _Open(NamedTuple):
    """A scope that is not finished, and what was measured of it."""

    scope: Scope
    of: ScopeProgress
    rate: float
    left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a view shows of a scope, or of all.

    `rate` and `quota` are calls/second of the same scopes: those that are not finished, or all when none is
    left. `left` is the time left in seconds, None when it is unknown. `by_kind` says what is done of each
    kind of target, where there are several: "10 responses, 2 stages".
    """

    name: str
    done: int
    total: int | None
    rate: float
    quota: float
    throttles: int
    failed: int
    left: float | None
    given_up: bool = False
    by_kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """What is done in each lane of a run that makes stages live, and of how much, all scopes together.

    `rate` and `quota` are snapshots/second; the calls of both lanes are counted in `Progress.rate`.
    """

    changes: int
    all_changes: int
    noun: str
    snapshots: int
    stages: int
    all_stages: int
    rate: float
    quota: float
    left: float | None


class Tracker:
    """Counts per scope. `quota` and `snapshots` are calls/second of one scope, as the run supposes.

    `snapshots` is that of CreateDeployment.
    """

    def __init__(self, *, quota: float, snapshots: float = OPERATIONS[SNAPSHOT].rate) -> None:
        self.waves = WavesSeen()
        self.phase = ""
        self.noun = ""
        self._kinds: frozenset[str] = frozenset()
        self._done = Counter[str]()  # targets by kind
        self._expected: dict[str, int] = {}  # targets by kind
        self._snapshots = 0
        self._taken = deque[float]()  # when snapshots were taken
        self._quota = quota
        self._slow_quota = snapshots
        self._began = 0.0
        self._scopes: dict[Scope, ScopeProgress] = {}
        self._more = False  # more scopes may come
        self._measured: tuple[float, list[_Open]] | None = None  # for the last frame

    def notify(self, event: Event, now: float) -> None:
        """Count an event that happened at `now`, in seconds on any monotonic scale."""
        self._measured = None
        self.waves.notify(event, now)
        match event:  # the two that come with every call first
            case CallSent() if event.service == API_GATEWAY:
                self._of(event.scope).sent.append(now)
            case Decided() if self.phase == "apply" and not isinstance(event.outcome, NotAttempted):
                scope = self._of(event.outcome.api.scope)
                scope.done += 1
                scope.failed += isinstance(event.outcome, Failed)
                scope.moved += (kind := event.outcome.target.kind) == STAGE
                self._done[kind] += 1
            case CallAnswered() if event.operation == SNAPSHOT and self.phase == "apply":
                self._of(event.scope).snapshots += 1
                self._snapshots += 1
                self._taken.append(now)
            case CallThrottled() if event.service == API_GATEWAY:
                self._of(event.scope).throttles += 1
            case ApisListed() if self.phase == "plan":
                scope = self._of(event.scope)
                scope.listed += event.selected
                scope.total = scope.listed if event.last_page else None
            case ItemPlanned() if self.phase == "plan":
                self._planned(event)
            case ScopeFound() | ScopesFound() | ScopeGivenUp() | ApiRechecked():
                self._of_scopes(event)
            case PhaseStarted():
                self._start(event, now)
            case PhaseEnded():
                self.phase = ""
            case _:
                pass

    def scopes(self, now: float, *, at_most: int) -> tuple[list[Progress], int]:
        """Give the unfinished scopes that will take longest, by name, and the number of the others."""
        open_ = self._open(now)
        longest = nlargest(at_most, open_, key=lambda each: (each.left is None, each.left or 0.0))
        shown = [self._alone(each) for each in longest]
        return sorted(shown, key=lambda s: s.name), len(open_) - len(longest)

    def all(self, now: float) -> Progress:
        """Give the whole. Scopes run side by side, so the slowest one decides when it ends.

        While more scopes may come, nobody knows how much there is, or when it ends.
        """
        of, open_ = self._scopes.values(), self._open(now)
        rates = [each.rate for each in open_] if open_ else [each.rate(now, self._began) for each in of]
        totals = [each.total for each in of]
        return Progress(
            name=f"{len(of)} scopes",
            done=sum([each.done for each in of]),
            total=None if self._more or None in totals else sum([total or 0 for total in totals]),
            rate=sum(rates),
            quota=self._quota * len(rates),
            throttles=sum([each.throttles for each in of]),
            failed=sum([each.failed for each in of]),
            left=None if self._more else _longest([each.left for each in open_]),
            given_up=any(each.given_up for each in of),
            by_kind=self._by_kind(),
        )

    def lanes(self, now: float) -> Lanes | None:
        """Give both lanes, where the run has a second one beside the first."""
        stages = self._expected.get(STAGE, 0)
        if not stages or self.phase != "apply":
            return None
        while self._taken and self._taken[0] <= now - SLOW_WINDOW:
            self._taken.popleft()
        span = min(SLOW_WINDOW, now - self._began)
        busy = [of for of in self._scopes.values() if of.stages > of.moved and not of.given_up]
        rest = frozenset(self._expected) - {STAGE}
        return Lanes(
            changes=sum(self._done[kind] for kind in rest),
            all_changes=sum(self._expected[kind] for kind in rest),
            noun=called(rest),
            snapshots=self._snapshots,
            stages=self._done[STAGE],
            all_stages=stages,
            rate=len(self._taken) / span if span > 0 else 0.0,
            quota=self._slow_quota * len(busy),
            left=_longest([of.left(self._quota, self._slow_quota) for of in busy]),
        )

    @property
    def count(self) -> int:
        """How many scopes there are."""
        return len(self._scopes)

    def _by_kind(self) -> str:
        if len(self._kinds) < 2 or not self._done:  # noqa: PLR2004 - then the noun says it
            return ""
        words = [amount(n, called([kind])) for kind, n in sorted(self._done.items())]
        return ", ".join([*words, amount(self._snapshots, "snapshot")] if self._snapshots else words)

    def _open(self, now: float) -> list[_Open]:
        """Measure the scopes that are not finished: once a frame, because there may be thousands."""
        if self._measured is None or self._measured[0] != now:
            began, quota = self._began, self._quota if now - self._began < MEASURED_AFTER else None
            found = [
                _Open(
                    scope,
                    of,
                    rate := of.rate(now, began),
                    of.left(rate if quota is None else quota, self._slow_quota),
                )
                for scope, of in self._scopes.items()
                if not of.finished
            ]
            self._measured = now, found
        return self._measured[1]

    def _alone(self, each: _Open) -> Progress:
        return Progress(
            name=str(each.scope),
            done=each.of.done,
            total=each.of.total,
            rate=each.rate,
            quota=self._quota,
            throttles=each.of.throttles,
            failed=each.of.failed,
            left=each.left,
            given_up=each.of.given_up,
        )

    def _start(self, event: PhaseStarted, now: float) -> None:
        self.phase = event.phase
        self.noun = called(event.kinds) if event.phase == "apply" else "API"
        self._kinds, self._done = event.kinds, Counter()
        self._expected = {kind: sum(scopes.values()) for kind, scopes in event.by_kind.items()}
        self._snapshots, self._taken = 0, deque()
        self._began = now
        stages = event.by_kind.get(STAGE, {})
        self._scopes = {
            scope: ScopeProgress(total=event.expected.get(scope), stages=stages.get(scope, 0))
            for scope in event.scopes
        }
        self._more = event.phase == "plan" and not event.scopes

    def _of_scopes(self, event: ScopeFound | ScopesFound | ScopeGivenUp | ApiRechecked) -> None:
        match event:
            case ApiRechecked():  # while changes are made it is no progress
                if self.phase == "recheck":
                    self._of(event.api.scope).done += 1
            case ScopeFound():
                self._of(event.scope)
            case ScopesFound():
                self._more = False
            case ScopeGivenUp():
                self._of(event.scope).given_up = True

    def _planned(self, event: ItemPlanned) -> None:
        if isinstance(event.item, UnreadScope | SkippedScope):
            if event.item.scope in self._scopes:  # it may have been none to look into
                self._of(event.item.scope).given_up = True
        elif event.item.api.scope in self._scopes:  # an API that was not found has no scope
            scope = self._of(event.item.api.scope)
            scope.done += 1
            if not event.selected:
                scope.listed += 1
                scope.total = None if scope.total is None else scope.total + 1

    def _of(self, scope: Scope) -> ScopeProgress:
        found = self._scopes.get(scope)
        if found is None:
            found = self._scopes[scope] = ScopeProgress()
        return found


def _longest(times: Iterable[float | None]) -> float | None:
    """Give the longest time; 0 where there is none, and None where one is unknown."""
    longest = 0.0
    for time in times:
        if time is None:
            return None
        longest = max(longest, time)
    return longest
