"""Kills a rollout, or its way back, at one moment, lets it be gone on with, and says what is wrong then."""

from __future__ import annotations

import copyreg
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

from batchgw import api
from batchgw.control_plane.interface import Request
from batchgw.control_plane.operations import CreateDeployment, UpdateStage
from batchgw.control_plane.operations.ssm import GetCalendarState
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.execution.rollout.conduct import Conduct
from batchgw.exit_codes import LOCKED
from batchgw.journal import open_journal
from batchgw.planning.plan_file.plan import Plan
from batchgw.simulator.plane import SimulatedControlPlane
from tests.crash.rollouts.process import Forked, Task, fork, journaled
from tests.crash.rollouts.remote import AFTER, BEFORE, Moment, serve
from tests.crash.rollouts.world import GATES, SmallEstate, Truth
from tests.scenarios.deploying.staged import state
from tests.scenarios.waves.rolled import clock
from tests.virtual import virtually

FAULTS: Sequence[Mapping[str, object]] = (
    {"match": {"operation": ["PutGatewayResponse", "UpdateStage"], "every": 5}, "fault": "cut_after"},
    {"match": {"operation": "CreateDeployment", "every": 2}, "fault": "cut_after"},
    {"match": {"operation": "UpdateStage", "every": 7}, "fault": "cut_before"},
)
"""Some answers never come: of writes that were made, and of writes that were not."""

copyreg.pickle(
    MappingProxyType, lambda view: (MappingProxyType, (dict(view),))
)  # so that worlds can be copied

EMPTY = "empty.db"
"""A journal without runs: to make one takes as many statements as a rollout."""

OVER = "over.db"
"""One with a rollout that is over."""


