"""Twenty-five random moments at which a process is killed: from its start to its last flush.

A moment is a stage that the server or the journal shows, and some milliseconds after it. So every stage is
met, on a slow machine as well as on a fast one.
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

from tests.crash.process import Ended, Process, until
from tests.crash.scene import APIS, Scene, Script


class Stage(StrEnum):
    """How far a process has come."""

    STARTED = "started"  # the process was started
    READING = "reading"  # a share of all APIs was read
    ENTERED = "entered"  # the journal has the run; its locks and its plan are being written
    WRITING = "writing"  # a share of the remaining writes was made
    WRITTEN = "written"  # the last write was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`delay` seconds after the stage; `share` (0 to 1) of its reads or writes."""

    stage: Stage
    share: float = 0.0
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """When a run is killed, and what else goes wrong.

    Attributes:
        name: the test's id.
        moments: when the first process is killed, and then each process that continues the run.
        settles: whether to wait after each kill until no write is in flight.
        script: the server's faults.
    """

    name: str
    moments: tuple[Moment, ...]
    settles: bool
    script: Script = ()


def kill_at(moment: Moment, scene: Scene, process: Process) -> Ended:
    """Kill the process at a moment. It may also have ended before, with success."""
    await_moment(moment, scene, process)
    ended = process.kill()
    assert ended.code in {0, -signal.SIGKILL}, ended.err
    return ended


def await_moment(moment: Moment, scene: Scene, process: Process) -> None:
    """Wait for a moment in the life of a process that was just started, or for its end."""
    reached = _watch(moment, scene)
    until(lambda: reached() or not process.alive, f"{moment}")
    time.sleep(moment.delay)


def _watch(moment: Moment, scene: Scene) -> Callable[[], bool]:
    """Return a function that says whether the moment's stage is reached."""
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
    """Count a journal's runs. This neither makes the journal nor locks it."""
    try:
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    except sqlite3.OperationalError:  # the journal is not there yet, or is being made
        return 0
    return int(count)


_STAGES: Mapping[Stage, tuple[int, float]] = {
    Stage.STARTED: (4, 1.2),
    Stage.READING: (4, 0.05),
    Stage.ENTERED: (4, 0.025),
    Stage.WRITING: (9, 0.08),
    Stage.WRITTEN: (4, 0.16),
}
"""For each stage: how many moments are in it, and the longest delay after it, in seconds."""

FAULTS: Script = (
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
"""Some answers never come: of writes that were made, and of writes that were not."""


def cases(seed: int = 20) -> list[Case]:
    """All cases. In every second one the server settles, every third has faults, every fourth two kills."""
    random = Random(seed)
    firsts = [
        (f"{stage}-{n}", _within(n, count, stage, longest, random))
        for stage, (count, longest) in _STAGES.items()
        for n in range(count)
    ]
    return [
        Case(
            name=name,
            moments=(first, *_again(random, times=number % 4 == 1)),
            settles=number % 2 == 0,
            script=FAULTS if number % 3 == 2 else (),
        )
        for number, (name, first) in enumerate(firsts)
    ]


def _within(number: int, count: int, stage: Stage, longest: float, random: Random) -> Moment:
    """A random moment in the `number`-th of `count` equal parts of a stage."""
    share, delay = ((number + random.random()) / count for _ in range(2))
    return Moment(stage=stage, share=share, delay=delay * longest)


def _again(random: Random, *, times: int) -> list[Moment]:
    """Random moments at which the processes that continue the run are killed."""
    return [
        random.choice(
            [
                Moment(stage=Stage.STARTED, delay=random.uniform(0.2, 1.5)),
                Moment(stage=Stage.WRITING, share=random.random(), delay=random.uniform(0, 0.08)),
            ]
        )
        for _ in range(times)
    ]
