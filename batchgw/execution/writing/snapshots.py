"""One snapshot of an API, never two for one run: one that may be there already is looked for first."""

from __future__ import annotations

from typing import Final

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.interface import ControlPlane, Execution
from batchgw.control_plane.operations import CreateDeployment, DeploymentId, GetDeployments
from batchgw.errors import CallError
from batchgw.journal import JournalRun
from batchgw.model import Effort, RestApi

SETTLED: Final = 30.0
"""Seconds after which a call whose process died has been carried out, or never will be. A run that is resumed
at once, as a supervisor does, would else look before it has. AWS names no bound: it is how long a client
waits for an answer (`READ_TIMEOUT`)."""


class _Found(Exception):
    """The snapshot was taken, though no answer said so."""

    def __init__(self, deployment: DeploymentId) -> None:
        super().__init__(deployment)
        self.deployment = deployment


class Snapshots:
    """Takes the snapshots of a run. Each carries the run's id in its description."""

    def __init__(self, plane: ControlPlane, run: JournalRun, stop: StopSignal) -> None:
        self._plane = plane
        self._run = run
        self._stop = stop
        self.description = f"batchgw {run.id}"

    async def taken(self, row: int) -> DeploymentId | None:
        """Give the run's snapshot of the API in a row of the journal, if its name is known already."""
        known = await self._run.snapshot(row)
        return None if known is None or known.deployment is None else DeploymentId(known.deployment)

    async def take(self, api: RestApi, row: int) -> tuple[DeploymentId, Effort]:
        """Take it, or find the one that an earlier process of the run has taken; and tell what that has cost.

        Raises a `CallError`, Stopped, JournalWriteFailed or ScopeLocked. Whatever is raised, a resume looks
        for the snapshot first.
        """
        looking = Execution()
        known = await self._run.snapshot(row)
        if known is not None:
            await self._stop.sleep(max(0.0, SETTLED - known.age))
            found = await self._find(api, looking)
            if found is not None:
                return await self._kept(row, found), looking.effort
        taking = Execution()

        async def leave() -> None:
            await self._run.intend_snapshot(row)

        async def look(_error: CallError) -> None:
            if (found := await self._find(api, looking)) is not None:
                raise _Found(found)

        taking.before_attempt, taking.look = leave, look
        request = CreateDeployment(scope=api.scope, api=api.id, description=self.description)
        try:
            deployment = await self._plane.send(request, taking)
        except _Found as found:
            deployment = found.deployment
        except CallError as error:
            if not (taking.in_doubt or error.leaves_open):
                raise
            there = await self._find(api, looking)
            if there is None:
                raise
            deployment = there
        finally:  # else every call would be a cycle, which only the garbage collector frees
            taking.before_attempt = taking.look = None
        return await self._kept(row, deployment), looking.effort + taking.effort

    async def _find(self, api: RestApi, looking: Execution) -> DeploymentId | None:
        """Look for a deployment with the run's description."""
        position: str | None = None
        while True:
            request = GetDeployments(scope=api.scope, api=api.id, position=position)
            page = await self._plane.send(request, looking)
            for each in page.items:
                if each.description == self.description:
                    return each.id
            position = page.token
            if position is None:
                return None

    async def _kept(self, row: int, deployment: DeploymentId) -> DeploymentId:
        await self._run.keep_snapshot(row, deployment)
        return deployment
