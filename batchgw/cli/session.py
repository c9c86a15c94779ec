"""What every verb that makes calls needs: log, progress, signals, and a connection to AWS."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TypeVar

import anyio

from batchgw.cli.flags.endpoint import AWS, endpoint_of
from batchgw.cli.flags.options import ConnectionFlags, JournalFlags, RunFlags
from batchgw.cli.flags.pace import chosen_pace
from batchgw.cli.garbage import collect_rarely
from batchgw.cli.memory.deployments import remembering_deployments
from batchgw.cli.memory.organization import remembering
from batchgw.cli.memory.quotas import keeping, open_memory
from batchgw.cli.observers.hints import Hints
from batchgw.cli.observers.log import LogObserver, logging_to
from batchgw.cli.observers.progress import showing_progress
from batchgw.cli.observers.session_names import SessionNames
from batchgw.cli.output.console import Console
from batchgw.cli.output.failure import is_unexplained_stop
from batchgw.cli.signals import Interrupts
from batchgw.control_plane.aws import Access, connect
from batchgw.control_plane.data_plane import DataPlane, ProbeAnswer, ProbeRequest
from batchgw.control_plane.operations import CreateDeployment
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.discovery.organization.moves import Moves
from batchgw.discovery.organization.recollection import MAX_AGE, Remembering
from batchgw.errors import Stopped, UsageError
from batchgw.events import Event, Observers, PhaseStarted
from batchgw.journal import LiveMemory, QuotaMemory
from batchgw.journal.live_memory import BriefLiveMemory
from batchgw.model import Policy, Region, RoleLink, Targets
from batchgw.report.views.text import Span, line

T = TypeVar("T")

_NOT_REMEMBERED = "batchgw.limits.not_remembered"
"""Log entry: a warning, unless the journal's own errors say it better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A verb that runs. `region` is that of the environment or profile, None when there is none.

    `live` remembers what deployments answer with. `data_plane` is None for an emulator whose stages nobody
    has said the place of.
    """

    console: Console
    interrupts: Interrupts
    plane: PacedControlPlane
    region: str | None
    log: LogObserver
    identity: Callable[[], str | None] = lambda: None
    remembering: Remembering | None = None
    live: LiveMemory = field(default_factory=BriefLiveMemory)
    data_plane: DataPlane | None = None
    organization_roles: tuple[RoleLink, ...] = ()
    moves: list[Moves] = field(default_factory=list)
    """Which accounts joined, left or moved since the plan, once that was asked."""

    @property
    def home(self) -> Region | None:
        """The region of the environment or profile, as a region of the organisation's partition."""
        return None if self.region is None else Region(self.region)

    def ended(self, exit_code: int, totals: Mapping[str, object]) -> None:
        """Log how the verb ended: the last entry of the log."""
        self.log.tell(logging.INFO, "batchgw.run.ended", {"exit_code": exit_code, **totals})

    def with_region(self, policy: Policy) -> Policy:
        """Give the policy a region when it names none. Raises UsageError when none is known."""
        return replace(policy, targets=self.targets_with_region(policy.targets))

    def targets_with_region(self, targets: Targets) -> Targets:
        """Give targets a region when they name none. Raises UsageError when none is known."""
        if targets.regions or targets.enabled_regions is not None:
            return targets
        if self.region is None:
            raise UsageError(
                "no region is known: give --region (or AWS_REGION), name some under targets.regions in the "
                "policy, or set one in the AWS profile."
            )
        return replace(targets, regions=(Region(self.region),))


class RunId:
    """Notes the id of the run that is applied, so that an error can name it."""

    def __init__(self) -> None:
        self.id: str | None = None

    def notify(self, event: Event) -> None:
        """Note the run."""
        if isinstance(event, PhaseStarted) and event.phase == "apply":
            self.id = event.run


async def interruptible(body: Callable[[Interrupts], Awaitable[T]], console: Console) -> T:
    """Run a verb's body. Signals stop it in two steps, see `Interrupts`."""
    interrupts = Interrupts(lambda text: console.tell(line(Span(text, "warning"))))
    return await interrupts.run(lambda: body(interrupts))


def run_async(body: Callable[[Interrupts], Awaitable[T]], console: Console) -> T:
    """Run a verb's body in an event loop of its own; see `interruptible`."""
    return anyio.run(interruptible, body, console)


def run_reading(body: Callable[[Interrupts], Awaitable[T]], console: Console, *, stopped: str) -> T:
    """Run the body of a verb that writes nothing. `stopped` is the message when a signal stops it."""
    try:
        return run_async(body, console)
    except Exception as error:
        if is_unexplained_stop(error):
            raise Stopped(stopped) from error
        raise


def again(verb: str) -> str:
    """Say how to start again after a stop before the first write."""
    return f"To begin again, give the same `batchgw {verb}` command."


