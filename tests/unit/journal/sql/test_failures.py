"""A full disk, a killed process, a crowd: what was acknowledged is there, what was not is not claimed."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent

import pytest

from batchgw.errors import JournalUnusable, JournalWriteFailed
from batchgw.journal import JournalRun, PendingChange, RunState, Tally, open_journal
from batchgw.journal.sql.journal import SqlJournal
from batchgw.model import Failed
from tests.unit.journal.sql.sqlite import database, open_sqlite, opened, raw
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    THERE,
    api,
    begun,
    create,
    import_plan,
    listed,
    open_changes,
    place,
    planned,
    tallies,
    update,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqlJournal]:
    async with open_sqlite(place(tmp_path)) as journal:
        yield journal


@contextmanager
def full_disk(journal: SqlJournal) -> Iterator[None]:
    """As long as it lasts, SQLite may not add a page."""
    connection = raw(journal)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        connection.execute("PRAGMA max_page_count = 1000000")


def long_winded(change: PendingChange) -> Failed:
    """An outcome that needs room."""
    return Failed(
        api=api(1),
        target=change.change.target,
        action=change.change.action,
        code="BadRequest",
        message="no " * 10_000,
    )


class TestFullDisk:
    async def test_outcomes_wait_until_there_is_room(self, journal: SqlJournal) -> None:
        run = await begun(journal, planned(1, create(), update()))
        first, second = await open_changes(run)
        with full_disk(journal):
            run.record(first.id, long_winded(first))
            for _ in range(2):
                with pytest.raises(JournalWriteFailed, match="disk is full"):
                    await run.flush()
            assert (await tallies(run))[HERE] == Tally(undecided=2)
            with pytest.raises(JournalWriteFailed):
                await run.pending(HERE)
        assert (await tallies(run))[HERE] == Tally(failed=1, undecided=1)
        assert await listed(run.outcomes()) == [long_winded(first)]
        await run.intend([second.id])

    async def test_no_intent_is_acknowledged_without_room(self, journal: SqlJournal) -> None:
        run = await begun(journal, planned(1, create(), update()))
        first, second = await open_changes(run)
        with full_disk(journal):
            run.record(first.id, long_winded(first))
            with pytest.raises(JournalWriteFailed):
                await run.intend([second.id])
        assert [(c.id, c.intended) for c in await open_changes(run)] == [(second.id, False)]

    async def test_the_message_says_what_to_do(self, journal: SqlJournal) -> None:
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        with full_disk(journal):
            run.record(change.id, long_winded(change))
            with pytest.raises(JournalWriteFailed) as caught:
                await run.flush()
        message = str(caught.value)
        for word in (journal.location, "the disk is full", "make room", f"`batchgw resume {run.id}`"):
            assert word in message
        assert "\n" not in message

    async def test_a_hundred_outcomes_that_cannot_be_committed_are_not_lost(
        self, journal: SqlJournal
    ) -> None:
        run = await begun(journal, *(planned(n, create()) for n in range(105)))
        changes = await open_changes(run)
        with full_disk(journal):
            for change in changes:
                run.record(change.id, long_winded(change))
            for _ in range(6):
                with pytest.raises(JournalWriteFailed):
                    await run.flush()
        await run.flush()
        assert (await tallies(run))[HERE] == Tally(failed=105)

    async def test_an_import_that_finds_no_room_is_done_again(self, journal: SqlJournal) -> None:
        run = await journal.begin(NEW_RUN)
        with full_disk(journal), pytest.raises(JournalWriteFailed):
            await import_plan(run, (planned(n) for n in range(5_000)))
        assert (await journal.find(run.id)).state is RunState.PLANNING
        await import_plan(run, [planned(1)])
        assert await tallies(run) == {HERE: Tally(undecided=2)}

    async def test_no_resume_is_promised_before_the_plan_is_in(self, journal: SqlJournal) -> None:
        """Nothing was changed by then, and nothing could be resumed; once it is in, it can."""
        run = await journal.begin(NEW_RUN)
        await run.acquire([HERE])
        with full_disk(journal), pytest.raises(JournalWriteFailed) as caught:
            await import_plan(run, (planned(n) for n in range(5_000)))
        assert "batchgw resume" not in str(caught.value)
        assert "nothing was changed" in str(caught.value)
        assert "give the same command again" in str(caught.value)
        await import_plan(run, [planned(1, create())])
        (change,) = await open_changes(run)
        run.record(change.id, long_winded(change))
        with full_disk(journal), pytest.raises(JournalWriteFailed, match=f"`batchgw resume {run.id}`"):
            await run.flush()

    async def test_closing_says_that_an_outcome_was_lost(self, tmp_path: Path) -> None:
        journal = opened(place(tmp_path))
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        with full_disk(journal):
            run.record(change.id, long_winded(change))
            database(journal).close = lambda: None  # type: ignore[method-assign]  # to end `full_disk` first
            with pytest.raises(JournalWriteFailed):
                await journal.close()
        del database(journal).close
        await journal.close()

    async def test_an_error_under_way_is_not_hidden_by_it(self, tmp_path: Path) -> None:
        async def trouble() -> None:
            async with open_journal(place(tmp_path)) as journal:
                assert isinstance(journal, SqlJournal)
                run = await begun(journal, planned(1, create()))
                (change,) = await open_changes(run)
                raw(journal).execute("PRAGMA max_page_count = 1")
                run.record(change.id, long_winded(change))
                raise KeyError("the real trouble")

        with pytest.raises(KeyError) as caught:
            await trouble()
        assert "disk is full" in caught.value.__notes__[0]


@contextmanager
def unreadable(journal: SqlJournal) -> Iterator[None]:
    """As long as it lasts, SQLite refuses to read from any table."""

    def may(action: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_READ else sqlite3.SQLITE_OK

    connection = raw(journal)
    connection.set_authorizer(may)
    try:
        yield
    finally:
        connection.set_authorizer(None)


class TestUnreadable:
    async def test_under_way_it_stops_the_run_which_can_be_resumed(self, journal: SqlJournal) -> None:
        run = await begun(journal, planned(1))
        with unreadable(journal), pytest.raises(JournalWriteFailed) as caught:
            await run.pending(HERE)
        assert caught.value.exit_code == 3
        for word in (journal.location, "cannot be read", "access is denied", f"`batchgw resume {run.id}`"):
            assert word in str(caught.value)
        assert len(await run.pending(HERE)) == 1

    async def test_also_when_another_process_resumes_the_run(
        self, journal: SqlJournal, tmp_path: Path
    ) -> None:
        run = await begun(journal, planned(1))
        await run.release()
        async with open_sqlite(place(tmp_path)) as other:
            await other.run(run.id).acquire([HERE])
            with unreadable(other), pytest.raises(JournalWriteFailed, match=f"`batchgw resume {run.id}`"):
                await listed(other.run(run.id).scope_counts())

    async def test_before_the_plan_is_in_there_is_nothing_to_resume(self, journal: SqlJournal) -> None:
        run = await journal.begin(NEW_RUN)
        with unreadable(journal), pytest.raises(JournalWriteFailed, match="the same command again"):
            await journal.find(run.id)

    async def test_whoever_only_looks_is_told_to_name_another(
        self, journal: SqlJournal, tmp_path: Path
    ) -> None:
        run = await begun(journal, planned(1))
        async with open_sqlite(place(tmp_path)) as other:
            await listed(other.run(run.id).scope_counts())
            with unreadable(other), pytest.raises(JournalUnusable, match="--journal"):
                await other.runs()


CHILD = """
import sys
import anyio
from batchgw.errors import JournalWriteFailed
from batchgw.journal import open_journal
from tests.unit.journal_plans import *

