"""No call leaves whose intent is not committed, and one commit serves those next in line."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import cast

import anyio
import pytest
from trio.testing import wait_all_tasks_blocked

from batchgw.concurrency.stop import StopSignal
from batchgw.errors import JournalWriteFailed, ScopeLocked, Stopped
from batchgw.events import Decided, Event
from batchgw.execution.writing.recorder import FLUSH_AFTER, FLUSH_COUNT, Recorder
from batchgw.execution.writing.upcoming import AHEAD, FRESH
from batchgw.journal import Journal, JournalRun, PendingApi, open_journal
from batchgw.journal.sql.journal import SqlJournal
from batchgw.model import NotAttempted, RestApi, Scope
from tests.unit.journal.sql.sqlite import raw
from tests.unit.journal_plans import (
    HERE,
    THERE,
    applied,
    begun,
    create,
    not_attempted,
    place,
    planned,
    tallies,
    update,
)
from tests.virtual import virtually

APIS = 30


@dataclass
class Scene:
    """A run of 30 APIs with two changes each, and another process that looks on."""

    journal: Journal
    witness: Journal
    file: str
    run: JournalRun
    stop: StopSignal = field(default_factory=StopSignal)
    told: list[Event] = field(default_factory=list)
    rates: dict[Scope, float] = field(default_factory=lambda: {HERE: 10.0})
    slept: float = 0.0  # seconds in which the loop's clock stood still

    def __post_init__(self) -> None:
        self.recorder = Recorder(
            self.run,
            observer=self,
            stop=self.stop,
            rate=lambda scope: self.rates[scope],
            clock=lambda: 1_790_000_000.0 + anyio.current_time() + self.slept,
        )
        self._data = sqlite3.connect(self.file)

    def notify(self, event: Event) -> None:
        self.told.append(event)

    async def expect(self) -> list[PendingApi]:
        page = await self.run.pending(HERE)
        self.recorder.expect(HERE, page)
        return page

    async def intended(self) -> set[int]:
        """What others see as possibly made."""
        found = await self.witness.run(self.run.id).pending(HERE, limit=1000)
        return {change.id for api in found for change in api.changes if change.intended}

    @property
    def version(self) -> int:
        """Another number after each commit."""
        (version,) = self._data.execute("PRAGMA data_version").fetchone()
        return int(version)

    def close(self) -> None:
        self._data.close()


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Scene]:
    async with open_journal(place(folder)) as journal, open_journal(place(folder)) as witness:
        run = await begun(journal, *(planned(n, create(), update()) for n in range(APIS)))
        with closing(Scene(journal, witness, place(folder), run)) as scene:
            yield scene


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Scene], Awaitable[None]]], None]:
    """Run a play in virtual time."""

    def run(body: Callable[[Scene], Awaitable[None]]) -> None:
        async def main() -> None:
            async with staged(tmp_path) as scene:
                await body(scene)

        virtually(main)

    return run


Play = Callable[[Callable[[Scene], Awaitable[None]]], None]


@pytest.mark.parametrize("hands", [1, 2, 10, 100])
def test_every_intent_is_committed_before_its_call_and_a_commit_serves_many(play: Play, hands: int) -> None:
    async def body(scene: Scene) -> None:
        commits, version = 0, scene.version
        to_come = [(each.api, [change.id for change in each.changes]) for each in (await scene.expect())]
        in_work: list[tuple[RestApi, list[int], ExitStack]] = []
        while to_come or in_work:
            for api, changes in to_come[: hands - len(in_work)]:
                in_work.append((api, changes, ExitStack()))
                in_work[-1][2].enter_context(scene.recorder.working_on(api))
                del to_come[0]
            for api, changes, end in in_work:  # each hand makes a change
                await scene.recorder.intend(api, changes[0])
                assert changes[0] in (await scene.intended())
                commits, version = commits + (version != scene.version), scene.version
                del changes[0]
                if not changes:
                    end.close()
            in_work = [each for each in in_work if each[1]]
        assert commits <= APIS * 2 / (AHEAD + 1) + 1
        assert len(await scene.intended()) == APIS * 2

    play(body)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_order_few_are_intended_that_have_not_left(play: Play, seed: int) -> None:
    """Who was taken to be next, and is not, is so no longer: only the dead leave anything in doubt."""

    async def body(scene: Scene) -> None:
        dice, left = Random(seed), set[int]()
        changes = [(each.api, change.id) for each in (await scene.expect()) for change in each.changes]
        for api, change in dice.sample(changes, 40):
            with scene.recorder.working_on(api):
                await scene.recorder.intend(api, change)
            left.add(change)
            assert left <= (await scene.intended())
            assert len((await scene.intended()) - left) <= AHEAD

    play(body)


def test_no_more_are_intended_than_that(play: Play) -> None:
    async def body(scene: Scene) -> None:
        first, *_ = await scene.expect()
        await scene.recorder.intend(first.api, first.changes[0].id)
        assert len(await scene.intended()) == 1 + AHEAD

    play(body)


def test_where_the_quota_is_higher_a_commit_serves_a_fifth_of_a_second(play: Play) -> None:
    async def body(scene: Scene) -> None:
        first, second, *_ = await scene.expect()
        scene.rates[HERE] = 100.0
        await scene.recorder.intend(first.api, first.changes[0].id)
        assert len(await scene.intended()) == 20
        scene.rates[HERE] = 5.0  # less has to be in doubt from now on
        await anyio.sleep(FRESH + 1)
        await scene.recorder.intend(second.api, second.changes[0].id)
        assert len(await scene.intended()) == 1 + 1 + AHEAD

    play(body)


def test_who_stands_in_no_line_is_intended_alone(play: Play) -> None:
    async def body(scene: Scene) -> None:
        (first, *_) = await scene.run.pending(HERE)
        await scene.recorder.intend(first.api, first.changes[0].id)
        assert await scene.intended() == {first.changes[0].id}

    play(body)


def test_what_was_decided_without_a_call_is_intended_no_longer(play: Play) -> None:
    """A stop: this process knows what it has not sent, so a resume has nothing to doubt."""

    async def body(scene: Scene) -> None:
        page = await scene.expect()
        sent = page[0].changes[0].id
        await scene.recorder.intend(page[0].api, sent)
        for each in page:
            for change in each.changes:
                if change.id != sent:
                    outcome = not_attempted("Stopped")
                    scene.recorder.decide(change.id, _of(each, outcome))
        await scene.recorder.flush()
        assert await scene.intended() == {sent}
        assert (await tallies(scene.run))[HERE].not_attempted == APIS * 2 - 1

    play(body)


@pytest.mark.parametrize(("slept", "commits"), [(0.0, 0), (0.9, 0), (3_600.0, 1)])
def test_no_intent_outlives_a_sleep_of_the_machine(play: Play, slept: float, commits: int) -> None:
    """Somebody else may have taken the run over: that is seen when the intent is committed anew."""

    async def body(scene: Scene) -> None:
        first, second, *_ = await scene.expect()
        with scene.recorder.working_on(first.api), scene.recorder.working_on(second.api):
            await scene.recorder.intend(first.api, first.changes[0].id)
            version = scene.version
            scene.slept = slept
            await scene.recorder.intend(second.api, second.changes[0].id)
            assert (scene.version != version) == bool(commits)

    play(body)


def test_when_it_ends_early_only_what_left_is_intended(play: Play) -> None:
    """A second Ctrl-C: nobody gets to decide anything."""

    async def body(scene: Scene) -> None:
        first, second, *_ = await scene.expect()
        with scene.recorder.working_on(first.api), scene.recorder.working_on(second.api):
            for each in (first, second):
                await scene.recorder.intend(each.api, each.changes[0].id)
        assert len(await scene.intended()) == 1 + AHEAD
        await scene.recorder.close()
        assert await scene.intended() == {first.changes[0].id, second.changes[0].id}

    play(body)


def test_what_an_earlier_process_intended_stays_so(play: Play) -> None:
    async def body(scene: Scene) -> None:
        doubtful = (await scene.run.pending(HERE))[1].changes[0].id
        await scene.run.intend([doubtful])
        first, second, *_ = await scene.expect()
        await scene.recorder.intend(first.api, first.changes[0].id)
        assert len(await scene.intended()) == 1 + AHEAD + 1
        scene.recorder.decide(doubtful, _of(second, not_attempted("Stopped")))
        await scene.recorder.close()
        assert await scene.intended() == {first.changes[0].id, doubtful}

    play(body)


def test_an_intent_goes_stale_and_is_then_committed_anew(play: Play) -> None:
    """Else a process that was held still would not see that another has taken its run over."""

    async def body(scene: Scene) -> None:
        first, second, *_ = await scene.expect()
        await scene.recorder.intend(first.api, first.changes[0].id)
        await anyio.sleep(FRESH)
        await scene.recorder.intend(first.api, first.changes[1].id)
        taken = second.changes[0]
        scene.witness.run(scene.run.id).record(taken.id, applied(1, taken))
        await scene.witness.run(scene.run.id).flush()
        await anyio.sleep(0.1)
        with pytest.raises(ScopeLocked, match="another process"):
            await scene.recorder.intend(second.api, taken.id)

    play(body)


def test_lines_of_scopes_do_not_mix(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_journal(place(tmp_path)) as journal:
            run = await begun(journal, *(planned(n, scope=s) for s in (HERE, THERE) for n in range(20)))
            recorder = Recorder(run, observer=Told(), stop=StopSignal(), rate=lambda _: 10.0)
            for scope in (HERE, THERE):
                recorder.expect(scope, await run.pending(scope))
            first, *_ = await run.pending(HERE)
            await recorder.intend(first.api, first.changes[0].id)
            counts = [
                sum(c.intended for each in await run.pending(scope) for c in each.changes)
                for scope in (HERE, THERE)
            ]
            assert counts == [1 + AHEAD, 0]

    virtually(main)


def test_an_outcome_is_told_once_it_is_committed(play: Play) -> None:
    async def body(scene: Scene) -> None:
        first, *_ = await scene.expect()
        await scene.recorder.intend(first.api, first.changes[0].id)
        scene.recorder.decide(first.changes[0].id, applied(0, first.changes[0]))
        assert scene.told == []
        await scene.recorder.flush()
        assert [type(event) for event in scene.told] == [Decided]
        assert (await tallies(scene.witness.run(scene.run.id)))[HERE].applied == 1

    play(body)


def test_the_hundredth_outcome_commits_them_all(play: Play) -> None:
    """99 wait for the others, up to `FLUSH_AFTER`; with one more they are committed before time goes on."""

    async def body(scene: Scene) -> None:
        async def applied_elsewhere() -> int:
            return (await tallies(scene.witness.run(scene.run.id)))[HERE].applied

        changes = [change for each in await scene.expect() for change in each.changes]
        outcomes = [(change.id, applied(0, change)) for change in (*changes, *changes)][:FLUSH_COUNT]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(scene.recorder.keep_flushing)
            began = anyio.current_time()
            for change, outcome in outcomes[:-1]:
                scene.recorder.decide(change, outcome)
            await anyio.sleep(FLUSH_AFTER / 2)
            assert (await applied_elsewhere(), len(scene.told)) == (0, 0)
            scene.recorder.decide(*outcomes[-1])
            await anyio.sleep(FLUSH_AFTER / 10)
            assert (await applied_elsewhere(), len(scene.told)) == (len(changes), FLUSH_COUNT)
            assert anyio.current_time() - began < FLUSH_AFTER
            scene.recorder.decide(*outcomes[0])
            await anyio.sleep(1.1 * FLUSH_AFTER)
            assert len(scene.told) == FLUSH_COUNT + 1
            tasks.cancel_scope.cancel()

    play(body)


def test_without_an_intent_there_is_no_call(play: Play) -> None:
    async def body(scene: Scene) -> None:
        first, *_ = await scene.expect()
        assert isinstance(scene.journal, SqlJournal)
        driver = raw(scene.journal)
        driver.execute("PRAGMA query_only = ON")
        with pytest.raises(Stopped, match="not sent"):
            await scene.recorder.intend(first.api, first.changes[0].id)
        assert scene.stop.requested
        assert isinstance(scene.recorder.failure, JournalWriteFailed)
        driver.execute("PRAGMA query_only = OFF")
        assert await scene.intended() == set()

    play(body)


class Gate:
    """A run whose commits of intents wait until somebody lets them through."""

    def __init__(self, run: JournalRun) -> None:
        self._run = run
        self._open = anyio.Event()
        self.begun: list[set[int]] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._run, name)

    async def intend(self, ids: Sequence[int]) -> None:
        self.begun.append(set(ids))
        await self._open.wait()
        self._open = anyio.Event()
        await self._run.intend(ids)

    async def let_one_through(self) -> None:
        await wait_all_tasks_blocked()
        self._open.set()
        await wait_all_tasks_blocked()


class TestWhileIntentsAreCommitted:
    """The others go on meanwhile, where a journal is slow."""

    @pytest.fixture
    def play(self, play: Play) -> GatedPlay:
        def run(body: Callable[[Scene, Gate], Awaitable[None]]) -> None:
            async def gated(scene: Scene) -> None:
                gate = Gate(scene.run)
                scene.run = cast("JournalRun", gate)
                scene.close()
                scene.__post_init__()
                await body(scene, gate)

            play(gated)

        return run

    def test_calls_that_come_meanwhile_wait_for_one_commit_together(self, play: GatedPlay) -> None:
        async def body(scene: Scene, gate: Gate) -> None:
            page, left = await scene.expect(), list[int]()
            late = [page[n] for n in (20, 21, 22)]
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(leave, scene, page[0], left)
                await wait_all_tasks_blocked()
                for each in late:
                    tasks.start_soon(leave, scene, each, left)
                await gate.let_one_through()
                assert left == [first_of(page[0])]
                assert len(gate.begun) == 2
                assert {first_of(each) for each in late} <= gate.begun[1]
                await gate.let_one_through()
                assert set(left) == {first_of(page[0]), *map(first_of, late)}
            assert set(left) <= (await scene.intended())

        play(body)

    def test_a_call_that_was_to_come_next_waits_for_the_commit_it_is_in(self, play: GatedPlay) -> None:
        async def body(scene: Scene, gate: Gate) -> None:
            page, left = await scene.expect(), list[int]()
            async with anyio.create_task_group() as tasks:
                for each in page[:2]:
                    tasks.start_soon(leave, scene, each, left)
                    await wait_all_tasks_blocked()
                assert left == []
                await gate.let_one_through()
                assert set(left) == {first_of(each) for each in page[:2]}
            assert len(gate.begun) == 1
            await scene.recorder.close()
            assert await scene.intended() == set(left)  # nothing that left was ever withdrawn

        play(body)

    def test_what_is_decided_without_a_call_is_recorded_after_the_commit(self, play: GatedPlay) -> None:
        async def body(scene: Scene, gate: Gate) -> None:
            page, left = await scene.expect(), list[int]()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(leave, scene, page[0], left)
                await wait_all_tasks_blocked()
                decided = first_of(page[1])
                assert decided in gate.begun[0]
                scene.recorder.decide(decided, _of(page[1], not_attempted("Stopped")))
                await scene.recorder.flush()
                assert (await tallies(scene.witness.run(scene.run.id)))[HERE].not_attempted == 0
                await gate.let_one_through()
            await scene.recorder.flush()
            assert (await tallies(scene.witness.run(scene.run.id)))[HERE].not_attempted == 1
            assert decided not in (await scene.intended())

        play(body)

    def test_a_stop_meanwhile_keeps_the_calls_here(self, play: GatedPlay) -> None:
        async def body(scene: Scene, gate: Gate) -> None:
            page, left = await scene.expect(), list[int]()
            async with anyio.create_task_group() as tasks:
                for each in (page[0], page[1], page[20]):
                    tasks.start_soon(leave, scene, each, left)
                    await wait_all_tasks_blocked()
                scene.stop.request()
                await gate.let_one_through()
            assert left == []
            assert len(gate.begun) == 1
            await scene.recorder.close()
            assert await scene.intended() == set()

        play(body)

    @pytest.mark.parametrize("waiting", [1, 20])
    def test_who_waits_for_a_commit_that_is_cancelled_begins_another(
        self, play: GatedPlay, waiting: int
    ) -> None:
        """Whether it was a part of that commit (1) or waited for the next one (20)."""

        async def body(scene: Scene, gate: Gate) -> None:
            page, left = await scene.expect(), list[int]()
            async with anyio.create_task_group() as tasks:
                first = anyio.CancelScope()
                tasks.start_soon(leave, scene, page[0], left, first)
                await wait_all_tasks_blocked()
                tasks.start_soon(leave, scene, page[waiting], left)
                await wait_all_tasks_blocked()
                first.cancel()
                await wait_all_tasks_blocked()
                assert left == []
                assert len(gate.begun) == 2
                await gate.let_one_through()
                assert left == [first_of(page[waiting])]
                assert left[0] in (await scene.intended())
                tasks.start_soon(leave, scene, page[2], left)
                await wait_all_tasks_blocked()
                assert len(gate.begun) == 2  # it was in the second commit
            await scene.recorder.close()
            assert await scene.intended() == set(left)

        play(body)

    def test_what_was_decided_while_it_waited_stays_decided(self, play: GatedPlay) -> None:
        """A later commit of those that wait no longer intends a change that gave up waiting."""

        async def body(scene: Scene, gate: Gate) -> None:
            page, left = await scene.expect(), list[int]()
            gone = page[20]
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(leave, scene, page[0], left)
                await wait_all_tasks_blocked()
                waiting = anyio.CancelScope()
                tasks.start_soon(leave, scene, gone, left, waiting)
                await wait_all_tasks_blocked()
                waiting.cancel()
                await wait_all_tasks_blocked()
                scene.recorder.decide(first_of(gone), _of(gone, not_attempted("Stopped")))
                tasks.start_soon(leave, scene, page[21], left)
                await gate.let_one_through()
                await gate.let_one_through()
            await scene.recorder.close()
            assert set(left) == {first_of(page[0]), first_of(page[21])} == await scene.intended()
            assert (await tallies(scene.witness.run(scene.run.id)))[HERE].not_attempted == 1

        play(body)


GatedPlay = Callable[[Callable[[Scene, Gate], Awaitable[None]]], None]


async def leave(
    scene: Scene, api: PendingApi, left: list[int], scope: anyio.CancelScope | None = None
) -> None:
    """Let the first call of an API leave, as its worker does."""
    with scope or anyio.CancelScope(), suppress(Stopped), scene.recorder.working_on(api.api):
        await scene.recorder.intend(api.api, first_of(api))
        left.append(first_of(api))


def first_of(api: PendingApi) -> int:
    return api.changes[0].id


class Told:
    def notify(self, event: Event) -> None:
        pass


def _of(pending: PendingApi, outcome: NotAttempted) -> NotAttempted:
    return NotAttempted(
        api=pending.api,
        target=outcome.target,
        action=outcome.action,
        code=outcome.code,
        message=outcome.message,
    )
