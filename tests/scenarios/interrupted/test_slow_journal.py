"""Whole runs on a journal that takes its time: tasks go on while it commits, as with one behind a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import anyio
import pytest

from batchgw import api
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import JournalWriteFailed
from batchgw.journal import Journal, RunState
from batchgw.journal.sql.run import SqlRun
from batchgw.model import NotAttempted, Outcome
from batchgw.report.summary import Summary
from batchgw.simulator.traffic.bucket import Rate
from batchgw.simulator.traffic.fault_script import parse
from batchgw.simulator.traffic.quota import QuotaRules
from tests.scenarios.estate import Estate
from tests.scenarios.onlooker import Onlooker
from tests.unit.journal.suspending import open_suspending
from tests.unit.journal_plans import listed
from tests.virtual import virtually

DELAYS = [0.0, 0.05, 0.3, 3.0]
"""Seconds of a commit, on an average."""

TROUBLE = [
    {"match": {"operation": "Put*", "probability": 0.05}, "fault": "conflict"},
    {"match": {"probability": 0.02}, "fault": {"retry_after": 5}},
    {"match": {"operation": "Put*", "probability": 0.02}, "fault": {"slow": 20}},
]

delays = pytest.mark.parametrize("delay", DELAYS)


@dataclass
class Scene:
    """An estate, a slow journal, and somebody who looks on."""

    folder: Path
    estate: Estate
    delay: float
    dice: Random = field(default_factory=lambda: Random(3))

    def __post_init__(self) -> None:
        self.onlooker = Onlooker(self.estate, self.folder / "journal.db")
        self.new_session()

    def new_session(self) -> None:
        self.estate.paced()
        self.estate.plane = PacedControlPlane(self.onlooker, pace=self.estate.pace, stop=self.estate.stop)

    async def wait(self) -> None:
        """Now and then a commit takes twice as long as on an average, and half of it is the way back."""
        await anyio.sleep(self.delay * self.dice.random())

    @asynccontextmanager
    async def journal(self) -> AsyncIterator[Journal]:
        async with open_suspending(str(self.folder / "journal.db"), wait=self.wait) as journal:
            with self.onlooker.looking():
                yield journal

    async def apply(self) -> tuple[Summary, list[Outcome]]:
        with await api.plan(self.estate.policy, plane=self.estate.plane) as plan:
            async with self.journal() as journal:
                summary = await api.apply(plan, plane=self.estate.plane, journal=journal)
                return summary, await listed(journal.run(summary.run).outcomes())

    async def resume(self) -> tuple[Summary, list[Outcome]]:
        self.new_session()
        async with self.journal() as journal:
            summary = await api.resume("last", plane=self.estate.plane, journal=journal)
            return summary, await listed(journal.run(summary.run).outcomes())

    async def thirty_writes(self) -> None:
        """Wait until so many have left."""
        while self.onlooker.writes < 30:  # noqa: ASYNC110 - virtual time costs nothing
            await anyio.sleep(0.01)

    async def in_doubt(self) -> int:
        """Changes that may have been made, as another process sees it."""
        async with self.journal() as journal:
            run = journal.run((await journal.find("last")).id)
            apis = [each for scope in self.estate.scopes for each in await run.pending(scope, limit=1000)]
            return sum(change.intended for each in apis for change in each.changes)

    def check(self, summary: Summary, outcomes: list[Outcome]) -> None:
        """Each target is in one state, the true one; each write was known before it left, and made once."""
        assert summary.proves
        assert len({(o.api.id, o.target) for o in outcomes}) == len(outcomes) == self.estate.expected
        assert not self.estate.refute(outcomes)
        assert self.onlooker.unknown == self.onlooker.forgotten == []
        written = Counter((w.api, w.type) for w in self.estate.raw.engine.statistics.writes)
        assert set(written.values()) == {1}


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Estate, float, Callable[[Scene], Awaitable[None]]], None]:
    """Run a play in virtual time."""

    def run(estate: Estate, delay: float, body: Callable[[Scene], Awaitable[None]]) -> None:
        async def main() -> None:
            async with estate:
                await body(Scene(tmp_path, estate, delay))

        virtually(main)

    return run


Play = Callable[[Estate, float, Callable[[Scene], Awaitable[None]]], None]


@delays
def test_a_rollout_ends_as_on_a_fast_journal(play: Play, delay: float) -> None:
    async def body(scene: Scene) -> None:
        summary, outcomes = await scene.apply()
        scene.check(summary, outcomes)
        assert summary.exit_code == 0

    play(Estate(apis=200), delay, body)


@delays
def test_so_does_one_that_is_throttled_and_in_trouble(play: Play, delay: float) -> None:
    async def body(scene: Scene) -> None:
        scene.estate.raw.engine.faults = parse(TROUBLE)
        summary, outcomes = await scene.apply()
        scene.check(summary, outcomes)
        assert summary.total.effort.throttles
        assert summary.exit_code == 0

    play(Estate(apis=120, quota=QuotaRules(total=Rate(rate=4.0, burst=10.0))), delay, body)


@delays
def test_a_stop_lets_no_call_leave_any_more_and_a_resume_makes_the_rest(play: Play, delay: float) -> None:
    async def body(scene: Scene) -> None:
        stopped = 0.0

        async def stop_once_it_writes() -> None:
            nonlocal stopped
            await scene.thirty_writes()
            scene.estate.stop.request()
            stopped = anyio.current_time()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_once_it_writes)
            summary, outcomes = await scene.apply()
        scene.check(summary, outcomes)
        assert summary.exit_code == 130
        assert any(isinstance(o, NotAttempted) for o in outcomes)
        assert scene.onlooker.last_write <= stopped
        assert not await scene.in_doubt()  # what had left has been answered
        summary, outcomes = await scene.resume()
        scene.check(summary, outcomes)
        assert summary.exit_code == 0

    play(Estate(apis=200), delay, body)


@delays
def test_whoever_ends_it_where_it_stands_leaves_little_in_doubt(play: Play, delay: float) -> None:
    """A second Ctrl-C: what had left is in doubt, and what a commit under way would have let leave."""

    async def body(scene: Scene) -> None:
        with anyio.CancelScope() as work:

            async def end_once_it_writes() -> None:
                await scene.thirty_writes()
                work.cancel()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(end_once_it_writes)
                await scene.apply()
        assert work.cancelled_caught
        assert await scene.in_doubt() <= scene.onlooker.cut_off
        summary, outcomes = await scene.resume()
        scene.check(summary, outcomes)
        assert summary.exit_code == 0

    play(Estate(apis=200), delay, body)


@delays
def test_when_it_fails_no_call_leaves_that_it_does_not_know(
    play: Play, delay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(scene: Scene) -> None:
        intend = SqlRun.intend

        async def full(self: SqlRun, ids: list[int]) -> None:
            if scene.onlooker.writes > 30:
                raise JournalWriteFailed("the disk is full")
            await intend(self, ids)

        monkeypatch.setattr(SqlRun, "intend", full)
        with pytest.raises(JournalWriteFailed, match="disk is full"):
            await scene.apply()
        monkeypatch.undo()
        assert not await scene.in_doubt()
        async with scene.journal() as journal:
            assert (await journal.find("last")).state is RunState.STOPPED
            async with aclosing(journal.run((await journal.find("last")).id).scope_counts()) as counts:
                applied = sum([each.tally.applied async for each in counts])
        assert applied == len(scene.estate.raw.engine.statistics.writes)
        summary, outcomes = await scene.resume()
        scene.check(summary, outcomes)
        assert summary.exit_code == 0

    play(Estate(apis=200), delay, body)
