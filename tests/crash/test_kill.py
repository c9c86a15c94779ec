"""kill -9 at any moment, then resume: the end is right, nothing acknowledged is lost, little is repeated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.execution.upcoming import ahead_at
from tests.crash.moments import Ordeal, kill_at, ordeals
from tests.crash.scene import OPTIONS, Scene, staged
from tests.crash.wreck import Wreck


@pytest.fixture
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    with staged(tmp_path, script=request.param.script) as scene:
        yield scene


def go_on_and_die(scene: Scene, ordeal: Ordeal) -> int:
    """Let one process after the other die; give how many writes may be made again because of that.

    With a server at rest that is none: whoever goes on reads, and finds everything in doubt decided.
    """
    in_flight = 0
    for moment in ordeal.moments:
        subject = scene.start(scene.way_on)
        kill_at(moment, scene, subject)
        if ordeal.rest:
            scene.rest()
        wreck = scene.wreck
        check_write_ahead(scene, wreck)
        in_flight += 0 if ordeal.rest else min(scene.hands, len(wreck.in_doubt))
    return in_flight


def check_write_ahead(scene: Scene, wreck: Wreck) -> None:
    """Every write that was made is known to the journal, at least as one that may have been made.

    Beyond those in flight, few count as such: the next ones, whose intents were committed ahead.
    """
    made = set(scene.seen().writes)
    assert wreck.applied <= made
    assert made <= wreck.applied | wreck.in_doubt
    assert len(wreck.in_doubt - made) <= scene.hands + ahead_at(OPTIONS.rate) * OPTIONS.regions
    if not wreck.resumable:
        assert not made


@pytest.mark.parametrize(
    ("scene", "ordeal"), [pytest.param(o, o, id=o.name) for o in ordeals()], indirect=["scene"]
)
def test_killed_at_any_moment_a_run_is_finished(scene: Scene, ordeal: Ordeal) -> None:
    may_repeat = go_on_and_die(scene, ordeal)
    ended = scene.run(scene.way_on)
    assert ended.code == 0, ended.err
    assert scene.truth.wrong() == []
    assert ended.json["proves"], ended.out
    assert ended.json["applied"] + ended.json["unchanged"] == ended.json["expected"] == scene.truth.expected

    seen = scene.seen()
    assert set(seen.writes) == scene.wreck.applied == scene.truth.to_write
    assert scene.wreck.in_doubt == frozenset()
    assert seen.repeated <= may_repeat + seen.failures  # a 5xx is met by writing again, which is safe
    if ordeal.rest:
        assert seen.most_writing == 1
