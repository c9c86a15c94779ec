"""Ctrl-C. Once: no new call, those in flight finish and are journaled. Twice: now. Nothing is ever lost."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.crash.moments import Moment, Stage, await_moment
from tests.crash.scene import Scene, from_write, staged
from tests.crash.subject import Ended, Subject, until

WORKERS = 3
"""Per scope: six writes that take seconds keep everybody busy, and no other call can be on its way."""

BEFORE = 12
"""Writes that pass before the slow ones."""

PATIENCE_ASKED = 60
"""Seconds the service asks for, and the longest a client heeds."""


def start_and_get_busy(scene: Scene, arguments: list[str]) -> Subject:
    """Start a command and wait until each of its workers is in the middle of a write."""
    subject = scene.start(arguments)
    until(lambda: everybody_is_busy(scene), "a write in the hands of each worker")
    return subject


def everybody_is_busy(scene: Scene) -> bool:
    seen = scene.seen()
    return seen.sent >= BEFORE + scene.hands and seen.writing == scene.hands


def stop(scene: Scene, subject: Subject, number: signal.Signals = signal.SIGINT) -> Ended:
    """Signal once; no call may be made after the stop was announced."""
    subject.signal(number)
    subject.says("stopping: no new calls")
    announced = scene.seen()
    ended = subject.end()
    assert scene.seen().calls == announced.calls
    return ended


def finish(scene: Scene, stopped: Ended) -> None:
    """Do as it advised: all must come to a good end, with every write made once."""
    scene.suffer([])
    ended = scene.run([*stopped.advice, "--yes", "--output", "json"])
    assert ended.code == 0, ended.err
    assert scene.truth.wrong() == []
    assert ended.json["proves"], ended.out
    assert ended.json["applied"] + ended.json["unchanged"] == scene.truth.expected
    assert scene.seen().repeated == 0
    assert scene.wreck.applied == scene.truth.to_write


def check_stopped(scene: Scene, ended: Ended) -> None:
    """What was in flight is journaled, everything else is accounted for, and the way on is printed."""
    assert ended.code == 130, ended.err
    made, wreck = set(scene.seen().writes), scene.wreck
    assert wreck.applied == made
    assert wreck.in_doubt == frozenset()
    assert ended.json["stopped"]
    assert ended.json["proves"]
    assert ended.json["applied"] == len(made)
    assert ended.json["not_attempted"] == len(scene.truth.to_write) - len(made)
    assert ended.advice == ["resume", ended.json["run"], "--journal", str(scene.journal)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_once_what_is_in_flight_finishes_and_nothing_else_begins(
    tmp_path: Path, number: signal.Signals
) -> None:
    with staged(tmp_path, workers=WORKERS, script=from_write(BEFORE, {"slow": 3})) as scene:
        ended = stop(scene, start_and_get_busy(scene, scene.apply), number)
        assert len(scene.seen().writes) >= BEFORE + scene.hands
        check_stopped(scene, ended)
        finish(scene, ended)


def test_who_waits_for_the_quota_is_turned_away(tmp_path: Path) -> None:
    """The service asks for a minute's patience, and every worker waits: the stop does not."""
    with staged(tmp_path, script=from_write(BEFORE, {"retry_after": PATIENCE_ASKED})) as scene:
        subject = scene.start(scene.apply)
        until(lambda: everybody_waits(scene), "refusals in both scopes")
        time.sleep(0.5)  # the refusals are on their way
        asked = time.monotonic()
        ended = stop(scene, subject)
        assert time.monotonic() - asked < PATIENCE_ASKED / 2
        assert ended.code == 130, ended.err
        assert scene.wreck.applied == set(scene.seen().writes)
        assert ended.json["proves"]
        assert ended.json["not_attempted"] == len(scene.truth.to_write) - len(scene.seen().writes)
        finish(scene, ended)


def everybody_waits(scene: Scene) -> bool:
    seen = scene.seen()
    return seen.refusing == 2 and not seen.writing


