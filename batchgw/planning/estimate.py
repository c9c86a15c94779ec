"""How many calls and how long, if the quotas alone set the pace and nobody else spends them.

Scopes are worked on side by side, so the whole takes as long as the longest of them; and a scope takes as
long as the slowest of its quotas. A bucket counts as full unless its level is given: a plan that was just
made has taken calls from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from math import ceil, inf

from batchgw.model import Scope
from batchgw.model.shape import JSON
from batchgw.planning.totals import PlanTotals, ScopeTotals
from batchgw.throttle.quota import OPERATIONS, TOTAL, Quota

PAGE_SIZE = 500
"""REST APIs per page that is listed: `control_plane.operations.PAGE_SIZE`, which lies above this module."""


class Work(Flag):
    """The kinds of calls a run makes."""

    LIST = auto()  # a page of REST APIs at a time
    READ = auto()  # an API, once for each kind of change that the policy asks for
    WRITE = auto()  # what the changes take: mostly one each

    PLAN = LIST | READ
    APPLY = WRITE  # of a plan just made
    APPLY_SAVED = READ | WRITE  # of a saved plan, whose before-images are checked first
    ALL = LIST | READ | WRITE  # an apply of a policy, from the listing on


def duration(
    calls: int, *, rate: float = TOTAL.rate, burst: float = TOTAL.burst, share: float = 1.0
) -> float:
    """Give the seconds `calls` take: a full bucket of `burst`, refilled at `share` of `rate` calls/second."""
    return max(0.0, (calls - burst) / (rate * share))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeEstimate:
    """Calls by kind, and the seconds the quota makes them take."""

    listings: int
    reads: int
    writes: int
    seconds: float

    @property
    def calls(self) -> int:
        """All calls together."""
        return self.listings + self.reads + self.writes

    def to_json(self) -> dict[str, JSON]:
        """Render with the sum of the calls."""
        return {
            "listings": self.listings,
            "reads": self.reads,
            "writes": self.writes,
            "calls": self.calls,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate per scope, and of the whole."""

    scopes: Mapping[Scope, ScopeEstimate]

    @property
    def calls(self) -> int:
        """All calls of all scopes."""
        return sum(e.calls for e in self.scopes.values())

    @property
    def seconds(self) -> float:
        """The makespan: scopes run side by side, so the longest decides."""
        return max((e.seconds for e in self.scopes.values()), default=0.0)

    def to_json(self) -> dict[str, JSON]:
        """Render scope by scope, and the whole."""
        return {
            "scopes": {str(scope): e.to_json() for scope, e in self.scopes.items()},
            "calls": self.calls,
            "seconds": self.seconds,
        }


def estimate(
    totals: PlanTotals,
    work: Work = Work.ALL,
    *,
    rate: float = TOTAL.rate,
    burst: float = TOTAL.burst,
    share: float = 1.0,
    level: Callable[[Scope], float] | None = None,
    trusted: float = inf,
    reads: int = 1,
    operations: Mapping[str, Quota] = OPERATIONS,
) -> Estimate:
    """Estimate the kinds of calls in `work` for what a plan counted.

    `level` gives how many calls a scope may make at once to begin with; `burst`, where it is left out. An API
    that comes to be written later than after `trusted` seconds is read once more. To read one takes so many
    `reads`; see `kinds.reads`. `operations` have quotas of their own beside the total, full to begin with, of
    whose rates `share` is ours as well.

    Listing is counted for the APIs the plan knows: a selection that leaves most of a scope out lists more.
    A scope with "*" for its account or region, which stands for nowhere, takes no calls, and neither does one
    that is skipped.
    """
    own = {name: _Pace(rate=quota.rate * share, burst=quota.burst) for name, quota in operations.items()}
    return Estimate(
        scopes={
            scope: _of_scope(
                counts,
                work,
                total=_Pace(rate=rate * share, burst=burst if level is None else level(scope)),
                own=own,
                trusted=trusted,
                reads=reads,
            )
            for scope, counts in totals.scopes.items()
            if "*" not in (scope.account, scope.region) and not counts.skipped_scopes
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """What of a quota is ours. `burst` may be below 0: what was taken in advance."""

    rate: float
    burst: float

    def seconds(self, calls: int) -> float:
        return duration(calls, rate=self.rate, burst=self.burst)

    def later(self, calls: int, seconds: float) -> float:
        """Give how many of the calls come later than that."""
        return max(0.0, calls - (self.burst + self.rate * seconds))


def _of_scope(
    counts: ScopeTotals, work: Work, *, total: _Pace, own: Mapping[str, _Pace], trusted: float, reads: int
) -> ScopeEstimate:
    listed = _pages(counts.apis + counts.set_aside_apis) if Work.LIST in work else 0
    read = counts.apis * reads if Work.READ in work else 0
    written = counts.operations.total() if Work.WRITE in work else 0
    of_own = [(own[name], calls) for name, calls in counts.operations.items() if written and name in own]
    if written:
        late = max(
            total.later(listed + read + written, trusted),
            sum(pace.later(calls, trusted) for pace, calls in of_own),
        )
        read += reads * ceil(counts.changed_apis * min(1.0, late / written))
    seconds = max(
        total.seconds(listed + read + written), *(pace.seconds(calls) for pace, calls in of_own), 0.0
    )
    return ScopeEstimate(listings=listed, reads=read, writes=written, seconds=seconds)


def _pages(apis: int) -> int:
    """A scope without APIs takes a call, too, to find that out."""
    return max(1, -(-apis // PAGE_SIZE))