@dataclass(kw_only=True)
class Scene:
    """A world, a journal, and the processes that work on them one after the other."""

    truth: Truth
    folder: Path
    estate: SmallEstate
    script: Sequence[Mapping[str, object]] = ()
    run: str = ""
    calls: list[Request[Any]] = field(default_factory=list)
    processes: int = 0

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def start(self, *, kill_at: Moment | None = None) -> tuple[int, dict[str, Any]]:
        """Run a process to its end. Gives its exit code, and what it has told by then."""
        process = self.fork(kill_at=kill_at)
        told = serve(process.pipe, self.plane(), self.calls.append)
        return process.code(), told

    def fork(self, *, kill_at: Moment | None = None, only: str | None = None) -> Forked:
        """Start a process, which is then to be served."""
        task = Task(
            journal=self.journal,
            account=self.estate.account,
            plan=None if self.run else self.truth.plan,
            run=self.run,
            only=only,
            number=self.processes,
            kill_at=kill_at,
        )
        self.processes += 1
        return fork(task)

    def plane(self) -> SimulatedControlPlane:
        return self.estate.simulated(self.script)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A rollout that nobody has killed: its moments, and what it has left."""

    truth: Truth
    folder: Path
    before: Mapping[str, Any]
    after: SmallEstate
    run: str
    moments: Sequence[Moment]
    moments_back: Sequence[Moment]


def done(truth: Truth, folder: Path) -> Done:
    """Roll out a plan, and take it back."""
    folder.mkdir()
    _make_empty(folder / EMPTY)
    shutil.copy(folder / EMPTY, folder / "journal.db")
    scene = Scene(truth=truth, folder=folder, estate=SmallEstate(truth.seed))
    before = state(scene.estate)
    code, told = scene.start()
    assert code == 0, told
    shutil.copy(scene.journal, folder / OVER)
    after = deepcopy(scene.estate)
    scene.run = told["ended"]["run"]
    code, back = scene.start()
    assert code == 0, back
    return Done(
        truth=truth,
        folder=folder,
        before=before,
        after=after,
        run=scene.run,
        moments=told["moments"],
        moments_back=back["moments"],
    )


def rollout(first: Done, folder: Path, moments: Sequence[Moment], *, faults: bool) -> list[str]:
    """Kill a rollout at its first moment, its resume at the second, and so on. Gives what is wrong then."""
    truth, folder = first.truth, _new(folder)
    shutil.copy(first.folder / EMPTY, folder / "journal.db")
    scene = Scene(truth=truth, folder=folder, estate=SmallEstate(truth.seed), script=FAULTS if faults else ())
    code, told, again = _killed_and_resumed(scene, moments)
    if code != 0:
        return [f"the last resume ended with {code}: {told}"]
    ended = told["ended"]
    return [
        *again,
        *_outcomes(ended, truth.targets),
        *_gates(told.get("found"), ended),
        *_order(scene.calls, truth.wave_of),
        *_moved(scene.calls, truth.stages),
        *_as_planned(scene.estate, first, ended["run"]),
    ]


def rollback(first: Done, folder: Path, moments: Sequence[Moment], *, faults: bool) -> list[str]:
    """Do the same with the way back of a run that is over."""
    truth, folder = first.truth, _new(folder)
    shutil.copy(first.folder / OVER, folder / "journal.db")
    scene = Scene(
        truth=truth,
        folder=folder,
        estate=deepcopy(first.after),
        run=first.run,
        script=FAULTS if faults else (),
        processes=1,
    )
    deployments = scene.estate.deployments()
    code, told, again = _killed_and_resumed(scene, moments)
    if code != 0:
        return [f"the last process ended with {code}: {told}"]
    return [
        *again,
        *_outcomes(told["ended"], _changed(first)),
        *_gates(told.get("found"), told["ended"], gates=()),
        *_moved(scene.calls, truth.stages),
        *(["the world is not as it was before"] if state(scene.estate) != first.before else []),
        *(["a deployment came or went"] if scene.estate.deployments() != deployments else []),
        *(["a snapshot was taken"] if any(isinstance(c, CreateDeployment) for c in scene.calls) else []),
    ]


def second(first: Done, folder: Path, verb: str) -> list[str]:
    """Give a verb for a run that another process works on, which lives. Gives what is wrong then."""
    folder = _new(folder)
    shutil.copy(first.folder / EMPTY, folder / "journal.db")
    scene = Scene(truth=first.truth, folder=folder, estate=SmallEstate(first.truth.seed))
    holder, plane = scene.fork(), scene.plane()
    serve(holder.pipe, plane, scene.calls.append, until=lambda call: call.operation.writes)
    made = len(scene.calls)
    other = scene.fork(only=verb)
    told = serve(other.pipe, scene.plane(), scene.calls.append)
    code, refused = other.code(), told.get("refused", "")
    wrong = []
    if code != LOCKED or f"pid {holder.pid} " not in refused:
        wrong.append(f"{verb} ended with {code}: {refused}")
    if len(scene.calls) > made:
        wrong.append(f"{verb} made calls: {scene.calls[made:]}")
    told = serve(holder.pipe, plane, scene.calls.append)
    if (code := holder.code()) != 0:
        return [*wrong, f"the process that held the run ended with {code}"]
    return [*wrong, *_as_planned(scene.estate, first, told["ended"]["run"])]


def moments(known: Sequence[Moment], count: int, seed: int) -> Iterator[tuple[list[Moment], bool]]:
    """Choose random moments, and whether there are faults. After every fourth a second one follows.

    Every other moment is one in its part of the whole time. Between these, each kind of call has its turn:
    most moments are statements, and the few around a snapshot are what counts.
    """
    random = Random(seed)
    of_calls = sorted({what for what, _ in known if what.startswith((BEFORE, AFTER))})
    random.shuffle(of_calls)
    for number in range(count):
        if number % 2:
            what = of_calls[number // 2 % len(of_calls)]
            moment = random.choice([each for each in known if each[0] == what])
        else:
            moment = known[int((number + random.random()) / count * len(known))]
        yield [moment, *([random.choice(known)] if number % 4 == 1 else [])], number % 3 == 2


def _make_empty(file: Path) -> None:
    async def main() -> None:
        async with open_journal(str(file)):
            pass

    virtually(main)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _killed_and_resumed(scene: Scene, kill_at: Sequence[Moment]) -> tuple[int, dict[str, Any], list[str]]:
    """Start processes that are killed, and one that is not. Also gives which gates were not asked again."""
    wrong = list[str]()
    for moment in kill_at:
        code, told = scene.start(kill_at=moment)
        if code not in (0, -signal.SIGKILL):  # a resume may end before its moment comes
            wrong.append(f"a process that was to be killed ended with {code}: {told}")
    code, told = scene.start()
    return code, told, wrong


def _changed(first: Done) -> frozenset[tuple[str, str, str]]:
    """Give the targets that a run has changed."""
    after = state(first.after)
    return frozenset(
        (api, kind, str(getattr(name, "value", name)))
        for api, was in first.before.items()
        for kind, old, new in zip(("response", "stage"), was, after[api], strict=True)
        for name in {*old, *new}
        if old.get(name) != new.get(name)
    )


def _outcomes(ended: dict[str, Any], targets: frozenset[tuple[str, str, str]]) -> Iterator[str]:
    outcomes = ended["outcomes"]
    if len(outcomes) != len(targets) or {target for target, _ in outcomes} != targets:
        yield f"not one outcome for each target: {outcomes}"
    if bad := [each for each in outcomes if each[1] not in ("Applied", "Unchanged")]:
        yield f"not done: {bad}"


def _gates(
    found: dict[str, Any] | None, ended: dict[str, Any], gates: Sequence[Any] = GATES
) -> Iterator[str]:
    """The gates of a wave that had not passed at the kill are asked after it, whatever they said before."""
    if set(ended["waves"].values()) != {"passed"}:
        yield f"waves did not pass: {ended['waves']}"
    begun = {} if found is None else found["waves"]
    known = 0 if found is None else len(found["checks"])
    since = set(ended["checks"][known:])
    for wave in ended["waves"]:
        if begun.get(wave) != "passed":
            yield from (
                f"gate {gate.name} of wave {wave}, which was {begun.get(wave)}, was not asked again"
                for gate in gates
                if (wave, gate.name, "pass") not in since
            )


def _order(calls: Sequence[Request[Any]], wave_of: Mapping[str, int]) -> Iterator[str]:
    """No wave is written to before the one before was written and its last gate asked."""
    reached, asked = 1, False
    for call in calls:
        if isinstance(call, GetCalendarState):
            asked = True
        if not call.operation.writes:
            continue
        wave = wave_of[str(call.api_id)]
        if wave < reached:
            yield f"{call} belongs to wave {wave}, and wave {reached} had begun"
        elif wave > reached:
            if wave != reached + 1 or not asked:
                yield f"{call} belongs to wave {wave}, and wave {reached} had not passed"
            reached = wave
        asked = False


def _moved(calls: Sequence[Request[Any]], stages: frozenset[tuple[str, str]]) -> Iterator[str]:
    for call in calls:
        if isinstance(call, UpdateStage) and (str(call.api), call.stage) not in stages:
            yield f"nobody asked for {call}"


def _as_planned(estate: SmallEstate, first: Done, run: str) -> Iterator[str]:
    """The world is as after a rollout that nobody killed, but for the names of the snapshots."""
    now, wanted, snapshots = state(estate), state(first.after), estate.snapshots(run)
    for id_, found in snapshots.items():
        if len(found) > 1:
            yield f"{id_} has {len(found)} snapshots of the run"
    added = {id_: there - first.after.deployments()[id_] for id_, there in estate.deployments().items()}
    for id_, (own, stages) in now.items():
        snapshot = snapshots[id_][0] if snapshots[id_] else None
        if own != wanted[id_][0]:
            yield f"{id_} is not as planned: {own}"
        if added[id_] - {snapshot}:
            yield f"{id_} has deployments that nobody asked for: {added[id_]}"
        if set(stages) != set(wanted[id_][1]):
            yield f"{id_} has other stages than before: {set(stages)}"
        for stage, shown in stages.items():
            moved = (id_, stage) in first.truth.stages
            if shown != ((snapshot, None) if moved else first.before[id_][1].get(stage)):
                yield f"stage {stage} of {id_} shows {shown}"


def warm(truth: Truth, folder: Path) -> None:
    """Do in this process what others will do, so that they find everything loaded and compiled."""
    estate, journal = SmallEstate(truth.seed), folder / "warm.db"
    journal.unlink(missing_ok=True)

    async def main() -> None:
        plane = PacedControlPlane(estate.simulated())
        async with open_journal(str(journal), clock=clock) as opened:
            conduct = Conduct(clock=clock, stop_after=1)
            plan = Plan.open(truth.plan)
            first = await api.apply(plan, plane=plane, journal=opened, recheck=False, conduct=conduct)
            await api.resume(first.run, plane=plane, journal=opened, conduct=Conduct(clock=clock))
            with await api.rollback(first.run, plane=plane, journal=opened) as back:
                await api.apply(back, plane=plane, journal=opened, verb="rollback")
            await journaled(opened.run(first.run))

    virtually(main)