def say(*words):
    print(*words, flush=True)

async def work(run, scope=HERE):
    '''Intend, then decide, each change of the scope; say what the journal acknowledged.'''
    await run.acquire([scope])
    undecided = []
    for change in await open_changes(run, scope):
        await run.intend([change.id])
        for id in undecided:
            say("decided", id)
        undecided = []
        say("intended", change.id)
        run.record(change.id, applied(1, change, scope=scope))
        undecided.append(change.id)
    await run.flush()

async def only_record(run, scope=HERE):
    for change in await open_changes(run, scope):
        say("intended", change.id)  # in memory, that is
        run.record(change.id, applied(1, change, scope=scope))
        await run.flush()
        say("decided", change.id)

folder, *arguments = sys.argv[1:]
"""


def child(folder: Path, job: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a process that works on the journal in `folder`."""
    main = f"async def main():\n{indent(job, '    ')}\nanyio.run(main)\n"
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + main, str(folder), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[4],
    )


def acknowledged(said: str) -> tuple[set[int], set[int]]:
    """Give the ids of the changes that were intended, and decided, by whole lines of a child's output."""
    lines = [line.split() for line in said.splitlines(keepends=True) if line.endswith("\n")]
    intended = {int(words[1]) for words in lines if words[0] == "intended"}
    return intended, {int(words[1]) for words in lines if words[0] == "decided"}


async def check_acknowledged(folder: Path, run: JournalRun, intended: set[int], decided: set[int]) -> None:
    async with open_journal(place(folder)) as journal:
        still_open = await open_changes(journal.run(run.id))
    pending = {change.id: change.intended for change in still_open}
    assert not decided & set(pending)
    assert all(pending[id_] for id_ in intended & set(pending))


