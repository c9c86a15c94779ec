"""A full disk, a killed process, a crowd: what was acknowledged is there, what was not is not claimed."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from batchgw.errors import JournalUnusable, JournalWriteFailed
from batchgw.journal import Journal, PendingChange, RunState, Tally
from batchgw.model import Failed
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    THERE,
    api,
    begun,
    create,
    open_changes,
    place,
    planned,
    update,
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(place(tmp_path)) as journal:
        yield journal


def raw(journal: Journal) -> sqlite3.Connection:
    """The driver's own connection, outside of any transaction."""
    return cast("sqlite3.Connection", journal._database._connection.connection.dbapi_connection)


@contextmanager
def full_disk(journal: Journal) -> Iterator[None]:
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
    def test_outcomes_wait_until_there_is_room(self, journal: Journal) -> None:
        run = begun(journal, planned(1, create(), update()))
        first, second = open_changes(journal, run)
        with full_disk(journal):
            journal.record(first.id, long_winded(first))
            for _ in range(2):
                with pytest.raises(JournalWriteFailed, match="disk is full"):
                    journal.flush()
            assert journal.tally(run)[HERE] == Tally(undecided=2)
            with pytest.raises(JournalWriteFailed):
                journal.pending(run, HERE)
        assert journal.tally(run)[HERE] == Tally(failed=1, undecided=1)
        assert list(journal.outcomes(run)) == [long_winded(first)]
        journal.intend([second.id])

    def test_no_intent_is_acknowledged_without_room(self, journal: Journal) -> None:
        run = begun(journal, planned(1, create(), update()))
        first, second = open_changes(journal, run)
        with full_disk(journal):
            journal.record(first.id, long_winded(first))
            with pytest.raises(JournalWriteFailed):
                journal.intend([second.id])
        assert [(c.id, c.intended) for c in open_changes(journal, run)] == [(second.id, False)]

    def test_the_message_says_what_to_do(self, journal: Journal) -> None:
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        with full_disk(journal):
            journal.record(change.id, long_winded(change))
            with pytest.raises(JournalWriteFailed) as caught:
                journal.flush()
        message = str(caught.value)
        for word in (journal.location, "the disk is full", "make room", f"`batchgw resume {run}`"):
            assert word in message
        assert "\n" not in message

    def test_the_hundredth_outcome_fails_and_none_is_lost(self, journal: Journal) -> None:
        run = begun(journal, *(planned(n, create()) for n in range(105)))
        changes = open_changes(journal, run)
        with full_disk(journal):
            for change in changes[:99]:
                journal.record(change.id, long_winded(change))
            for change in changes[99:]:
                with pytest.raises(JournalWriteFailed):
                    journal.record(change.id, long_winded(change))
        journal.flush()
        assert journal.tally(run)[HERE] == Tally(failed=105)

    def test_an_import_that_finds_no_room_is_done_again(self, journal: Journal) -> None:
        run = journal.begin(NEW_RUN)
        with full_disk(journal), pytest.raises(JournalWriteFailed):
            journal.import_plan(run, (planned(n) for n in range(5_000)))
        assert journal.run(run).state is RunState.PLANNING
        journal.import_plan(run, [planned(1)])
        assert journal.tally(run) == {HERE: Tally(undecided=2)}

    def test_no_resume_is_promised_before_the_plan_is_in(self, journal: Journal) -> None:
        """Nothing was changed by then, and nothing could be resumed; once it is in, it can."""
        run = journal.begin(NEW_RUN)
        journal.acquire(run, [HERE])
        with full_disk(journal), pytest.raises(JournalWriteFailed) as caught:
            journal.import_plan(run, (planned(n) for n in range(5_000)))
        assert "batchgw resume" not in str(caught.value)
        assert "nothing was changed" in str(caught.value)
        assert "give the same command again" in str(caught.value)
        journal.import_plan(run, [planned(1, create())])
        (change,) = open_changes(journal, run)
        journal.record(change.id, long_winded(change))
        with full_disk(journal), pytest.raises(JournalWriteFailed, match=f"`batchgw resume {run}`"):
            journal.flush()

    def test_closing_says_that_an_outcome_was_lost(self, tmp_path: Path) -> None:
        journal = Journal.open(place(tmp_path))
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        with full_disk(journal):
            journal.record(change.id, long_winded(change))
            journal._database.close = lambda: None  # type: ignore[method-assign]  # to end `full_disk` first
            with pytest.raises(JournalWriteFailed):
                journal.close()
        del journal._database.close
        journal.close()

    def test_an_error_under_way_is_not_hidden_by_it(self, tmp_path: Path) -> None:
        def trouble() -> None:
            with Journal.open(place(tmp_path)) as journal:
                run = begun(journal, planned(1, create()))
                (change,) = open_changes(journal, run)
                raw(journal).execute("PRAGMA max_page_count = 1")
                journal.record(change.id, long_winded(change))
                raise KeyError("the real trouble")

        with pytest.raises(KeyError) as caught:
            trouble()
        assert "disk is full" in caught.value.__notes__[0]


