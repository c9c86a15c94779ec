"""One run at a time per account-region. A second run is refused, but it can take the place of a dead one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.process import Ended, Process, until
from tests.crash.scene import Scene, staged


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with staged(tmp_path, workers=3) as scene:
        yield scene


def started(scene: Scene, arguments: list[str], *, writes: int = 10) -> Process:
    """Start a command and let it make some writes."""
    process = scene.start(arguments)
    until(lambda: len(scene.seen().writes) >= writes or not process.alive, f"{writes} writes")
    assert process.alive, process.err
    return process


@contextmanager
def held_still(process: Process) -> Iterator[None]:
    """During the block the process is alive and does nothing, as after Ctrl-Z."""
    process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.signal(signal.SIGCONT)


def check_refused(ended: Ended, holder: Process, run: str | None) -> None:
    assert ended.code == 75, ended.err
    assert ended.out == ""
    assert run is not None
    assert run in ended.err
    assert f"pid {holder.pid} " in ended.err


def test_while_a_run_is_alive_a_second_one_is_refused_and_names_it(scene: Scene) -> None:
    """An apply and a resume are refused, even with --force-lock."""
    first = started(scene, scene.apply)
    with held_still(first):
        before, run = scene.settle().writes, scene.journaled.run
        for second in (
            scene.apply,
            [*scene.apply, "--force-lock"],
            [*scene.resume(run or ""), "--force-lock"],
        ):
            refused = scene.run(second)
            check_refused(refused, first, run)
            assert "It is still running" in refused.err
            assert "--force-lock does not break it" in refused.err
        assert scene.seen().writes == before
    assert first.end().code == 0
    assert scene.truth.wrong() == []
    assert scene.seen().repeated == 0


def test_a_run_locks_no_other_scopes(scene: Scene) -> None:
    first = started(scene, [*scene.apply, "--region", "eu-west-1"])
    with held_still(first):
        second = scene.run([*scene.apply, "--region", "us-east-1"])
        assert second.code == 0, second.err
        assert [scope["region"] for scope in second.json["scopes"]] == ["us-east-1"]
    assert first.end().code == 0
    assert scene.truth.wrong() == []
    assert scene.seen().repeated == 0


def test_a_dead_run_s_lock_is_named_and_force_lock_breaks_it(scene: Scene) -> None:
    dead = started(scene, scene.apply)
    dead.kill()
    before, run = scene.settle().writes, scene.journaled.run
    refused = scene.run(scene.apply)
    check_refused(refused, dead, run)
    assert "is dead" in refused.err
    assert f"`batchgw resume {run}`" in refused.err
    assert "--take-over-dead" in refused.err
    assert scene.seen().writes == before

    forced = scene.run([*scene.apply, "--force-lock"])
    assert forced.code == 0, forced.err
    assert scene.truth.wrong() == []
    assert scene.seen().repeated == 0


def test_a_run_that_died_before_it_had_a_plan_does_not_block_the_next_one(scene: Scene) -> None:
    """It is killed while it reads a saved plan's APIs again. It has its locks, and nothing to resume."""
    policy, plan = str(scene.folder / "policy.yaml"), str(scene.folder / "saved")
    assert scene.run(["plan", policy, "--out", plan, "--output", "json"]).code == 2
    apply = ["apply", "--plan", plan, "--yes", "--journal", str(scene.journal), "--output", "json"]
    scene.set_faults([{"match": {"operation": "GetGatewayResponses"}, "fault": {"slow": 60}}])
    planned = scene.seen().reads
    dead = scene.start(apply)
    scene.await_reads(planned + 1)
    dead.kill()
    scene.set_faults([])

    resumed = scene.run(scene.resume())
    assert resumed.code == 64, resumed.err
    assert "ended before it had a plan: give its command again; its process (pid" in resumed.err
    assert "is dead" in resumed.err
    assert "under way" not in resumed.err
    shown = scene.run(["runs", "show", "last", "--journal", str(scene.journal), "--output", "json"])
    summary = shown.json["summary"]
    assert (summary["planned"], summary["proves"], summary["exit_code"]) == (False, False, 4)
    told = scene.run(["runs", "show", "last", "--journal", str(scene.journal)])
    assert "it has written nothing" in told.out
    assert "Done" not in told.out
    applied = scene.run(apply)
    assert applied.code == 0, applied.err
    assert scene.truth.wrong() == []


def test_two_resumes_at_once_repeat_no_write(scene: Scene) -> None:
    """The second one is refused, or finds nothing left to do."""
    started(scene, scene.apply).kill()
    scene.settle()
    resume = scene.resume(scene.journaled.run or "")
    ended = [process.end() for process in [scene.start(resume) for _ in range(2)]]
    assert sorted(each.code for each in ended) in ([0, 0], [0, 75]), [each.err for each in ended]
    assert scene.truth.wrong() == []
    assert scene.journaled.applied == scene.truth.to_write
    assert scene.seen().repeated == 0
