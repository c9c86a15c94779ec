"""One run at a time per account-region: who comes second is told of the first; the dead can be displaced."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.scene import Scene, staged
from tests.crash.subject import Ended, Subject, until


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with staged(tmp_path, workers=3) as scene:
        yield scene


def started(scene: Scene, arguments: list[str], *, writes: int = 10) -> Subject:
    """Start a command and let it make some writes."""
    subject = scene.start(arguments)
    until(lambda: len(scene.seen().writes) >= writes or not subject.alive, f"{writes} writes")
    assert subject.alive, subject.err
    return subject


@contextmanager
def held_still(subject: Subject) -> Iterator[None]:
    """For the length of the block the process lives and does nothing, as under Ctrl-Z."""
    subject.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        subject.signal(signal.SIGCONT)


def check_refused(ended: Ended, holder: Subject, run: str | None) -> None:
    assert ended.code == 75, ended.err
    assert ended.out == ""
    assert run is not None
    assert run in ended.err
    assert f"pid {holder.pid} " in ended.err


def test_the_second_of_two_is_refused_and_told_who_is_first(scene: Scene) -> None:
    """Whether it would apply or resume, and even by force, while the first is alive."""
    first = started(scene, scene.apply)
    with held_still(first):
        before, run = scene.rest().writes, scene.wreck.run
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


def test_other_scopes_are_free(scene: Scene) -> None:
    first = started(scene, [*scene.apply, "--region", "eu-west-1"])
    with held_still(first):
        second = scene.run([*scene.apply, "--region", "us-east-1"])
        assert second.code == 0, second.err
        assert [scope["region"] for scope in second.json["scopes"]] == ["us-east-1"]
    assert first.end().code == 0
    assert scene.truth.wrong() == []
    assert scene.seen().repeated == 0


def test_the_lock_of_the_dead_is_named_and_broken_by_force(scene: Scene) -> None:
    dead = started(scene, scene.apply)
    dead.kill()
    before, run = scene.rest().writes, scene.wreck.run
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


def test_who_died_before_the_plan_was_complete_holds_nobody_up(scene: Scene) -> None:
    """Killed while it reads again what a saved plan will change: it has its locks, and nothing to resume."""
    policy, plan = str(scene.folder / "policy.yaml"), str(scene.folder / "saved")
    assert scene.run(["plan", policy, "--out", plan, "--output", "json"]).code == 2
    apply = ["apply", "--plan", plan, "--yes", "--journal", str(scene.journal), "--output", "json"]
    scene.suffer([{"match": {"operation": "GetGatewayResponses"}, "fault": {"slow": 60}}])
    planned = scene.seen().reads
    dead = scene.start(apply)
    scene.await_reads(planned + 1)
    dead.kill()
    scene.suffer([])

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


def test_of_two_who_resume_at_once_one_does(scene: Scene) -> None:
    started(scene, scene.apply).kill()
    scene.rest()
    resume = scene.resume(scene.wreck.run or "")
    ended = [subject.end() for subject in [scene.start(resume) for _ in range(2)]]
    assert sorted(each.code for each in ended) in ([0, 0], [0, 75]), [each.err for each in ended]
    assert scene.truth.wrong() == []
    assert scene.wreck.applied == scene.truth.to_write
    assert scene.seen().repeated == 0