@contextmanager
def unreadable(journal: Journal) -> Iterator[None]:
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
    def test_under_way_it_stops_the_run_which_can_be_resumed(self, journal: Journal) -> None:
        run = begun(journal, planned(1))
        with unreadable(journal), pytest.raises(JournalWriteFailed) as caught:
            journal.pending(run, HERE)
        assert caught.value.exit_code == 3
        for word in (journal.location, "cannot be read", "access is denied", f"`batchgw resume {run}`"):
            assert word in str(caught.value)
        assert len(journal.pending(run, HERE)) == 1

    def test_also_when_another_process_resumes_the_run(self, journal: Journal, tmp_path: Path) -> None:
        run = begun(journal, planned(1))
        journal.release(run)
        with Journal.open(place(tmp_path)) as other:
            other.acquire(run, [HERE])
            with unreadable(other), pytest.raises(JournalWriteFailed, match=f"`batchgw resume {run}`"):
                other.scopes(run)

    def test_before_the_plan_is_in_there_is_nothing_to_resume(self, journal: Journal) -> None:
        run = journal.begin(NEW_RUN)
        with unreadable(journal), pytest.raises(JournalWriteFailed, match="the same command again"):
            journal.run(run)

    def test_whoever_only_looks_is_told_to_name_another(self, journal: Journal, tmp_path: Path) -> None:
        run = begun(journal, planned(1))
        with Journal.open(place(tmp_path)) as other:
            other.scopes(run)
            with unreadable(other), pytest.raises(JournalUnusable, match="--journal"):
                other.runs()


CHILD = """
import sys
from batchgw.errors import JournalWriteFailed
from batchgw.journal import Journal
from tests.unit.journal_plans import *

def say(*words):
    print(*words, flush=True)

def work(journal, run, scope=HERE):
    '''Intend, then decide, each change of the scope; say what the journal acknowledged.'''
    journal.acquire(run, [scope])
    undecided = []
    for change in open_changes(journal, run, scope):
        journal.intend([change.id])
        for id in undecided:
            say("decided", id)
        undecided = []
        say("intended", change.id)
        journal.record(change.id, applied(1, change, scope=scope))
        undecided.append(change.id)
    journal.flush()

def only_record(journal, run, scope=HERE):
    for change in open_changes(journal, run, scope):
        say("intended", change.id)  # in memory, that is
        journal.record(change.id, applied(1, change, scope=scope))
        journal.flush()
        say("decided", change.id)

folder, job, *arguments = sys.argv[1:]
"""


