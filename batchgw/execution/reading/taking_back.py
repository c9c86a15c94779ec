"""Plans the way back of a run: what it has made is read once, API by API, and compared with what was there.

What the run's journal says is where to look, not what is there: a change whose outcome nobody knows is
read as any other.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel

from batchgw.concurrency.pool import pooled
from batchgw.control_plane.readonly import ReadOnlyControlPlane
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.discovery.named_apis import may_be_in
from batchgw.discovery.owners.ladder import Ladder
from batchgw.errors import CallError, UsageError
from batchgw.events import ItemPlanned
from batchgw.execution.kinds import MAKERS
from batchgw.execution.looking import Looking, WayBack
from batchgw.journal import JournalRun, LiveMemory, TracedApi
from batchgw.model import Action, Change, ExplicitApi, PlanItem, PlannedApi, RestApi, Scope, UnreadApi
from batchgw.planning.kinds import Compared

PAGE = 32
"""APIs fetched from the journal at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What of a run is taken back, and how; `api.rollback` says what each means."""

    wave: int | None = None
    apis: Collection[ExplicitApi] | None = None
    failed: bool = False
    force: bool = False
    redeploy: bool = False

    def means(self, traced: TracedApi) -> bool:
        """Tell whether an API of the run is among it."""
        if self.wave is not None and traced.wave != self.wave:
            return False
        if self.failed and not any(each.kind == "failed" for each in traced.changes):
            return False
        return self.apis is None or any(_names(each, traced.api) for each in self.apis)


@dataclass(slots=True, kw_only=True)
class TakingBack:
    """Reads what a run has made, scopes side by side; the sink takes an item for each API.

    Attributes:
        found: the APIs of which something is taken back.
    """

    plane: PacedControlPlane
    run: JournalRun
    meant: Meant
    sink: Callable[[PlanItem], None]
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
        self.sink(item)
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
