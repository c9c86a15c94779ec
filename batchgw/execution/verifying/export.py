"""By the export of a stage, which shows what its deployment holds."""

from __future__ import annotations

from contextlib import aclosing
from typing import Final

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.operations import DeploymentId
from batchgw.execution.looking import Looking
from batchgw.execution.stages import remembered
from batchgw.execution.verifying.pauses import NOT_LIVE, NOT_SEEN, NotLive, looks
from batchgw.model import RestApi
from batchgw.planning.deployment.live import LiveDigests

PAUSE: Final = 2.0
"""Seconds between the first two exports, which spend the control plane's quota."""


async def by_export(
    api: RestApi,
    stage: str,
    deployment: DeploymentId,
    planned: LiveDigests,
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
            differing = [name for name, digest in planned.items() if found[name] != digest]
            if not differing:
                return None
            return NotLive(
                code=NOT_LIVE,
                message=f"stage {stage} is on deployment {deployment}, which answers otherwise than planned "
                f"for {', '.join(differing)}: someone else changed the API when the snapshot was taken. Plan "
                "again",
            )
    return NotLive(
        code=NOT_SEEN,
        message=f"stage {stage} was moved to deployment {deployment}, and no export has shown within "
        f"{within:g} s what that answers with. `verify: probe` asks the stage itself",
    )