def child(folder: Path, job: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a process that works on the journal in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + job, str(folder), job, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def acknowledged(said: str) -> tuple[set[int], set[int]]:
    """Give the ids of the changes that were intended, and decided, by whole lines of a child's output."""
    lines = [line.split() for line in said.splitlines(keepends=True) if line.endswith("\n")]
    intended = {int(words[1]) for words in lines if words[0] == "intended"}
    return intended, {int(words[1]) for words in lines if words[0] == "decided"}


def check_acknowledged(folder: Path, run: str, intended: set[int], decided: set[int]) -> None:
    with Journal.open(place(folder)) as journal:
        pending = {change.id: change.intended for change in open_changes(journal, run)}
    assert not decided & set(pending)
    assert all(pending[id_] for id_ in intended & set(pending))


@pytest.mark.parametrize(("work", "kilobytes"), [("work", 64), ("work", 200), ("only_record", 64)])
def test_a_file_that_may_not_grow(tmp_path: Path, work: str, kilobytes: int) -> None:
    """The system refuses to write beyond a size, in the middle of a commit; later it is allowed again."""
    with Journal.open(place(tmp_path)) as journal:
        run = begun(journal, *(planned(n, create()) for n in range(400)))
    job = f"""
import resource
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, ({kilobytes} * 1024, hard))
with Journal.open(place(Path(folder))) as journal:
    try:
        {work}(journal, {run!r})
    except JournalWriteFailed as error:
        say("failed", error)
    input()
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    work(journal, {run!r})
    say("applied", journal.tally({run!r})[HERE].applied)
"""
    with child(tmp_path, job) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = ""
        while "failed" not in said:
            said += process.stdout.readline()
        assert f"batchgw resume {run}" in said
        intended, decided = acknowledged(said)
        check_acknowledged(tmp_path, run, intended if work == "work" else set(), decided)
        more, _ = process.communicate("\n", timeout=60)
    intended_later, _ = acknowledged(more)
    assert intended - decided  # one was recorded when the disk failed
    assert not intended & intended_later  # and was not forgotten meanwhile
    assert more.endswith("applied 400\n")


def test_a_process_killed_at_any_moment_loses_nothing_it_was_acknowledged(tmp_path: Path) -> None:
    with Journal.open(place(tmp_path)) as journal:
        run = begun(journal, *(planned(n, create(), update()) for n in range(10_000)))
    moments = random.Random(7)
    intended: set[int] = set()
    decided: set[int] = set()
    for _ in range(6):
        job = f"with Journal.open(place(Path(folder))) as journal: work(journal, {run!r})"
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
        check_acknowledged(tmp_path, run, intended, decided)


def test_an_import_killed_half_way_is_recognised_and_done_again(tmp_path: Path) -> None:
    job = """
def items():
    for n in range(100_000):
        if n == 3_000:
            say(run)
            input()
        yield planned(n)

with Journal.open(place(Path(folder))) as journal:
    run = journal.begin(NEW_RUN)
    journal.import_plan(run, items())
"""
    with child(tmp_path, job) as process:
        assert process.stdout is not None
        run = process.stdout.readline().strip()
        process.kill()
    with Journal.open(place(tmp_path)) as journal:
        assert journal.run(run).state is RunState.PLANNING
        assert journal.run(run).totals.expected > 0
        journal.import_plan(run, [planned(1), planned(2)])
        assert journal.tally(run) == {HERE: Tally(undecided=4)}


class TestTwoProcesses:
    def test_a_new_journal_is_made_once_however_many_open_it(self, tmp_path: Path) -> None:
        job = """
say("ready")
input()
with Journal.open(place(Path(folder))) as journal:
    say(journal.begin(NEW_RUN))
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
        with Journal.open(place(tmp_path)) as journal:
            assert {record.id for record in journal.runs()} == ids

    def test_work_side_by_side(self, tmp_path: Path) -> None:
        """Each imports its own plan and works on its own scope, at the same time."""
        job = """
scope = Scope.parse(arguments[0])
with Journal.open(place(Path(folder))) as journal:
    run = begun(journal, *(planned(n, create(), scope=scope) for n in range(1_500)))
    work(journal, run, scope)
    print(run, journal.tally(run)[scope].applied)
"""
        pair = [child(tmp_path, job, str(scope)) for scope in (HERE, THERE)]
        ends = [process.communicate(timeout=120)[0].splitlines()[-1].split() for process in pair]
        assert [number for _, number in ends] == ["1500", "1500"]
        with Journal.open(place(tmp_path)) as journal:
            for (run, _), scope in zip(ends, (HERE, THERE), strict=True):
                assert set(journal.tally(run)) == {scope}

    def test_one_that_keeps_the_journal_locked_is_told(self, tmp_path: Path) -> None:
        with Journal.open(f"sqlite:///{place(tmp_path)}?timeout=0.05") as journal:
            run = begun(journal, planned(1, create()))
            (change,) = open_changes(journal, run)
            other = sqlite3.connect(place(tmp_path), isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(JournalWriteFailed, match="another process keeps it locked"):
                journal.intend([change.id])
            other.close()
            journal.intend([change.id])
