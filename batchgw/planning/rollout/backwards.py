"""The waves of a rollback: those of the run that it takes back, the last one first. Pure."""

from __future__ import annotations

from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave


def backwards(rollout: Rollout, only: int | None = None) -> Rollout:
    """Give the rollout that takes another one back, or `only` one wave of it.

    Account-regions go side by side as before. Nothing bakes and no gate is asked: whoever goes back has
    decided already, and every minute counts. For the same reason windows do not hold it up.
    """
    numbers = range(len(rollout.waves), 0, -1) if only is None else (only,)
    return Rollout(
        waves=tuple(Wave(taken_back=number, allow_empty=True) for number in numbers),
        max_parallel_scopes=rollout.max_parallel_scopes,
        regions=rollout.regions,
    )
