"""What the journal costs for each change: to import it, to read it, to record its intent and its outcome.

    python -m benchmarks.journal [--quick] [--write]

Five response types change in each API, with fifty different before-images. The journal is a file in the
temporary folder. A run commits ten intents at a time, together with the outcomes that have arrived.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import anyio

from batchgw.execution.writing.left import PAGE
from batchgw.execution.writing.upcoming import AHEAD
from batchgw.journal import JournalRun, PendingApi, PendingChange, RunState, open_journal
from batchgw.model import Applied, Effort, Outcome, PlannedApi
from benchmarks.harness.cli import main
from benchmarks.harness.results import Column, Row, Section
from benchmarks.pipeline.plans import NEW_RUN, SCOPE, TYPES, planned

EFFORT = Effort(attempts=1, waited=0.2, request_id="0123abcd-0123-abcd-0123-0123456789ab")

COLUMNS = (
    Column(key="rows", label="changes", format=",.0f"),
    Column(key="cpu", label="CPU of one, us", format=".1f"),
    Column(key="wall", label="time of one, us", format=".1f"),
)

IMPORT = {"cpu": 1e6 / 60_000}
"""Goal: 60,000 changes a second of CPU."""

PENDING, RECORDED = {"cpu": 20.0}, {"cpu": 40.0}
"""Goals: together the journal may cost 60 us of CPU for each call."""

Changes = Sequence[tuple[int, Outcome]]


def measure(*, quick: bool) -> Section:
    """Import a plan, record intents and outcomes, and read them back."""
    apis, cycles = (2_000, 4_000) if quick else (20_000, 40_000)
    plan = [planned(number) for number in range(apis)]
    meter = Meter()
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(_use, f"{folder}/journal.db", plan, cycles, meter)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    return Section(
        name="journal",
        title="What the journal costs for each change",
        command="python -m benchmarks.journal" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=tuple(meter.rows),
        notes=(f"On disk, a change takes {size / apis / len(TYPES):.0f} bytes.",),
    )


async def _use(file: str, plan: list[PlannedApi], cycles: int, meter: Meter) -> None:
    everything = len(plan) * len(TYPES)
    async with open_journal(file) as journal:
        run = await journal.begin(NEW_RUN)
        with meter.timed("import a plan", everything, IMPORT):
            async with run.importing() as imported:
                for item in plan:
                    await imported.add(item)
        with meter.timed("sync it to disk, before the first write", everything):
            await run.sync()
        with meter.timed("read pending changes, in pages", everything, PENDING):
            pages = await _pages(run)
        changes = iter([(each.id, _applied(api, each)) for api in pages for each in api.changes])
        one_by_one, together = list(islice(changes, cycles)), list(islice(changes, cycles))
        with meter.timed("record intent and outcome, one at a time", cycles):
            await _work(run, one_by_one, 1)
        with meter.timed(f"record intent and outcome, {AHEAD + 1} at a time", cycles, RECORDED):
            await _work(run, together, AHEAD + 1)
        with meter.timed("count outcomes", everything):
            async for _ in run.scope_counts():
                pass
        await run.set_state(RunState.STOPPED)
        with meter.timed("read outcomes back", 2 * cycles):
            async for _ in run.outcomes():
                pass


class Meter:
    """Times blocks for each change: seconds of the clock, and CPU of this process."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    @contextmanager
    def timed(self, name: str, changes: int, goals: dict[str, float] | None = None) -> Iterator[None]:
        """Add a row with what the block takes."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        values = {"rows": changes, "cpu": cpu / changes * 1e6, "wall": wall / changes * 1e6}
        self.rows.append(Row(name=name, values=values, goals=goals or {}))


async def _pages(run: JournalRun) -> list[PendingApi]:
    after, found = 0, list[PendingApi]()
    while page := await run.pending(SCOPE, after=after, limit=PAGE):
        after = page[-1].row
        found += page
    return found


def _applied(of: PendingApi, pending: PendingChange) -> Applied:
    change = pending.change
    return Applied(api=of.api, target=change.target, action=change.action, effort=EFFORT)


async def _work(run: JournalRun, changes: Changes, group: int) -> None:
    """Record intents and outcomes, `group` at a time. Outcomes are committed with the next intents."""
    for start in range(0, len(changes), group):
        batch = changes[start : start + group]
        await run.intend([change for change, _ in batch])
        for change, outcome in batch:
            run.record(change, outcome)
    await run.flush()


if __name__ == "__main__":
    main(measure, __doc__)
