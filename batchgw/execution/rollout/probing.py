"""Asks a probe gate: do the stages that a wave has made live answer as the policy says, now?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

import anyio

from batchgw.concurrency.pool import pooled, unwrapped
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.interface import Execution
from batchgw.control_plane.operations import GetStages
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import CallError, UsageError
from batchgw.execution.probeable import UNSAID, closed
from batchgw.execution.read_back import unrouted_answer
from batchgw.execution.rollout.answer import Answer, inconclusive
from batchgw.execution.rollout.traces import apis_of, scopes_of
from batchgw.execution.stage_images import image_of
from batchgw.execution.verifying.probe import NotProbeable, probe_of
from batchgw.execution.verifying.routes import Summaries
from batchgw.journal import JournalRun, TracedApi
from batchgw.journal.rollout_records import GateResult
from batchgw.model import RestApi, Scope
from batchgw.model.deploy import VERIFY_WITHIN
from batchgw.model.deployment.stage_change import StageChange
from batchgw.model.rollout.gate import ProbeCheck
from batchgw.times import duration
from batchgw.wording import amount

SCOPES: Final = 16
"""Account-regions that are asked side by side."""

APIS: Final = 4
"""APIs of an account-region that are asked side by side: about what its quota lets through."""

AGAIN: Final = 2.0
"""Seconds in which a stage is asked again at least: one lost packet says nothing of it."""

NAMED: Final = 3
"""Stages that an answer names. The rest of them is counted."""

_LIVE: Final = ("applied", "unchanged")
"""The outcomes of stages that are live, or were already."""


async def probed(
    run: JournalRun, wave: int, check: ProbeCheck, *, plane: PacedControlPlane, data_plane: DataPlane | None
) -> Answer:
    """Ask every stage of a wave that is live and probeable. Raises Stopped."""
    if data_plane is None:
        return inconclusive(
            "there is no data plane to ask: name the stages of an emulator with --data-plane-url (in Python "
            "give `data_plane`)"
        )
    asking = _Asking(run, wave, plane=plane, data_plane=data_plane)
    try:
        with anyio.move_on_after(check.timeout) as time, unwrapped():
            async with aclosing(scopes_of(run, wave=wave)) as scopes:
                await pooled(scopes, asking.scope, workers=SCOPES)
    except UsageError as error:
        return inconclusive(f"the stages cannot be asked: {error}")
    left = f"not all were asked within {duration(check.timeout)}" if time.cancelled_caught else ""
    return asking.found.answer(left)


@dataclass(slots=True)
class _Some:
    """How many there are, and what is said of the first ones."""

    number: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, said: str) -> None:
        self.number += 1
        if self.number <= NAMED:
            self.first.append(said)

    def __str__(self) -> str:
        more = self.number - len(self.first)
        return "; ".join(self.first) + (f"; and {more:,} more" if more else "")


@dataclass(slots=True)
class _Found:
    """What has come out so far."""

    well: int = 0
    bad: _Some = field(default_factory=_Some)
    silent: _Some = field(default_factory=_Some)
    closed: Counter[str] = field(default_factory=Counter)

    def answer(self, left: str) -> Answer:
        """Make one answer of it. `left` says why some stages were not asked; empty where all were."""
        asked = amount(self.well + self.bad.number + self.silent.number, "stage")
        besides = [left] if left else []
        if self.closed:
            reasons = [f"{why} ({number:,})" for why, number in self.closed.most_common(NAMED)]
            besides.append(f"not probeable: {', '.join(reasons)}")
        if self.bad.number:
            result = GateResult.FAIL
            said = f"{self.bad.number:,} of {asked} did not answer as the policy says: {self.bad}"
        elif self.silent.number:
            result = GateResult.INCONCLUSIVE
            said = f"{self.silent.number:,} of {asked} could not be asked: {self.silent}"
        elif not self.well:
            result = GateResult.INCONCLUSIVE
            said = "no stage could be asked" if besides else "the wave has made no stage live"
        else:
            result = GateResult.INCONCLUSIVE if left else GateResult.PASS
            said = f"{amount(self.well, 'stage')} answered as the policy says"
        return Answer(result=result, said="; ".join([said, *besides]))


class _Asking:
    """Asks the stages of a wave.

    A change takes a while to arrive at a stage. So each may take its `verify_within`, counted from when the
    gate was first asked: what is asked later is asked for a moment only.
    """

    def __init__(
        self, run: JournalRun, wave: int, *, plane: PacedControlPlane, data_plane: DataPlane
    ) -> None:
        self.found = _Found()
        self._run = run
        self._wave = wave
        self._plane = plane
        self._data_plane = data_plane
        self._began = anyio.current_time()

    async def scope(self, scope: Scope) -> None:
        """Ask the stages of an account-region. Raises Stopped."""
        async with aclosing(apis_of(self._run, scope, wave=self._wave)) as apis:
            await pooled(apis, self._api, workers=APIS)

    async def _api(self, traced: TracedApi) -> None:
        live = [
            each.change
            for each in traced.changes
            if isinstance(each.change, StageChange) and each.kind in _LIVE
        ]
        if not live:
            return
        if (why := closed(traced.api)) is not None:
            self.found.closed[why] += len(live)
            return
        try:
            await self._stages(traced, live)
        except CallError as error:
            for change in live:
                self.found.silent.add(f"{_named(traced.api, change)}: {error}")

    async def _stages(self, traced: TracedApi, live: Sequence[StageChange]) -> None:
        api, spent = traced.api, Execution()
        changes = [each.change for each in traced.changes]
        planned = await unrouted_answer(api, changes, None, plane=self._plane, spent=spent)
        if planned is None:
            self.found.closed[UNSAID] += len(live)
            return
        images = {
            stage.name: image_of(stage)
            for stage in await self._plane.send(GetStages(scope=api.scope, api=api.id), spent)
        }
        summaries = Summaries(plane=self._plane, api=api, spent=spent)
        routes = await summaries.routes([images[each.stage] for each in live if each.stage in images])
        for change in live:
            if change.stage not in images:
                self.found.bad.add(f"{_named(api, change)} is gone")
                continue
            probe = probe_of(api, change.stage, routes, planned, self._data_plane)
            if isinstance(probe, NotProbeable):
                self.found.closed[probe.why] += 1
                continue
            look = await probe.last_look(within=self._patience(change), stop=self._plane.stop)
            if look.as_planned:
                self.found.well += 1
            elif look.refused:
                self.found.closed[look.refused] += 1
            elif look.failed is not None:
                self.found.silent.add(f"{_named(api, change)}: {look.failed.message}")
            else:
                self.found.bad.add(f"{_named(api, change)}: {', '.join(look.differing)}")

    def _patience(self, change: StageChange) -> float:
        within = VERIFY_WITHIN if change.after is None else change.after.verify_within
        return max(AGAIN, self._began + within - anyio.current_time())


def _named(api: RestApi, change: StageChange) -> str:
    return f"stage {change.stage} of {api}"
