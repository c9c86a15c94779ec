"""The whole of a run: `api.apply` of a plan through limiter, retries and journal, with log and progress."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from batchgw import api
from batchgw.cli.console import Console
from batchgw.cli.observers.log import logging_to
from batchgw.cli.observers.progress import showing_progress
from batchgw.cli.options import LogFlags
from batchgw.control_plane.aws import connect
from batchgw.control_plane.paced import Pace, PacedControlPlane
from batchgw.events import Observers
from batchgw.journal import Journal
from batchgw.model import Action, Change, Desired, GatewayResponse, PlannedApi, RestApi, Settings
from batchgw.planning.planfile import Plan, PlanHeader, PlanWriter
from batchgw.version import VERSION
from benchmarks.client.task import CONNECTIONS, SCOPE, SETTINGS, TYPES, Body, Prepare, target

PACE = Pace(rate=1e6, burst=1e6, workers=CONNECTIONS)
"""A quota that holds nobody up: what remains is the limiter's own work."""


class Screen(io.StringIO):
    """A terminal that nobody looks at."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


@asynccontextmanager
async def opened(url: str, *, fast_path: bool) -> AsyncIterator[Prepare]:
    """Open what `batchgw apply` opens, with a log file and the live view of progress."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        console = Console(out=io.StringIO(), err=Screen())
        log = stack.enter_context(logging_to(console, LogFlags(log_file=folder / "run.log")))
        progress = await stack.enter_async_context(showing_progress(console, quota=PACE.supposed))
        observer = Observers(log, progress)
        plane = await stack.enter_async_context(
            connect(
                endpoint_url=url,
                region=SCOPE.region,
                max_connections=CONNECTIONS,
                fast_path=fast_path,
                observer=observer,
            )
        )
        paced = PacedControlPlane(plane, pace=PACE, observer=observer)
        rounds = stack.enter_context(ExitStack())

        async def prepare(count: int) -> Body:
            rounds.close()
            name = uuid4().hex[:8]
            plan = rounds.enter_context(_plan(folder / f"{name}.plan", count))
            journal = rounds.enter_context(Journal.open(str(folder / f"{name}.db")))

            async def body() -> None:
                summary = await api.apply(plan, plane=paced, journal=journal)
                if summary.exit_code != 0 or not summary.proves:
                    raise RuntimeError(summary.arithmetic)

            return body

        yield prepare


def _plan(path: Path, count: int) -> Plan:
    header = PlanHeader(
        plan=path.stem,
        created=time.time(),
        batchgw=VERSION,
        policy_digest="",
        policy_source="",
        desired=Desired(rules={}),
    )
    with PlanWriter(path, header, scopes=(SCOPE,)) as writer:
        for item in _items(count):
            writer.write(item)
    return Plan.open(path)


def _items(count: int) -> Iterator[PlannedApi]:
    """The puts, API by API."""
    for number in range(0, count, len(TYPES)):
        yield PlannedApi(
            api=RestApi(scope=SCOPE, id=target(number)[0], name=f"orders-{number}"),
            changes=tuple(_change(n) for n in range(number, min(number + len(TYPES), count))),
        )


def _change(number: int) -> Change:
    kind = target(number)[1]
    before = GatewayResponse(type=kind, settings=Settings(), default_response=True)
    return Change(type=kind, action=Action.CREATE, before=before, after=SETTINGS)
