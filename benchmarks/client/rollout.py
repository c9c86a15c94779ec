"""A whole run: `api.apply` of a plan through limiter, retries and journal, with log and progress."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from batchgw import api
from batchgw.cli.flags.options import ConnectionFlags, JournalFlags, LogFlags, OutputFlags, RunFlags
from batchgw.cli.flags.pace_flags import PaceFlags
from batchgw.cli.output.console import Console
from batchgw.cli.session import open_run
from batchgw.cli.signals import Interrupts
from batchgw.journal import open_journal
from batchgw.model import (
    Action,
    Desired,
    GatewayResponse,
    PlannedApi,
    ResponseChange,
    RestApi,
    Rule,
    Settings,
    Targets,
)
from batchgw.planning.plan_file.plan import Plan, PlanHeader, PlanWriter
from batchgw.version import VERSION
from benchmarks.client.task import CONNECTIONS, SCOPE, SETTINGS, TYPES, Body, Prepare, target
from benchmarks.harness.terminal import Terminal

PACE = PaceFlags(rate=1e6, burst=1e6, workers=CONNECTIONS)
"""A quota so high that no call waits: only the limiter's own work remains."""


@asynccontextmanager
async def opened(url: str, *, fast_path: bool) -> AsyncIterator[Prepare]:
    """Open what `batchgw apply --log-file run.log` opens on a terminal, in the same way."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        console = Console(out=io.StringIO(), err=Terminal())
        flags = RunFlags(
            connection=ConnectionFlags(endpoint_url=url, client_fast_path=fast_path),
            pace=PACE,
            output=OutputFlags(),
            log=LogFlags(log_file=folder / "run.log"),
        )
        opening = open_run(
            Targets(regions=(SCOPE.region,)),
            console=console,
            interrupts=Interrupts(console.warning),
            flags=flags,
            journal=JournalFlags(journal=str(folder / "memory.db")),
        )
        async with AsyncExitStack() as rounds, opening as run:

            async def prepare(count: int) -> Body:
                await rounds.aclose()
                name = uuid4().hex[:8]
                plan = rounds.enter_context(_plan(folder / f"{name}.plan", count))
                journal = await rounds.enter_async_context(open_journal(str(folder / f"{name}.db")))

                async def body() -> None:
                    summary = await api.apply(plan, plane=run.plane, journal=journal, recheck=False)
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
        desired=Desired(rules={kind: Rule(settings=SETTINGS) for kind in TYPES}),
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


def _change(number: int) -> ResponseChange:
    kind = target(number)[1]
    before = GatewayResponse(type=kind, settings=Settings(), default_response=True)
    return ResponseChange(type=kind, action=Action.CREATE, before=before, after=SETTINGS)
