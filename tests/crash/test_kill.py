"""A run is killed with SIGKILL at any moment, and resumed. The end is right, and few writes are repeated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.execution.writing.upcoming import ahead_at
from tests.crash.journaled import Journaled
from tests.crash.moments import Case, cases, kill_at
from tests.crash.scene import OPTIONS, Scene, staged


@pytest.fixture
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    with staged(tmp_path, script=request.param.script) as scene:
        yield scene


def start_and_kill(scene: Scene, case: Case) -> int:
    """Start and kill one process after the other. Returns how many writes may be repeated because of that.

    None if the server settles before the next process starts: that process reads what is in doubt.
    """
    in_flight = 0
    for moment in case.moments:
        process = scene.start(scene.next_command)
        kill_at(moment, scene, process)
        if case.settles:
            scene.settle()
        journaled = scene.journaled
        check_write_ahead(scene, journaled)
        in_flight += 0 if case.settles else min(scene.all_workers, len(journaled.in_doubt))
    return in_flight


def check_write_ahead(scene: Scene, journaled: Journaled) -> None:
    """The journal has each write that was made: as applied, or as in doubt.

    Writes in doubt that were not made are few: those in flight, and those whose intents were committed ahead.
    """
    made = set(scene.seen().writes)
    assert journaled.applied <= made
    assert made <= journaled.applied | journaled.in_doubt
    assert len(journaled.in_doubt - made) <= scene.all_workers + ahead_at(OPTIONS.rate) * OPTIONS.regions
    if not journaled.resumable:
        assert not made


@pytest.mark.parametrize(
    ("scene", "case"), [pytest.param(each, each, id=each.name) for each in cases()], indirect=["scene"]
)
def test_a_run_killed_at_any_moment_is_finished_by_a_resume(scene: Scene, case: Case) -> None:
    may_repeat = start_and_kill(scene, case)
    ended = scene.run(scene.next_command)
    assert ended.code == 0, ended.err
    assert scene.truth.wrong() == []
    assert ended.json["proves"], ended.out
    assert ended.json["applied"] + ended.json["unchanged"] == ended.json["expected"] == scene.truth.expected

    seen = scene.seen()
    assert set(seen.writes) == scene.journaled.applied == scene.truth.to_write
    assert scene.journaled.in_doubt == frozenset()
    assert seen.repeated <= may_repeat + seen.failures  # after a 5xx a write is made again, which is safe
    if case.settles:
        assert seen.most_writing == 1