@pytest.mark.parametrize(("work", "kilobytes"), [("work", 64), ("work", 200), ("only_record", 64)])
async def test_a_file_that_may_not_grow(tmp_path: Path, work: str, kilobytes: int) -> None:
    """The system refuses to write beyond a size, in the middle of a commit; later it is allowed again."""
    async with open_sqlite(place(tmp_path)) as journal:
        run = await begun(journal, *(planned(n, create()) for n in range(400)))
    job = f"""
import resource
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, ({kilobytes} * 1024, hard))
async with open_journal(place(Path(folder))) as journal:
    try:
        await {work}(journal.run({run.id!r}))
    except JournalWriteFailed as error:
        say("failed", error)
    input()
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await work(journal.run({run.id!r}))
    say("applied", (await tallies(journal.run({run.id!r})))[HERE].applied)
"""
    with child(tmp_path, job) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = ""
        while "failed" not in said:
            said += process.stdout.readline()
        assert f"batchgw resume {run.id}" in said
        intended, decided = acknowledged(said)
        await check_acknowledged(tmp_path, run, intended if work == "work" else set(), decided)
        more, _ = process.communicate("\n", timeout=60)
    intended_later, _ = acknowledged(more)
    assert intended - decided  # one was recorded when the disk failed
    assert not intended & intended_later  # and was not forgotten meanwhile
    assert more.endswith("applied 400\n")


async def test_a_process_killed_at_any_moment_loses_nothing_it_was_acknowledged(tmp_path: Path) -> None:
    async with open_sqlite(place(tmp_path)) as journal:
        run = await begun(journal, *(planned(n, create(), update()) for n in range(3_000)))
    moments = random.Random(7)
    intended: set[int] = set()
    decided: set[int] = set()
    for _ in range(6):
        job = f"async with open_journal(place(Path(folder))) as journal: await work(journal.run({run.id!r}))"
        with child(tmp_path, job) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(moments.uniform(0, 0.08))
            process.kill()
            more_intended, more_decided = acknowledged(first + process.stdout.read())
        assert more_intended
        assert not decided & more_intended  # a resume repeats nothing that is done
        intended |= more_intended
        decided |= more_decided
        await check_acknowledged(tmp_path, run, intended, decided)


async def test_an_import_killed_half_way_is_recognised_and_done_again(tmp_path: Path) -> None:
    job = """
async with open_journal(place(Path(folder))) as journal:
    run = await journal.begin(NEW_RUN)
    async with run.importing() as plan:
        for n in range(100_000):
            if n == 3_000:
                say(run.id)
                input()
            await plan.add(planned(n))
"""
    with child(tmp_path, job) as process:
        assert process.stdout is not None
        id_ = process.stdout.readline().strip()
        process.kill()
    async with open_sqlite(place(tmp_path)) as journal:
        run = journal.run(id_)
        assert (await journal.find(run.id)).state is RunState.PLANNING
        assert (await journal.find(run.id)).totals.expected > 0
        await import_plan(run, [planned(1), planned(2)])
        assert await tallies(run) == {HERE: Tally(undecided=4)}


class TestTwoProcesses:
    async def test_a_new_journal_is_made_once_however_many_open_it(self, tmp_path: Path) -> None:
        job = """
say("ready")
input()
async with open_journal(place(Path(folder))) as journal:
    say((await journal.begin(NEW_RUN)).id)
"""
        crowd = [child(tmp_path, job) for _ in range(8)]
        try:
            for process in crowd:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
            for process in crowd:
                assert process.stdin is not None
                process.stdin.write("\n")
                process.stdin.flush()
            ids = {process.communicate(timeout=60)[0].strip() for process in crowd}
        finally:
            for process in crowd:
                process.kill()
                process.wait()
        assert len(ids) == 8
        async with open_sqlite(place(tmp_path)) as journal:
            assert {record.id for record in await journal.runs()} == ids

    async def test_work_side_by_side(self, tmp_path: Path) -> None:
        """Each imports its own plan and works on its own scope, at the same time."""
        job = """
scope = Scope.parse(arguments[0])
async with open_journal(place(Path(folder))) as journal:
    run = await begun(journal, *(planned(n, create(), scope=scope) for n in range(1_500)))
    await work(run, scope)
    print(run.id, (await tallies(run))[scope].applied)
"""
        pair = [child(tmp_path, job, str(scope)) for scope in (HERE, THERE)]
        ends = [process.communicate(timeout=120)[0].splitlines()[-1].split() for process in pair]
        assert [number for _, number in ends] == ["1500", "1500"]
        async with open_sqlite(place(tmp_path)) as journal:
            for (run, _), scope in zip(ends, (HERE, THERE), strict=True):
                assert set(await tallies(journal.run(run))) == {scope}

    async def test_one_that_keeps_the_journal_locked_is_told(self, tmp_path: Path) -> None:
        async with open_journal(f"sqlite:///{place(tmp_path)}?timeout=0.05") as journal:
            run = await begun(journal, planned(1, create()))
            (change,) = await open_changes(run)
            other = sqlite3.connect(place(tmp_path), isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(JournalWriteFailed, match="another process keeps it locked"):
                await run.intend([change.id])
            other.close()
            await run.intend([change.id])