def test_a_resume_is_stopped_and_resumed_just_so(tmp_path: Path) -> None:
    with staged(tmp_path, workers=WORKERS, script=from_write(BEFORE, {"slow": 3})) as scene:
        first = stop(scene, start_and_get_busy(scene, scene.apply))
        second = stop(scene, start_and_get_busy(scene, [*first.advice, "--yes", "--output", "json"]))
        check_stopped(scene, second)
        assert second.advice == first.advice
        finish(scene, second)


def test_twice_it_waits_for_nobody_and_what_never_was_made_is_made_later(tmp_path: Path) -> None:
    """The answers would take ten minutes; the server is gone before it makes the changes."""
    with staged(tmp_path, workers=WORKERS, script=from_write(BEFORE, {"slow": 600})) as scene:
        ended = stop_twice(scene, start_and_get_busy(scene, scene.apply))
        seen, wreck = scene.seen(), scene.wreck
        assert seen.writing == scene.hands
        assert wreck.applied == set(seen.writes)
        assert len(wreck.in_doubt) == scene.hands

        scene.serve()
        finish(scene, ended)
        assert set(scene.seen().writes) == scene.truth.to_write - set(seen.writes)


def test_twice_and_what_was_made_behind_its_back_is_found(tmp_path: Path) -> None:
    with staged(tmp_path, workers=WORKERS, script=from_write(BEFORE, {"slow": 4})) as scene:
        ended = stop_twice(scene, start_and_get_busy(scene, scene.apply))
        in_doubt = scene.wreck.in_doubt
        assert in_doubt <= set(scene.rest().writes)
        finish(scene, ended)


def stop_twice(scene: Scene, subject: Subject) -> Ended:
    """Signal, and again once the stop was announced."""
    subject.signal(signal.SIGINT)
    subject.says("stopping: no new calls")
    subject.signal(signal.SIGINT)
    ended = subject.end()
    assert ended.code == 130, ended.err
    assert "stopping now" in ended.err
    assert ended.out == ""
    assert scene.wreck.run in ended.advice
    return ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_while_it_plans_nothing_is_waited_for_or_left_behind(tmp_path: Path, number: signal.Signals) -> None:
    """The answers would take ten minutes, and a read changes nothing."""
    slow = {"match": {"operation": "GetGatewayResponses"}, "fault": {"slow": 600}}
    with staged(tmp_path, workers=WORKERS, script=[slow]) as scene:
        subject = scene.start(scene.apply)
        scene.await_reads(scene.hands)
        ended = stop(scene, subject, number)
        assert ended.code == 130, ended.err
        assert ended.out == ""
        assert "batchgw resume" not in ended.err
        assert scene.wreck.run is None
        assert [*tmp_path.glob("*.plan"), *tmp_path.glob(".batchgw-*")] == []
        scene.suffer([])
        scene.serve()
        assert scene.run(scene.apply).code == 0
        assert scene.truth.wrong() == []


def test_however_often_it_is_asked_no_plan_is_left_and_no_traceback_shown(tmp_path: Path) -> None:
    slow = {"match": {"operation": "GetGatewayResponses"}, "fault": {"slow": 600}}
    with staged(tmp_path, workers=WORKERS, script=[slow]) as scene:
        subject = scene.start(scene.apply)
        scene.await_reads(scene.hands)
        while subject.alive:
            subject.signal(signal.SIGINT)
            time.sleep(0.002)
        ended = subject.end()
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
def test_whenever_it_comes_all_that_was_made_is_known(tmp_path: Path, moment: Moment) -> None:
    """While it starts or ends, the process may not get to say a word; it may also be through already."""
    with staged(tmp_path) as scene:
        subject = scene.start(scene.apply)
        await_moment(moment, scene, subject)
        subject.signal(signal.SIGINT)
        assert subject.end().code in {0, 130, -signal.SIGINT}
        assert scene.wreck.applied == set(scene.seen().writes)
        assert scene.run(scene.way_on).code == 0
        assert scene.truth.wrong() == []
        assert scene.seen().repeated == 0
