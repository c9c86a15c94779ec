"""The paths that stages serve: a probe must come to none of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from batchgw.control_plane.interface import ControlPlane, Execution
from batchgw.control_plane.operations import DeploymentId, GetApiSummary, Methods
from batchgw.model import RestApi
from batchgw.model.deployment.stage_change import StageImage


@dataclass(slots=True, kw_only=True)
class Summaries:
    """The methods of an API's deployments. Each is read once."""

    plane: ControlPlane
    api: RestApi
    spent: Execution
    known: dict[str, Methods] = field(default_factory=dict)

    async def of(self, deployment: str) -> Methods:
        """Give the methods that a deployment holds. Raises a `CallError`."""
        if deployment not in self.known:
            request = GetApiSummary(
                scope=self.api.scope, api=self.api.id, deployment=DeploymentId(deployment)
            )
            self.known[deployment] = await self.plane.send(request, self.spent)
        return self.known[deployment]

    async def routes(self, stages: Iterable[StageImage], also: Iterable[str | None] = ()) -> set[str]:
        """Give the paths of what stages and their canaries serve, and `also` other deployments.

        Raises a `CallError`.
        """
        deployments = set(also)
        for stage in stages:
            deployments |= {stage.deployment, None if stage.canary is None else stage.canary.deployment}
        wanted = sorted(each for each in deployments if each is not None)
        return {path for deployment in wanted for path, _ in await self.of(deployment)}
