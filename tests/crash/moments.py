"""Twenty-five moments at which a process is killed: dice over its whole life, from start-up to last flush.

A moment is told by what the server or the journal shows and by some milliseconds after it, so that on a slow
machine as on a fast one each stage of a life is met.
"""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from tests.crash.scene import APIS, Scene, Script
from tests.crash.subject import Ended, Subject, until


class Stage(StrEnum):
    """What must have happened."""

    STARTED = "started"  # the process was started
    READING = "reading"  # a share of all APIs was read
    ENTERED = "entered"  # the journal knows of the run; locks and plan are on their way into it
    WRITING = "writing"  # a share of the writes that are left was made
    WRITTEN = "written"  # the last write was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`delay` seconds after the stage; `share` (0 to 1) of its reads or writes."""

    stage: Stage
    share: float = 0.0
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordeal:
    """What a run goes through.

    Attributes:
        moments: when it is killed: its first process, then whatever goes on with it.
        rest: whether to wait, after each kill, until the server is through with what was in flight.
        script: what goes wrong besides.
    """

    name: str
    moments: tuple[Moment, ...]
    rest: bool
    script: Script = ()


def kill_at(moment: Moment, scene: Scene, subject: Subject) -> Ended:
    """Kill at a moment, or bury the process when it has come to a good end before."""
    await_moment(moment, scene, subject)
    ended = subject.kill()
    assert ended.code in {0, -signal.SIGKILL}, ended.err
    return ended


def await_moment(moment: Moment, scene: Scene, subject: Subject) -> None:
    """Wait for a moment in the life of a process that was just started, or for its end."""
    reached = _watch(moment, scene)
    until(lambda: reached() or not subject.alive, f"{moment}")
    time.sleep(moment.delay)


def _watch(moment: Moment, scene: Scene) -> Callable[[], bool]:
    """Give the question whether the stage has come."""
    begun = scene.seen()
    runs = _runs(scene.journal)
    left = len(scene.truth.to_write - set(begun.writes))
    share = 1.0 if moment.stage is Stage.WRITTEN else moment.share

    def has_written() -> bool:
        return len(scene.seen().writes) - len(begun.writes) >= max(1, round(share * left))

    questions: Mapping[Stage, Callable[[], bool]] = {
        Stage.STARTED: lambda: True,
        Stage.READING: lambda: scene.seen().reads - begun.reads >= max(1, round(share * APIS)),
        Stage.ENTERED: lambda: _runs(scene.journal) > runs,
        Stage.WRITING: has_written,
        Stage.WRITTEN: has_written,
    }
    return questions[moment.stage]


def _runs(journal: Path) -> int:
    """Count a journal's runs as an onlooker, who neither makes it nor holds anyone up."""
    try:
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    except sqlite3.OperationalError:  # it is not there yet, or being made
        return 0
    return int(count)


_LIVES: Mapping[Stage, tuple[int, float]] = {
    Stage.STARTED: (4, 1.2),
    Stage.READING: (4, 0.05),
    Stage.ENTERED: (4, 0.025),
    Stage.WRITING: (9, 0.08),
    Stage.WRITTEN: (4, 0.16),
}
"""How many of the moments are in a stage, and the longest delay after it, in seconds."""

TROUBLE: Script = (
    {
        "match": {"operation": ["PutGatewayResponse", "DeleteGatewayResponse"], "every": 9},
        "fault": "cut_after",
    },
    {"match": {"operation": "PutGatewayResponse", "every": 11}, "fault": "cut_before"},
    {
        "match": {"operation": "PutGatewayResponse", "every": 14},
        "fault": {"service_error": {"status": 503, "applied": True}},
    },
)
"""Answers that never come, of writes that were made and of such that were not."""


def ordeals(seed: int = 20) -> list[Ordeal]:
    """Roll the dice. Every second gives the server rest, every third has trouble, every fourth dies twice."""
    dice = Random(seed)
    firsts = [
        (f"{stage}-{n}", _within(n, count, stage, longest, dice))
        for stage, (count, longest) in _LIVES.items()
        for n in range(count)
    ]
    return [
        Ordeal(
            name=name,
            moments=(first, *_again(dice, times=number % 4 == 1)),
            rest=number % 2 == 0,
            script=TROUBLE if number % 3 == 2 else (),
        )
        for number, (name, first) in enumerate(firsts)
    ]


def _within(number: int, count: int, stage: Stage, longest: float, dice: Random) -> Moment:
    """Roll within the `number`-th of `count` equal parts of a stage, so that each is met."""
    share, delay = ((number + dice.random()) / count for _ in range(2))
    return Moment(stage=stage, share=share, delay=delay * longest)


def _again(dice: Random, *, times: int) -> list[Moment]:
    """When whoever goes on is killed in its turn."""
    return [
        dice.choice(
            [
                Moment(stage=Stage.STARTED, delay=dice.uniform(0.2, 1.5)),
                Moment(stage=Stage.WRITING, share=dice.random(), delay=dice.uniform(0, 0.08)),
            ]
        )
        for _ in range(times)
    ]
