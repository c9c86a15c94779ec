"""By the export of a stage, which shows what its deployment holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.operations import DeploymentId
from batchgw.execution.looking import Looking
from batchgw.execution.stage_images import remembered
from batchgw.execution.verifying.pauses import NOT_LIVE, NOT_SEEN, NotLive, looks
from batchgw.model import RestApi
from batchgw.model.deployment.stage_change import StageMove
from batchgw.planning.deployment.live import LiveDigests, joined

PAUSE: Final = 2.0
"""Seconds between the first two exports, which spend the control plane's quota."""


Differing = Callable[[LiveDigests], Sequence[str]]
"""Names the response types for which a deployment answers otherwise than it should."""


def from_planned(planned: LiveDigests) -> Differing:
    """Compare with what the plan makes of each type."""
    return lambda found: [name for name, digest in planned.items() if found[name] != digest]


def from_recorded(move: StageMove) -> Differing:
    """Compare with what a stage answered with before the run that is taken back, over all types together.

    Where that could not be read then, there is nothing to compare: the deployment is the same one.
    """
    live = None if move.back is None else move.back.live
    return lambda found: move.types if live is not None and joined(found, move.types) != live else ()


async def by_export(
    api: RestApi,
    stage: str,
    deployment: DeploymentId,
    differing: Differing,
    *,
    looking: Looking,
    within: float,
    stop: StopSignal,
) -> NotLive | None:
    """See by the export that a stage's deployment answers as planned; say why it does not count as live.

    A deployment never changes, so one export decides. It is tried again for `within` seconds where the export
    fails, or shows another deployment than the stage's. Raises a `CallError` for a denial and for what ends
    the scope, and Stopped.
    """
    async with aclosing(looks(within, stop, pause=PAUSE)) as trying:
        async for _ in trying:
            found = await remembered(api, deployment, stage, looking)
            if found is None:
                continue
            others = differing(found)
            if not others:
                return None
            return NotLive(
                code=NOT_LIVE,
                message=f"stage {stage} is on deployment {deployment}, which answers otherwise than planned "
                f"for {', '.join(others)}: someone else changed the API when the snapshot was taken. Plan "
                "again",
            )
    return NotLive(
        code=NOT_SEEN,
        message=f"stage {stage} was moved to deployment {deployment}, and no export has shown within "
        f"{within:g} s what that answers with. `verify: probe` asks the stage itself",
    )
