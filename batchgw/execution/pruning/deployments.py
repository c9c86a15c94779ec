"""Finds the deployments of batchgw's own that no stage is on, and deletes them.

A deployment is ours if its description says so ("batchgw RUN"). Kept are the newest of ours, those that a
stage or its canary shows, those of a run that is not done, and those to which a rollback would put a stage
back.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

import anyio

from batchgw.concurrency.pool import unwrapped
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations import (
    DeleteDeployment,
    Deployment,
    DeploymentId,
    GetDeployments,
    GetStages,
)
from batchgw.errors import CallError, EntityNotFound, JournalWriteFailed
from batchgw.journal import Journal, JournalRun, NewRun, RunState, ToPrune
from batchgw.model import Desired, RestApi, Scope
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.deployment.stage_change import StageChange, StageImage

OURS: Final = re.compile(r"batchgw (\d{8}-[0-9a-f]{6})", re.ASCII)
"""The description of a run's snapshot, as `writing.snapshots` writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDeployment:
    """A deployment of batchgw's own. `kept` says why it is kept; None for one that is deleted."""

    api: RestApi
    deployment: Deployment
    kept: str | None = None


@dataclass(slots=True, kw_only=True)
class DeploymentPruning:
    """Looks through APIs, and deletes what nothing needs.

    Attributes:
        keep: how many of our newest deployments of each API are kept in any case.
        found: all of ours.
        unread: APIs that could not be read, with the reason.
        failed: what could not be deleted, with the reason.
        deleted: how many are gone.
    """

    plane: ControlPlane
    journal: Journal
    keep: int
    found: list[OwnDeployment] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    deleted: int = 0

    @property
    def going(self) -> list[tuple[RestApi, list[DeploymentId]]]:
        """What is to be deleted, by API."""
        of_apis = groupby((each for each in self.found if each.kept is None), key=lambda each: each.api)
        return [(api, [each.deployment.id for each in some]) for api, some in of_apis]

    async def look(self, api: RestApi) -> None:
        """Look through one API."""
        try:
            self.found += await self._own(api)
        except CallError as error:
            self.unread.append(f"{api}: {_said(error)}")

    async def delete(self, api: RestApi, wanted: Collection[DeploymentId]) -> None:
        """Delete deployments of an API, those that still are not needed: it is read once more."""
        try:
            spare = {each.deployment.id for each in await self._own(api) if each.kept is None}
        except CallError as error:
            self.failed += [f"{api}/{each}: {_said(error)}" for each in wanted]
            return
        for each in wanted:
            if each not in spare:
                continue
            try:
                await self.plane.send(DeleteDeployment(scope=api.scope, api=api.id, deployment=each))
            except EntityNotFound:
                continue
            except CallError as error:
                self.failed.append(f"{api}/{each}: {_said(error)}")
            else:
                self.deleted += 1

    async def _own(self, api: RestApi) -> list[OwnDeployment]:
        ours = [each for each in await self._deployments(api) if OURS.fullmatch(each.description)]
        if len(ours) <= self.keep:
            return [OwnDeployment(api=api, deployment=each, kept=_NEWEST) for each in ours]
        ours.sort(key=lambda each: (each.created or 0.0, each.description), reverse=True)
        reasons = {each.id: _NEWEST for each in ours[: self.keep]}
        reasons.update(await self._used(api))
        reasons.update(await self._needed(api, ours))
        return [OwnDeployment(api=api, deployment=each, kept=reasons.get(each.id)) for each in ours]

    async def _deployments(self, api: RestApi) -> list[Deployment]:
        found: list[Deployment] = []
        position: str | None = None
        while True:
            page = await self.plane.send(GetDeployments(scope=api.scope, api=api.id, position=position))
            found += page.items
            position = page.token
            if position is None:
                return found

    async def _used(self, api: RestApi) -> dict[DeploymentId, str]:
        """Give those that a stage shows, or its canary: also one that carries no traffic."""
        used: dict[DeploymentId, str] = {}
        for stage in await self.plane.send(GetStages(scope=api.scope, api=api.id)):
            if stage.canary is not None and stage.canary.deployment is not None:
                used[stage.canary.deployment] = f"the canary of stage {stage.name} is on it"
            if stage.deployment is not None:
                used[stage.deployment] = f"stage {stage.name} is on it"
        return used

    async def _needed(self, api: RestApi, ours: Collection[Deployment]) -> Mapping[DeploymentId, str]:
        """Give those that the journal's runs need."""
        needed: dict[DeploymentId, str] = {}
        for run, change in await self.journal.needed_changes(api, STAGE):
            if isinstance(change, StageChange):
                why = f"run {run} may put stage {change.stage} back to it"
                for image in (change.before, None if change.after is None else change.after.back):
                    needed.update(dict.fromkeys(_shown(image), why))
        open_runs = await self.journal.open_runs()
        for each in ours:
            run = each.description.removeprefix("batchgw ")
            if run in open_runs:
                needed[each.id] = f"run {run} is not done"
        return needed


def _said(error: CallError) -> str:
    return f"{type(error).__name__}: {error.message}"


_NEWEST: Final = "it is among the newest"


def _shown(image: StageImage | None) -> list[DeploymentId]:
    """Give the deployments of a stage as it was."""
    if image is None:
        return []
    canary = None if image.canary is None else image.canary.deployment
    return [DeploymentId(each) for each in (image.deployment, canary) if each is not None]


@asynccontextmanager
async def holding(journal: Journal, scopes: Collection[Scope], source: str) -> AsyncIterator[JournalRun]:
    """Hold the locks of account-regions while no run works there, and leave nothing of it in the journal.

    Locks belong to runs, so one is begun that has no plan, and deleted at the end. Raises ScopeHeld.
    """
    verb = "deployments prune"
    run = await journal.begin(
        NewRun(verb=verb, policy_source=source, policy_digest="", desired=Desired(rules={}))
    )
    try:
        await run.acquire(scopes)
        with unwrapped():
            yield run
    finally:
        with anyio.CancelScope(shield=True), suppress(JournalWriteFailed):
            await run.set_state(RunState.STOPPED)
            await run.release()
            for part in await journal.prunable(ToPrune(runs=frozenset({run.id}))):
                async with aclosing(journal.prune(part)) as steps:
                    async for _ in steps:
                        pass
