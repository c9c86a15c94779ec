"""Plans the way back of a run: what it has made is read once, API by API, and compared with what was there.

What the run's journal says is where to look, not what is there: a change whose outcome nobody knows is
read as any other.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.lowlevel

from batchgw.concurrency.pool import pooled
from batchgw.concurrency.time_slices import in_thread
from batchgw.control_plane.readonly import ReadOnlyControlPlane
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.discovery.named_apis import may_be_in
from batchgw.discovery.owners.ladder import Ladder
from batchgw.errors import CallError, UsageError
from batchgw.events import ItemPlanned
from batchgw.execution.kinds import MAKERS
from batchgw.execution.looking import Looking, WayBack
from batchgw.execution.session import phase
from batchgw.journal import JSON, Journal, JournalRun, LiveMemory, RunRecord, TracedApi
from batchgw.journal.options import visible
from batchgw.journal.records import ONLY
from batchgw.model import Action, Change, ExplicitApi, PlanItem, PlannedApi, RestApi, Scope, UnreadApi
from batchgw.planning.kinds import Compared
from batchgw.planning.plan_file import temporary
from batchgw.planning.plan_file.plan import Plan, PlanHeader, PlanWriter
from batchgw.planning.rollout.backwards import backwards

PAGE = 32
"""APIs fetched from the journal at a time."""


async def plan_back(
    record: RunRecord,
    meant: Meant,
    paced: PacedControlPlane,
    journal: Journal,
    *,
    out: str | Path | None = None,
    options: Mapping[str, JSON] | None = None,
) -> Plan:
    """Plan the way back of a run that nobody works on. Raises UsageError and Stopped, as `api.rollback`."""
    rollout = record.rollout
    if meant.wave is not None and (rollout is None or not 1 <= meant.wave <= len(rollout.waves)):
        has = "has no waves" if rollout is None else f"has the waves 1 to {len(rollout.waves)}"
        raise UsageError(f"run {record.id} {has}: there is no wave {meant.wave} to take back.")
    part = meant.to_json()
    header = PlanHeader.back(
        record.id,
        record.policy_source,
        record.policy_digest,
        record.desired,
        rollout=None if rollout is None else backwards(rollout, meant.wave),
        options={**visible(options or {}), **({ONLY: part} if part else {})},
    )
    path = Path(out) if out is not None else temporary.folder() / f"batchgw-{header.plan}.plan"
    with PlanWriter(path, header) as writer:
        taking = TakingBack(
            plane=paced,
            run=journal.run(record.id),
            meant=meant,
            sink=lambda item, wave: writer.write(item, was_in=wave),
            live=await journal.live_memory(),
        )
        with phase(paced.observer, header.plan, "plan", (), {}):
            await taking.take_back()
        taking.refuse_untouched()
        await in_thread(writer.commit)
    return Plan.of(writer, temporary=out is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What of a run is taken back, and how; `api.rollback` says what each means."""

    wave: int | None = None
    apis: Collection[ExplicitApi] | None = None
    failed: bool = False
    force: bool = False
    redeploy: bool = False

    def to_json(self) -> dict[str, JSON]:
        """Render which part of the run it is: empty for all of it."""
        apis = [] if self.apis is None else [str(each) for each in self.apis]
        part: dict[str, JSON] = {"wave": self.wave, "apis": apis, "failed": self.failed}
        return {name: value for name, value in part.items() if value}

    def means(self, traced: TracedApi) -> bool:
        """Tell whether an API of the run is among it."""
        if self.wave is not None and traced.wave != self.wave:
            return False
        if self.failed and not any(each.kind == "failed" for each in traced.changes):
            return False
        return self.apis is None or any(_names(each, traced.api) for each in self.apis)


@dataclass(slots=True, kw_only=True)
class TakingBack:
    """Reads what a run has made, scopes side by side; the sink takes an item for each API, and its wave.

    Attributes:
        found: the APIs of which something is taken back.
    """

    plane: PacedControlPlane
    run: JournalRun
    meant: Meant
    sink: Callable[[PlanItem, int | None], None]
    live: LiveMemory
    found: list[RestApi] = field(default_factory=list)
    _looking: Looking = field(init=False)

    def __post_init__(self) -> None:
        reading = ReadOnlyControlPlane(self.plane)
        self._looking = Looking(plane=reading, ladder=Ladder(reading), live=self.live)

    async def take_back(self) -> None:
        """Read all of it. Raises Stopped; what of an API cannot be read is in its item."""
        scopes = [counts.scope async for counts in self.run.scope_counts()]
        async with anyio.create_task_group() as tasks:
            for scope in scopes:
                tasks.start_soon(self._scope, scope)
                await anyio.lowlevel.checkpoint()  # thousands begin one after the other

    def refuse_untouched(self) -> None:
        """Raise UsageError for an API that is named and of which the run has made nothing."""
        for named in self.meant.apis or ():
            if not any(_names(named, api) for api in self.found):
                raise UsageError(
                    f"run {self.run.id} has changed nothing of {named}: there is nothing to take back"
                )

    async def _scope(self, scope: Scope) -> None:
        async with aclosing(self._apis(scope)) as apis:
            await pooled(apis, self._plan, workers=self.plane.workers(scope))

    async def _apis(self, scope: Scope) -> AsyncGenerator[TracedApi, None]:
        after = 0
        while page := await self.run.traced(scope, after=after, limit=PAGE):
            after = page[-1].row
            for traced in page:
                if _made(traced) and self.meant.means(traced):
                    yield traced

    async def _plan(self, traced: TracedApi) -> None:
        api, made = traced.api, _made(traced)
        try:
            compared = await self._compared(traced, made)
        except CallError as error:
            targets = tuple([change.target for change in made])
            item: PlanItem = UnreadApi(
                api=api, targets=targets, code=type(error).__name__, message=error.message
            )
        else:
            item = PlannedApi(
                api=api,
                changes=tuple([change for each in compared for change in each.changes]),
                set_aside=tuple([aside for each in compared for aside in each.set_aside]),
            )
        self.found.append(api)
        self.sink(item, traced.wave)
        self.plane.observer.notify(ItemPlanned(item=item))

    async def _compared(self, traced: TracedApi, made: Sequence[Change]) -> list[Compared]:
        snapshot = await self.run.snapshot(traced.row)
        planned = [each.change for each in traced.changes]
        found = []
        for kind, maker in MAKERS.items():
            of_kind = [change for change in made if change.target.kind == kind]
            if of_kind:
                way = WayBack(
                    api=traced.api,
                    changes=of_kind,
                    planned=planned,
                    snapshot=None if snapshot is None else snapshot.deployment,
                    force=self.meant.force,
                    redeploy=self.meant.redeploy,
                )
                found.append(await maker.taken_back(way, self._looking))
        return found


def _made(traced: TracedApi) -> list[Change]:
    """Give the changes that the run has made, or may have made."""
    return [each.change for each in traced.changes if each.touched and each.change.action is not Action.NO_OP]


def _names(named: ExplicitApi, api: RestApi) -> bool:
    return named.id == api.id and may_be_in(named, api.scope)
