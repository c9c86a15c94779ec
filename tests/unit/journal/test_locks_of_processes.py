"""What a process holds in a journal's file, no other process takes as long as it lives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from batchgw.errors import ScopeLocked
from batchgw.journal import Journal, JournalRun, Liveness, RunState, ScopeHeld, open_journal
from batchgw.journal.holder import this_process
from tests.unit.journal_plans import HERE, THERE, begun, place, planned

pytestmark = pytest.mark.anyio

HOLDER = """
import sys
import anyio
from batchgw.journal import open_journal
from batchgw.model import Scope

async def main():
    async with open_journal(sys.argv[1]) as journal:
        run = journal.run(sys.argv[2])
        await run.acquire([Scope.parse("111111111111/eu-west-1")])
        print(run.id, flush=True)
        input()

anyio.run(main)
"""


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with open_journal(place(tmp_path)) as journal:
        yield journal


@asynccontextmanager
async def holding(folder: Path, run: JournalRun) -> AsyncIterator[subprocess.Popen[str]]:
    """A process that works on a run, which this one releases, and locks HERE for it."""
    await run.release()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, place(folder), run.id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == run.id
        try:
            yield child
        finally:
            child.kill()


async def test_a_running_holder_is_named_and_not_broken(journal: Journal, tmp_path: Path) -> None:
    run, other = await begun(journal, planned(1)), await begun(journal, planned(1))
    async with holding(tmp_path, other) as child:
        for force in (False, True):
            with pytest.raises(ScopeHeld) as caught:
                await run.acquire([HERE], force=force)
            assert caught.value.run == other.id
            assert caught.value.holder.pid == child.pid
            assert caught.value.liveness is Liveness.ALIVE
            message = str(caught.value)
            for word in (str(HERE), other.id, f"pid {child.pid}", this_process(0).host, "still running"):
                assert word in message


async def test_one_run_is_not_resumed_twice_at_once(journal: Journal, tmp_path: Path) -> None:
    run = await begun(journal, planned(1))
    async with holding(tmp_path, run):
        with pytest.raises(ScopeHeld, match=r"this run, .*, in another process"):
            await run.acquire([HERE], force=True)


async def test_a_run_that_lives_in_another_process_is_not_touched(journal: Journal, tmp_path: Path) -> None:
    """Also where no lock stands in the way, as for the scopes it is through with."""
    run = await begun(journal, planned(1))
    async with holding(tmp_path, run):
        for scopes in ([THERE], []):
            with pytest.raises(ScopeLocked, match="is applying in another process"):
                await run.acquire(scopes)
        with pytest.raises(ScopeLocked, match="is applying in another process"):
            await run.set_state(RunState.STOPPED)
    await run.set_state(RunState.STOPPED)


async def test_a_killed_run_is_resumed_without_a_word(journal: Journal, tmp_path: Path) -> None:
    run = await begun(journal, planned(1))
    async with holding(tmp_path, run) as child:
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        await run.acquire([HERE])
    assert (await journal.find(run.id)).holder.pid == os.getpid()
    await run.heartbeat()
