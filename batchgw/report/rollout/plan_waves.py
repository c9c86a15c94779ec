"""The waves of a plan in figures: how much each does, and how long it takes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heapreplace

from batchgw.model import PlanItem, PlannedApi, RestApiId, Scope, Variant
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.deploy import Deploy
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.model.rollout.window import WeekWindow
from batchgw.model.shape import JSON
from batchgw.planning.estimate import Estimate, Work, estimate
from batchgw.planning.rollout.waves import Waves
from batchgw.planning.rollout.windows import all_open, of_week, when_done
from batchgw.planning.totals import PlanTotals


@dataclass(slots=True, kw_only=True)
class WaveFigures:
    """What one wave comes to.

    Attributes:
        number: from 1.
        apis: REST APIs in it.
        targets: what is changed in it, by kind.
        totals: its items, counted.
        canary: seconds that the longest canary among its stages bakes.
    """

    number: int
    wave: Wave
    apis: int = 0
    targets: Counter[str] = field(default_factory=Counter)
    totals: PlanTotals = field(default_factory=PlanTotals)
    canary: float = 0.0

    @property
    def scopes(self) -> int:
        """Account-regions in it."""
        return len(self.totals.scopes)

    def seconds(
        self, side_by_side: int | None, estimated: Callable[[PlanTotals, Work], Estimate] = estimate
    ) -> float:
        """Give the seconds that its calls take at the quotas, and its canaries bake.

        So many account-regions are worked on side by side; None is all of them.
        """
        each = sorted((e.seconds for e in estimated(self.totals, Work.WRITE).scopes.values()), reverse=True)
        return _makespan(each, side_by_side) + self.canary


class PlanWaves:
    """Counts the items of a plan by wave. Without waves there is nothing to count."""

    def __init__(
        self,
        waves: Waves | None,
        variants: Sequence[Variant],
        *,
        begun: float,
        estimated: Callable[[PlanTotals, Work], Estimate] = estimate,
    ) -> None:
        """`variants` are those of the plan; `begun` is when it was made, seconds since the epoch.

        `estimated` says how long a wave's calls take: at AWS's quotas, when left out.
        """
        self.rollout: Rollout | None = None if waves is None else waves.rollout
        self.fault = None if waves is None else waves.fault
        self.figures = [] if waves is None else [WaveFigures(number=n, wave=wave) for n, wave, _ in waves]
        self._numbers: defaultdict[Scope, dict[RestApiId, int]] = defaultdict(dict)
        for number, _, members in waves or ():
            for scope, apis in members.items():
                self._numbers[scope].update(dict.fromkeys(apis, number))
        self._canaries = [_canary(variant) for variant in variants]
        self._begun = begun
        self._estimated = estimated

    def add(self, item: PlanItem) -> None:
        """Count an item."""
        if not isinstance(item, PlannedApi):
            return
        number = self._numbers.get(item.api.scope, {}).get(item.api.id)
        if number is None:
            return
        of = self.figures[number - 1]
        of.apis += 1
        of.targets.update([change.target.kind for change in item.pending])
        of.totals.add(item)
        if any(change.target.kind == STAGE for change in item.pending):
            of.canary = max(of.canary, self._canaries[item.variant])

    def times(self) -> Iterator[tuple[WaveFigures, float, float]]:
        """Give each wave with the seconds of its work, and those from the plan's making to its bake's end.

        Work is done while all windows by the clock are open; other windows are not looked at. Bakes and
        canaries go on while they are closed, and what gates wait for is not known. Where no window opens any
        more, the second figure is infinite.
        """
        if self.rollout is None:
            return
        windows = [of_week(each) for each in self.rollout.windows if isinstance(each, WeekWindow)]
        moment = self._begun
        for each in self.figures:
            seconds = each.seconds(self.rollout.max_parallel_scopes, self._estimated)
            moment = when_done(all_open(windows), moment, seconds - each.canary) + each.canary
            moment += self.rollout.bake if each.apis else 0.0
            yield each, seconds, moment - self._begun

    def to_json(self) -> list[JSON]:
        """Render for machines, a record a wave."""
        return [
            {
                "wave": each.number,
                "unit": str(each.wave),
                "apis": each.apis,
                "targets": dict(each.targets),
                "scopes": each.scopes,
                "seconds": seconds,
                "ends_after": None if after == float("inf") else after,
            }
            for each, seconds, after in self.times()
        ]


def _makespan(seconds: Sequence[float], side_by_side: int | None) -> float:
    """Give when the last of some pieces of work ends, the longest first, so many side by side."""
    if side_by_side is None or side_by_side >= len(seconds):
        return max(seconds, default=0.0)
    lanes = [0.0] * side_by_side
    heapify(lanes)
    for each in seconds:
        heapreplace(lanes, lanes[0] + each)
    return max(lanes)


def _canary(variant: Variant) -> float:
    deploy = variant.desired.parts.get(STAGE)
    return (len(deploy.canary) - 1) * deploy.bake if isinstance(deploy, Deploy) and deploy.canary else 0.0
