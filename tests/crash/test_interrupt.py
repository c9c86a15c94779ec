"""Ctrl-C.

After the first, no call begins; calls in flight finish and are journaled. The second ends the process at
once. Nothing is lost either way.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.crash.moments import Moment, Stage, await_moment
from tests.crash.process import Ended, Process, until
from tests.crash.scene import Scene, from_write, staged

WORKERS = 3
"""Per scope. In two scopes, six writes that take seconds keep all workers busy, so no call can begin."""

BEFORE = 12
"""Writes that succeed before the slow ones."""

RETRY_AFTER = 60
"""Seconds that the service asks to wait, and the longest that a client waits."""


def start_and_get_busy(scene: Scene, arguments: list[str]) -> Process:
    """Start a command, and wait until each of its workers is making a write."""
    process = scene.start(arguments)
    until(lambda: all_are_busy(scene), "a write of each worker in flight")
    return process


def all_are_busy(scene: Scene) -> bool:
    seen = scene.seen()
    return seen.sent >= BEFORE + scene.all_workers and seen.writing == scene.all_workers


def stop(scene: Scene, process: Process, number: signal.Signals = signal.SIGINT) -> Ended:
    """Signal once. No call may be made after the stop was announced."""
    process.signal(number)
    process.await_message("stopping: no new calls")
    announced = scene.seen()
    ended = process.end()
    assert scene.seen().calls == announced.calls
    return ended


def finish(scene: Scene, stopped: Ended) -> None:
    """Run the command that it advised. Everything must be done then, with every write made once."""
    scene.set_faults([])
    ended = scene.run([*stopped.advice, "--yes", "--output", "json"])
    assert ended.code == 0, ended.err
    assert scene.truth.wrong() == []
    assert ended.json["proves"], ended.out
    assert ended.json["applied"] + ended.json["unchanged"] == scene.truth.expected
    assert scene.seen().repeated == 0
    assert scene.journaled.applied == scene.truth.to_write


def check_stopped(scene: Scene, ended: Ended) -> None:
    """What was in flight is journaled, all else is not attempted, and the resume command is printed."""
    assert ended.code == 130, ended.err
    made, journaled = set(scene.seen().writes), scene.journaled
    assert journaled.applied == made
    assert journaled.in_doubt == frozenset()
    assert ended.json["stopped"]
    assert ended.json["proves"]
    assert ended.json["applied"] == len(made)
    assert ended.json["not_attempted"] == len(scene.truth.to_write) - len(made)
    assert ended.advice == ["resume", ended.json["run"], "--journal", str(scene.journal)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_one_signal_calls_in_flight_finish_and_no_call_begins(
    tmp_path: Path, number: signal.Signals
) -> None:
    with staged(tmp_path, workers=WORKERS, script=from_write(BEFORE, {"slow": 3})) as scene:
        ended = stop(scene, start_and_get_busy(scene, scene.apply), number)
        assert len(scene.seen().writes) >= BEFORE + scene.all_workers
        check_stopped(scene, ended)
        finish(scene, ended)


def test_a_stop_does_not_wait_for_the_quota(tmp_path: Path) -> None:
    """The service asks to wait a minute, and every worker waits."""
    with staged(tmp_path, script=from_write(BEFORE, {"retry_after": RETRY_AFTER})) as scene:
        process = scene.start(scene.apply)
        until(lambda: all_wait(scene), "refusals in both scopes")
        time.sleep(0.5)  # the refusals are on their way
        asked = time.monotonic()
        ended = stop(scene, process)
        assert time.monotonic() - asked < RETRY_AFTER / 2
        assert ended.code == 130, ended.err
        assert scene.journaled.applied == set(scene.seen().writes)
        assert ended.json["proves"]
        assert ended.json["not_attempted"] == len(scene.truth.to_write) - len(scene.seen().writes)
        finish(scene, ended)


def all_wait(scene: Scene) -> bool:
    seen = scene.seen()
    return seen.refusing == 2 and not seen.writing


def test_a_resume_can_be_stopped_and_resumed_like_an_apply(tmp_path: Path) -> None:
    with staged(tmp_path, workers=WORKERS, script=from_write(BEFORE, {"slow": 3})) as scene:
        first = stop(scene, start_and_get_busy(scene, scene.apply))
        second = stop(scene, start_and_get_busy(scene, [*first.advice, "--yes", "--output", "json"]))
        check_stopped(scene, second)
        assert second.advice == first.advice
        finish(scene, second)


def test_the_second_signal_ends_at_once_and_a_resume_makes_the_writes_that_were_cut(tmp_path: Path) -> None:
    """The answers would take ten minutes. The server is stopped before it makes the changes."""
    with staged(tmp_path, workers=WORKERS, script=from_write(BEFORE, {"slow": 600})) as scene:
        ended = stop_twice(scene, start_and_get_busy(scene, scene.apply))
        seen, journaled = scene.seen(), scene.journaled
        assert seen.writing == scene.all_workers
        assert journaled.applied == set(seen.writes)
        assert len(journaled.in_doubt) == scene.all_workers

        scene.serve()
        finish(scene, ended)
        assert set(scene.seen().writes) == scene.truth.to_write - set(seen.writes)


def test_after_the_second_signal_a_resume_finds_the_writes_that_were_made_meanwhile(tmp_path: Path) -> None:
    with staged(tmp_path, workers=WORKERS, script=from_write(BEFORE, {"slow": 4})) as scene:
        ended = stop_twice(scene, start_and_get_busy(scene, scene.apply))
        in_doubt = scene.journaled.in_doubt
        assert in_doubt <= set(scene.settle().writes)
        finish(scene, ended)


def stop_twice(scene: Scene, process: Process) -> Ended:
    """Signal once, and once more when the stop was announced."""
    process.signal(signal.SIGINT)
    process.await_message("stopping: no new calls")
    process.signal(signal.SIGINT)
    ended = process.end()
    assert ended.code == 130, ended.err
    assert "stopping now" in ended.err
    assert ended.out == ""
    assert scene.journaled.run in ended.advice
    return ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_while_a_plan_is_made_one_signal_ends_at_once_and_leaves_no_file(
    tmp_path: Path, number: signal.Signals
) -> None:
    """The answers would take ten minutes. Reads change nothing, so they need not finish."""
    slow = {"match": {"operation": "GetGatewayResponses"}, "fault": {"slow": 600}}
    with staged(tmp_path, workers=WORKERS, script=[slow]) as scene:
        process = scene.start(scene.apply)
        scene.await_reads(scene.all_workers)
        ended = stop(scene, process, number)
        assert ended.code == 130, ended.err
        assert ended.out == ""
        assert "batchgw resume" not in ended.err
        assert scene.journaled.run is None
        assert [*tmp_path.glob("*.plan"), *tmp_path.glob(".batchgw-*")] == []
        scene.set_faults([])
        scene.serve()
        assert scene.run(scene.apply).code == 0
        assert scene.truth.wrong() == []


def test_many_signals_leave_no_plan_and_show_no_traceback(tmp_path: Path) -> None:
    slow = {"match": {"operation": "GetGatewayResponses"}, "fault": {"slow": 600}}
    with staged(tmp_path, workers=WORKERS, script=[slow]) as scene:
        process = scene.start(scene.apply)
        scene.await_reads(scene.all_workers)
        while process.alive:
            process.signal(signal.SIGINT)
            time.sleep(0.002)
        ended = process.end()
        assert ended.code in {130, -signal.SIGINT}, ended.err
        assert "Traceback" not in ended.err
        assert [*tmp_path.glob("*.plan"), *tmp_path.glob(".batchgw-*")] == []


@pytest.mark.parametrize(
    "moment",
    [
        Moment(stage=Stage.STARTED, delay=0.6),
        Moment(stage=Stage.ENTERED, delay=0.0),
        Moment(stage=Stage.WRITING, share=0.4, delay=0.0),
        Moment(stage=Stage.WRITTEN, delay=0.0),
    ],
    ids=lambda moment: moment.stage,
)
def test_after_a_signal_at_any_moment_the_journal_has_every_write_that_was_made(
    tmp_path: Path, moment: Moment
) -> None:
    """While the process starts or ends, it may print nothing. It may also have ended before the signal."""
    with staged(tmp_path) as scene:
        process = scene.start(scene.apply)
        await_moment(moment, scene, process)
        process.signal(signal.SIGINT)
        assert process.end().code in {0, 130, -signal.SIGINT}
        assert scene.journaled.applied == set(scene.seen().writes)
        assert scene.run(scene.next_command).code == 0
        assert scene.truth.wrong() == []
        assert scene.seen().repeated == 0
