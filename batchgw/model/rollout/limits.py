"""Budgets of failures, the guard rails before the first write, and what happens when a wave fails."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from batchgw.model.rollout.amount import Amount, amount_or_none
from batchgw.model.shape import JSON, count, number, record


class OnFailure(StrEnum):
    """What happens when a gate fails or a budget is exceeded."""

    STOP = "stop"  # the rest is not attempted
    ROLLBACK_WAVE = "rollback-wave"  # and the wave is taken back
    ROLLBACK_RUN = "rollback-run"  # and so are the waves before it


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxFailures:
    """How many failures are borne, each None where any number is. The run stops when one is exceeded.

    Attributes:
        per_scope: in one account-region.
        per_wave: in one wave.
        run: in all of the run.
        scopes: account-regions that are given up.
    """

    per_scope: Amount | None = None
    per_wave: Amount | None = None
    run: Amount | None = None
    scopes: Amount | None = None

    def to_json(self) -> dict[str, JSON]:
        """Render those that there are."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: amount.to_json() for name, amount in found.items() if amount is not None}

    @classmethod
    def from_json(cls, data: JSON) -> MaxFailures:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        found = record(data)
        return cls(**{each.name: amount_or_none(found.get(each.name)) for each in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Guard rails: how much a plan may do without being allowed by name. None where there is no limit.

    Attributes:
        apis: REST APIs that are changed or made live.
        percent: those, in per cent of all REST APIs of the plan.
        resets: response types that are reset to the service's default.
        status_changes: response types whose status code changes.
        stages: stages that are moved.
    """

    apis: int | None = None
    percent: float | None = None
    resets: int | None = None
    status_changes: int | None = None
    stages: int | None = None

    def to_json(self) -> dict[str, JSON]:
        """Render those that there are."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: limit for name, limit in found.items() if limit is not None}

    @classmethod
    def from_json(cls, data: JSON) -> Limits:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        found = record(data)

        def whole(name: str) -> int | None:
            return count(found[name]) if name in found else None

        return cls(
            apis=whole("apis"),
            percent=number(found["percent"]) if "percent" in found else None,
            resets=whole("resets"),
            status_changes=whole("status_changes"),
            stages=whole("stages"),
        )
