"""The guard rails before the first write: what of a plan is more than its policy's `limits` allow."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from batchgw.model.rollout.limits import Limits

NAMES = ("apis", "percent", "resets", "status_changes", "stages")
"""What `--allow` may name."""

_WHAT = {
    "apis": "REST APIs that are changed or made live",
    "percent": "per cent of all REST APIs",
    "resets": "response types that are reset to the service's default",
    "status_changes": "response types whose status code changes",
    "stages": "stages that are moved",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much a plan does.

    Attributes:
        apis: REST APIs that are changed or made live.
        all_apis: all REST APIs of the plan.
        resets, status_changes, stages: as in `Limits`.
    """

    apis: int
    all_apis: int
    resets: int
    status_changes: int
    stages: int

    @property
    def percent(self) -> float:
        """The APIs that are changed or made live, in per cent of all."""
        return 100 * self.apis / self.all_apis if self.all_apis else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """A limit that is exceeded: its name, what the plan comes to, and what is allowed."""

    name: str
    found: float
    limit: float

    def __str__(self) -> str:
        """Render with both figures: `2,310 REST APIs that are changed or made live > apis: 2,000`."""
        return f"{_figure(self.found)} {_WHAT[self.name]} > {self.name}: {_figure(self.limit)}"


def exceeded(limits: Limits, extent: Extent, allowed: Collection[str] = ()) -> tuple[Excess, ...]:
    """Give the limits that a plan exceeds, without those that are allowed by name.

    Raises ValueError for the name of no limit.
    """
    if unknown := sorted({*allowed} - {*NAMES}):
        raise ValueError(f"{', '.join(unknown)}: limits are {', '.join(NAMES)}")
    found = (
        Excess(name=name, found=getattr(extent, name), limit=limit)
        for name in NAMES
        if (limit := getattr(limits, name)) is not None and name not in allowed
    )
    return tuple(each for each in found if each.found > each.limit)


def refusal(excesses: Collection[Excess]) -> str:
    """Say why nothing is written, with all figures, and how to allow it."""
    names = ",".join(each.name for each in excesses)
    figures = "; ".join(map(str, excesses))
    return (
        f"This plan does more than the policy's `limits` allow, so nothing was written: {figures}. "
        f"Look at the plan; if all of it is meant, allow it with `--allow {names}`, or raise the limits."
    )


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")
