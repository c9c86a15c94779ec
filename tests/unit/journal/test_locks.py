"""Two runs never write to one account-region: who may take which lock, and what the others are told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from batchgw.errors import ScopeLocked
from batchgw.journal import Holder, Journal, Liveness, RunState, ScopeHeld
from batchgw.journal.holder import this_process
from batchgw.journal.sql.locks import may_take
from batchgw.journal.sql.tables.schema import locks, runs
from batchgw.model import Scope
from tests.unit.journal_plans import HERE, NEW_RUN, THERE, begun, place, planned

NOW = 1_795_348_800.0

HOLDER = """
import sys
from batchgw.journal import Journal
from batchgw.model import Scope
with Journal.open(sys.argv[1]) as journal:
    run = sys.argv[2]
    journal.acquire(run, [Scope.parse("111111111111/eu-west-1")])
    print(run, flush=True)
    input()
"""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(place(tmp_path), clock=lambda: NOW) as journal:
        yield journal


@contextmanager
def holding(journal: Journal, folder: Path, run: str) -> Iterator[subprocess.Popen[str]]:
    """A process that works on a run, which this one lets go of, and holds HERE for it."""
    journal.release(run)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, place(folder), run],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == run
        try:
            yield child
        finally:
            child.kill()


def put_lock(journal: Journal, run: str, holder: Holder, scope: Scope = HERE) -> None:
    """Leave a lock as some other process would have."""
    key = journal._runs.key(run)
    row = {"account": scope.account, "region": scope.region, "run_id": key, "token": "another's"}
    with journal._database.write() as connection:
        connection.execute(insert(locks).values(**row, **asdict(holder)))
        connection.execute(update(runs).where(runs.c.id == key).values(token="another's", **asdict(holder)))


def dead() -> Holder:
    return replace(this_process(NOW), pid=2**22 + 1, heartbeat=NOW - 90, user="alice")


def elsewhere() -> Holder:
    return replace(dead(), host="build-7", boot="another", pid=4711)


@pytest.mark.parametrize(
    ("liveness", "own", "force", "allowed"),
    [
        (Liveness.ALIVE, False, False, False),
        (Liveness.ALIVE, False, True, False),
        (Liveness.ALIVE, True, False, False),
        (Liveness.ALIVE, True, True, False),
        (Liveness.DEAD, False, False, False),
        (Liveness.DEAD, False, True, True),
        (Liveness.DEAD, True, False, True),
        (Liveness.DEAD, True, True, True),
        (Liveness.UNKNOWN, False, False, False),
        (Liveness.UNKNOWN, False, True, True),
        (Liveness.UNKNOWN, True, False, False),
        (Liveness.UNKNOWN, True, True, True),
    ],
)
def test_who_may_take_a_lock_over(liveness: Liveness, *, own: bool, force: bool, allowed: bool) -> None:
    assert may_take(liveness, own=own, force=force) is allowed


class TestAcquire:
    def test_all_or_none(self, journal: Journal) -> None:
        first, second = journal.begin(NEW_RUN), journal.begin(NEW_RUN)
        journal.acquire(first, [THERE])
        with pytest.raises(ScopeLocked):
            journal.acquire(second, [HERE, THERE])
        journal.acquire(first, [HERE])

    def test_released_locks_are_free(self, journal: Journal) -> None:
        first, second = journal.begin(NEW_RUN), journal.begin(NEW_RUN)
        journal.acquire(first, [HERE, THERE])
        journal.release(first)
        journal.acquire(second, [HERE, THERE])
        journal.release(first)  # holds nothing any more
        with pytest.raises(ScopeLocked):
            journal.acquire(first, [HERE])

    def test_closing_gives_all_locks_back(self, tmp_path: Path) -> None:
        with Journal.open(place(tmp_path)) as journal:
            journal.acquire(journal.begin(NEW_RUN), [HERE])
        with Journal.open(place(tmp_path)) as journal:
            journal.acquire(journal.begin(NEW_RUN), [HERE])

    def test_more_scopes_may_be_taken_later(self, journal: Journal) -> None:
        run = journal.begin(NEW_RUN)
        journal.acquire(run, [HERE])
        journal.acquire(run, [HERE, THERE])
        journal.heartbeat(run)

    def test_a_running_holder_is_named_and_not_broken(self, journal: Journal, tmp_path: Path) -> None:
        run, other = begun(journal, planned(1)), begun(journal, planned(1))
        with holding(journal, tmp_path, other) as child:
            for force in (False, True):
                with pytest.raises(ScopeHeld) as caught:
                    journal.acquire(run, [HERE], force=force)
                assert caught.value.run == other
                assert caught.value.holder.pid == child.pid
                assert caught.value.liveness is Liveness.ALIVE
                message = str(caught.value)
                for word in (str(HERE), other, f"pid {child.pid}", this_process(0).host, "still running"):
                    assert word in message

    def test_one_run_is_not_resumed_twice_at_once(self, journal: Journal, tmp_path: Path) -> None:
        run = begun(journal, planned(1))
        with (
            holding(journal, tmp_path, run),
            pytest.raises(ScopeHeld, match=r"this run, .*, in another process"),
        ):
            journal.acquire(run, [HERE], force=True)

    def test_a_run_that_lives_in_another_process_is_not_touched(
        self, journal: Journal, tmp_path: Path
    ) -> None:
        """Also where no lock stands in the way, as for the scopes it is through with."""
        run = begun(journal, planned(1))
        with holding(journal, tmp_path, run):
            for scopes in ([THERE], []):
                with pytest.raises(ScopeLocked, match="is applying in another process"):
                    journal.acquire(run, scopes)
            with pytest.raises(ScopeLocked, match="is applying in another process"):
                journal.set_state(run, RunState.STOPPED)
        journal.set_state(run, RunState.STOPPED)

    def test_a_killed_run_is_resumed_without_a_word(self, journal: Journal, tmp_path: Path) -> None:
        run = begun(journal, planned(1))
        with holding(journal, tmp_path, run) as child:
            child.kill()
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            journal.acquire(run, [HERE])
        assert journal.run(run).holder.pid == os.getpid()
        journal.heartbeat(run)

    def test_a_dead_holder_of_another_run_is_told_and_can_be_forced(self, journal: Journal) -> None:
        run, other = begun(journal, planned(1)), begun(journal, planned(1))
        put_lock(journal, other, dead())
        with pytest.raises(ScopeHeld) as caught:
            journal.acquire(run, [HERE])
        assert caught.value.liveness is Liveness.DEAD
        for word in ("is dead", f"batchgw resume {other}", "--take-over-dead", "90 s ago", "alice"):
            assert word in str(caught.value)
        journal.acquire(run, [HERE], force=True)
        with pytest.raises(ScopeLocked):
            journal.acquire(other, [HERE])

    def test_a_holder_on_another_host_is_told_and_can_be_forced(self, journal: Journal) -> None:
        run, other = begun(journal, planned(1)), begun(journal, planned(1))
        put_lock(journal, other, elsewhere())
        with pytest.raises(ScopeHeld) as caught:
            journal.acquire(run, [HERE])
        assert caught.value.liveness is Liveness.UNKNOWN
        for word in ("cannot be told", "build-7", "pid 4711", "--force-lock", "90 s ago"):
            assert word in str(caught.value)
        journal.acquire(run, [HERE], force=True)

    def test_the_same_run_on_another_host_is_forced_too(self, journal: Journal) -> None:
        run = begun(journal, planned(1))
        put_lock(journal, run, elsewhere())
        with pytest.raises(ScopeHeld):
            journal.acquire(run, [HERE])
        journal.acquire(run, [HERE], force=True)

    def test_what_a_run_that_is_done_left_behind_is_swept_away(self, journal: Journal) -> None:
        run, other = begun(journal, planned(1)), begun(journal, planned(1))
        put_lock(journal, other, dead())
        journal.set_state(other, RunState.DONE)
        journal.acquire(run, [HERE])

    def test_what_a_run_left_behind_that_died_before_its_plan_was_whole_is_swept_away(
        self, journal: Journal
    ) -> None:
        """It cannot be resumed, so nobody could be told to do that first."""
        run, other = begun(journal, planned(1)), journal.begin(NEW_RUN)
        put_lock(journal, other, dead())
        journal.acquire(run, [HERE])

    def test_many_locked_scopes_are_one_paragraph(self, journal: Journal) -> None:
        run, other = begun(journal, planned(1)), begun(journal, planned(1))
        for scope in (HERE, THERE):
            put_lock(journal, other, dead(), scope)
        with pytest.raises(ScopeHeld, match=f"{HERE} and 1 more is held"):
            journal.acquire(run, [THERE, HERE])

    def test_one_process_does_not_run_two_runs_on_one_scope(self, journal: Journal, tmp_path: Path) -> None:
        run, other = begun(journal, planned(1)), begun(journal, planned(1))
        journal.acquire(run, [HERE])
        with pytest.raises(ScopeHeld):
            journal.acquire(other, [HERE], force=True)
        with Journal.open(place(tmp_path)) as second, pytest.raises(ScopeHeld):
            second.acquire(run, [HERE], force=True)


class TestHeartbeat:
    def test_is_seen_by_others(self, tmp_path: Path) -> None:
        now = [NOW]
        with Journal.open(place(tmp_path), clock=lambda: now[0]) as journal:
            run = begun(journal, planned(1))
            journal.acquire(run, [HERE])
            now[0] += 15
            journal.heartbeat(run)
            now[0] += 5
            with Journal.open(place(tmp_path), clock=lambda: now[0]) as other:
                assert other.run(run).holder.heartbeat == NOW + 15
                with pytest.raises(ScopeHeld, match="last sign of life 5 s ago"):
                    other.acquire(other.begin(NEW_RUN), [HERE])

    def test_a_run_whose_lock_was_broken_learns_it(self, journal: Journal) -> None:
        run, other = begun(journal, planned(1)), begun(journal, planned(1))
        journal.acquire(run, [HERE, THERE])
        with journal._database.write() as connection:  # as if from a host that could not see this process
            connection.execute(locks.delete().where(locks.c.account == HERE.account))
        put_lock(journal, other, elsewhere())
        with pytest.raises(ScopeLocked, match=f"broken by run {other} .*build-7"):
            journal.heartbeat(run)


class TestImport:
    def test_of_a_dead_process_is_done_again(self, journal: Journal) -> None:
        run = journal.begin(NEW_RUN)
        put_lock(journal, run, dead())
        journal.import_plan(run, [planned(1)])

    def test_of_another_process_is_not_disturbed(self, journal: Journal) -> None:
        run = journal.begin(NEW_RUN)
        put_lock(journal, run, elsewhere())
        with pytest.raises(ScopeLocked, match=r"may still be planning in another process .*build-7"):
            journal.import_plan(run, [planned(1)])
