"""Is a stage live? It is looked at until it is seen to be, or for as long as the policy says."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.operations import DeploymentId
from batchgw.execution.looking import Looking
from batchgw.execution.stages import remembered
from batchgw.model import RestApi
from batchgw.planning.deployment.live import LiveDigests

PAUSE = 2.0
"""Seconds between the first two looks. The pause doubles up to `LONGEST`."""

LONGEST = 15.0
"""Seconds of the longest pause."""

NOT_LIVE = "NotLive"
"""Code of a stage that was moved, and does not answer as the API is configured."""

NOT_SEEN = "NotSeenLive"
"""Code of a stage that was moved, and of which nobody could see in time what it answers with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLive:
    """Why a stage does not count as live."""

    code: str
    message: str


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
    began, pause = anyio.current_time(), PAUSE
    while True:
        found = await remembered(api, deployment, stage, looking)
        if found is not None:
            differing = [name for name, digest in planned.items() if found[name] != digest]
            if not differing:
                return None
            return NotLive(
                code=NOT_LIVE,
                message=f"stage {stage} is on deployment {deployment}, which answers otherwise than planned "
                f"for {', '.join(differing)}: someone else changed the API when the snapshot was taken. Plan "
                "again",
            )
        left = began + within - anyio.current_time()
        if left <= 0:
            return NotLive(
                code=NOT_SEEN,
                message=f"stage {stage} was moved to deployment {deployment}, and no export has shown within "
                f"{within:g} s what that answers with. `verify: probe` asks the stage itself",
            )
        await stop.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST)
