"""A plan with everything that a view tells of it: an estimate, a verdict, and what is not live."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from batchgw.concurrency.stop import StopSignal
from batchgw.concurrency.time_slices import TimeSlices
from batchgw.errors import Stopped
from batchgw.model import PlanItem
from batchgw.model.shape import JSON
from batchgw.planning.estimate import Estimate, Work
from batchgw.planning.plan_file.plan import Plan
from batchgw.planning.totals import PlanTotals
from batchgw.report.extent import Extent
from batchgw.report.not_live import CHECKED, PLANNED, deploys
from batchgw.report.plan_fold import PlanFold
from batchgw.report.rollout.plan_waves import PlanWaves
from batchgw.report.verdict import verdict_to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """A plan to be shown.

    Attributes:
        estimate: the calls and seconds that an apply takes.
        estimated: estimates a part of the plan, at the same quotas.
        exit_code: the one of the command that shows it.
        stop: asks to end early.
        drift: whether this is a check, which uses other words.
        fold: equal changes once; complete when `items` has ended.
        waves: the waves in figures; likewise.
    """

    plan: Plan
    estimate: Estimate
    estimated: Callable[[PlanTotals, Work], Estimate]
    exit_code: int
    stop: StopSignal
    drift: bool = False
    fold: PlanFold = field(init=False)
    waves: PlanWaves = field(init=False)

    def __post_init__(self) -> None:
        waves = PlanWaves(
            self.plan.waves,
            self.plan.variants,
            begun=self.plan.header.created,
            estimated=self.estimated,
        )
        object.__setattr__(self, "waves", waves)
        object.__setattr__(self, "fold", PlanFold(self.plan.variants))

    async def items(self) -> AsyncIterator[PlanItem]:
        """Read the plan once, and fold each item. Raises Stopped.

        A million items take a minute, so other tasks run meanwhile, and a stop ends it.
        """
        slices = TimeSlices()
        await slices.yield_now()  # to load the view took a slice
        for item in self.plan.items():
            self.fold.add(item)
            self.waves.add(item)
            yield item
            if await slices.yield_if_due() and self.stop.requested:
                raise Stopped("the plan was not shown to its end.")
        await slices.yield_now()  # to print it takes a slice of its own

    async def read(self) -> None:
        """Fold the whole plan, without showing its items. Raises Stopped."""
        async for _ in self.items():
            pass

    def extent_to_json(self) -> dict[str, JSON]:
        """Render where the plan looked, what it leaves alone and why, and whose its APIs are."""
        return {
            "extent": Extent.of(self.plan.totals, self.fold.skipped_scopes).to_json(),
            "left_alone": self.fold.left_alone.to_json(),
            "notes": dict(self.fold.left_alone.notes.most_common()),
            "owners": self.fold.left_alone.owners_to_json(),
            **({"kinds": figures} if (figures := self.fold.figures_to_json()) else {}),
            **({} if self.waves.rollout is None else {"waves": self.waves.to_json()}),
        }

    @property
    def not_live(self) -> str | None:
        """What is not live, in a sentence; None where the policy says which stages shall be."""
        if deploys(variant.desired for variant in self.plan.variants):
            return None
        return CHECKED if self.drift else PLANNED

    @property
    def verdict(self) -> Mapping[str, JSON]:
        """The verdict and its figures, for machines."""
        return verdict_to_json(self.plan.totals, self.exit_code)