@asynccontextmanager
async def open_run(
    targets: Targets,
    *,
    console: Console,
    interrupts: Interrupts,
    flags: RunFlags,
    journal: JournalFlags | None = None,
    run_id: RunId | None = None,
    access: Access = Access.READ,
    warns: bool = True,
) -> AsyncIterator[Run]:
    """Open log, progress, connection and limiters; they are closed in the opposite order.

    `access` bounds what the sessions of roles may do: a verb that only reads cannot write then, whatever its
    role allows.

    What is learned of quotas is kept in `journal`, or in the default one for verbs that have none. Where that
    fails, a verb that `warns` logs a warning; for the others the journal's own errors say it.
    """
    chosen = chosen_pace(flags.pace)
    connection = flags.connection
    async with AsyncExitStack() as stack:
        log_observer = stack.enter_context(logging_to(console, flags.log))
        snapshots = chosen.supposed_of(CreateDeployment.operation.name)
        progress = await stack.enter_async_context(
            showing_progress(console, quota=chosen.supposed, snapshots=snapshots)
        )
        names = SessionNames()
        observer = Observers(log_observer, progress, Hints(console), run_id or RunId(), names)
        plane = await stack.enter_async_context(
            connect(
                profile=connection.profile,
                region=targets.regions[0] if targets.regions else None,
                endpoint_url=connection.endpoint_url,
                role=targets.role,
                external_id=targets.external_id,
                session_tags=targets.session_tags,
                source_identity=targets.source_identity,
                roles=targets.roles,
                organization_roles=targets.organization_roles,
                access=access,
                session_name=targets.session_name or names.now,
                ca_bundle=str(connection.ca_bundle) if connection.ca_bundle else None,
                fast_path=connection.client_fast_path is not False,
                attempts=chosen.attempts,
                sts_rate=chosen.sts_rate,
                sts_burst=chosen.sts_burst,
                observer=observer,
                stop=interrupts.stop,
            )
        )
        trouble = _teller(log_observer, warns=warns)
        memory = await stack.enter_async_context(_memory(flags, journal, chosen, trouble))
        paced = PacedControlPlane(plane, pace=chosen, observer=observer, stop=interrupts.stop, memory=memory)
        if memory is not None:
            await stack.enter_async_context(keeping(memory, paced))
        remembered = await stack.enter_async_context(_remembering(flags, journal, trouble))
        live = await stack.enter_async_context(_live(flags, journal, trouble))
        data_plane = _data_plane(connection, stack)
        collect_rarely()
        yield Run(
            console=console,
            interrupts=interrupts,
            plane=paced,
            region=plane.region,
            log=log_observer,
            identity=lambda: plane.identity,
            data_plane=data_plane,
            remembering=remembered,
            live=live,
            organization_roles=targets.organization_roles,
        )


def _remembering(
    flags: RunFlags, journal: JournalFlags | None, trouble: Callable[[str], None]
) -> AbstractAsyncContextManager[Remembering | None]:
    if flags.memory.no_memory:
        return nullcontext()
    max_age = flags.memory.max_age
    return remembering(
        None if journal is None else journal.journal,
        endpoint=endpoint_of(flags.connection),
        max_age=MAX_AGE if max_age is None else max_age,
        trouble=trouble,
    )


def _live(
    flags: RunFlags, journal: JournalFlags | None, trouble: Callable[[str], None]
) -> AbstractAsyncContextManager[LiveMemory]:
    """An emulator that begins anew may give old names to new deployments, so of those nothing is kept."""
    if flags.memory.no_memory or endpoint_of(flags.connection) != AWS:
        return nullcontext(BriefLiveMemory())
    return remembering_deployments(None if journal is None else journal.journal, trouble=trouble)


def _memory(
    flags: RunFlags, journal: JournalFlags | None, pace: Pace, trouble: Callable[[str], None]
) -> AbstractAsyncContextManager[QuotaMemory | None]:
    if flags.memory.no_memory:
        return nullcontext()

    return open_memory(
        None if journal is None else journal.journal,
        endpoint=endpoint_of(flags.connection),
        quotas=pace.quotas,
        trouble=trouble,
    )


def _teller(log: LogObserver, *, warns: bool) -> Callable[[str], None]:
    """Log why nothing can be remembered: quotas, the organisation, APIs. The same reason is told once."""
    told: set[str] = set()

    def trouble(reason: str) -> None:
        if reason in told:
            return
        told.add(reason)
        log.tell(logging.WARNING if warns else logging.INFO, _NOT_REMEMBERED, {"reason": reason})

    return trouble


def _data_plane(connection: ConnectionFlags, stack: AsyncExitStack) -> DataPlane | None:
    """Give the way to deployed APIs. It is opened at the first probe: most runs make none.

    A template of no use is told before anything is written. Raises UsageError.
    """
    if connection.data_plane_url:
        from batchgw.control_plane.data_plane.addresses import checked  # noqa: PLC0415 - few runs need it

        checked(connection.data_plane_url)
    elif endpoint_of(connection) != AWS:
        return None  # the stages of an emulator are not at AWS
    return _OpenedLate(connection, stack)


class _OpenedLate:
    """A data plane that is opened when it is needed, and closed with the stack."""

    def __init__(self, connection: ConnectionFlags, stack: AsyncExitStack) -> None:
        self._connection = connection
        self._stack = stack
        self._opening = anyio.Lock()
        self._plane: DataPlane | None = None

    async def get(self, request: ProbeRequest) -> ProbeAnswer:
        """Make one GET. Raises `ProbeFailed`, and UsageError for a file of no use."""
        async with self._opening:
            if self._plane is None:
                from batchgw.control_plane.data_plane.over_https import (  # noqa: PLC0415 - few runs need it
                    open_data_plane,
                )

                bundle = self._connection.ca_bundle
                opened = open_data_plane(
                    url=self._connection.data_plane_url,
                    profile=self._connection.profile,
                    ca_bundle=None if bundle is None else str(bundle),
                )
                self._plane = await self._stack.enter_async_context(opened)
        return await self._plane.get(request)
