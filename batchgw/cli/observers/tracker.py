"""The progress of a run, counted from its events. Has no clock: the caller gives the time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nlargest
from typing import NamedTuple

from batchgw.control_plane.interface import API_GATEWAY
from batchgw.events import (
    ApiRechecked,
    ApisListed,
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
from batchgw.model.kinds import called
from batchgw.wording import amount

WINDOW = 10.0
"""Seconds over which the rate of calls is measured."""

MEASURED_AFTER = 3.0
"""Seconds after which the measured rate predicts the time left better than the quota does."""


@dataclass(slots=True, kw_only=True)
class ScopeProgress:
    """One scope in the current phase. `total` is None while it is unknown."""

    done: int = 0
    total: int | None = None
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

    def left(self, rate: float) -> float | None:
        """Seconds until it is finished, at so many calls/second; None where nobody knows."""
        if self.total is None:
            return None
        return (self.total - self.done) / rate if rate > 0 else None


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


class Tracker:
    """Counts per scope. `quota` is calls/second of one scope, as the run supposes."""

    def __init__(self, *, quota: float) -> None:
        self.phase = ""
        self.noun = ""
        self._kinds: frozenset[str] = frozenset()
        self._done = Counter[str]()  # targets by kind
        self._quota = quota
        self._began = 0.0
        self._scopes: dict[Scope, ScopeProgress] = {}
        self._more = False  # more scopes may come
        self._measured: tuple[float, list[_Open]] | None = None  # for the last frame

    def notify(self, event: Event, now: float) -> None:
        """Count an event that happened at `now`, in seconds on any monotonic scale."""
        self._measured = None
        match event:  # the two that come with every call first
            case CallSent() if event.service == API_GATEWAY:
                self._of(event.scope).sent.append(now)
            case Decided() if self.phase == "apply" and not isinstance(event.outcome, NotAttempted):
                scope = self._of(event.outcome.api.scope)
                scope.done += 1
                scope.failed += isinstance(event.outcome, Failed)
                self._done[event.outcome.target.kind] += 1
            case CallThrottled() if event.service == API_GATEWAY:
                self._of(event.scope).throttles += 1
            case ApisListed() if self.phase == "plan":
                scope = self._of(event.scope)
                scope.listed += event.selected
                scope.total = scope.listed if event.last_page else None
            case ItemPlanned() if self.phase == "plan":
                self._planned(event)
            case ApiRechecked() if self.phase == "recheck":
                self._of(event.api.scope).done += 1
            case ScopeFound() | ScopesFound() | ScopeGivenUp():
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

    @property
    def count(self) -> int:
        """How many scopes there are."""
        return len(self._scopes)

    def _by_kind(self) -> str:
        if len(self._kinds) < 2 or not self._done:  # noqa: PLR2004 - then the noun says it
            return ""
        return ", ".join(amount(n, called([kind])) for kind, n in sorted(self._done.items()))

    def _open(self, now: float) -> list[_Open]:
        """Measure the scopes that are not finished: once a frame, because there may be thousands."""
        if self._measured is None or self._measured[0] != now:
            began, quota = self._began, self._quota if now - self._began < MEASURED_AFTER else None
            found = [
                _Open(scope, of, rate := of.rate(now, began), of.left(rate if quota is None else quota))
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
        self._began = now
        self._scopes = {scope: ScopeProgress(total=event.expected.get(scope)) for scope in event.scopes}
        self._more = event.phase == "plan" and not event.scopes

    def _of_scopes(self, event: ScopeFound | ScopesFound | ScopeGivenUp) -> None:
        match event:
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
