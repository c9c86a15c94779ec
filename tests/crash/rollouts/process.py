"""A process that rolls a policy out, or takes a run back, or goes on with what another has left of that.

It is forked from one that has everything loaded, so it costs little more than what it does.
"""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import anyio

from batchgw import api
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import BatchgwError
from batchgw.execution.rollout.conduct import Conduct
from batchgw.journal import Journal, JournalRun, RunState, open_journal
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.summary import Summary
from tests.crash.rollouts.remote import Fate, Moment, Remote
from tests.scenarios.waves.rolled import EPOCH
from tests.unit.journal_plans import listed
from tests.virtual import virtually

LIFE = 100_000.0
"""Seconds of virtual time between the beginnings of two processes."""

CRASHED = 70
"""Exit code of a process that ended by an error which is not batchgw's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a process does.

    Attributes:
        journal: the journal's file.
        account: that of the base credentials.
        plan: a plan file to apply; None to take `run` back.
        run: the run to take back.
        only: "resume", "retry" or "rollback", for the newest run whatever its state; None: what is next.
        number: how many processes were there before.
        kill_at: the moment at which it is killed; None for none.
    """

    journal: Path
    account: str
    plan: Path | None = None
    run: str = ""
    only: str | None = None
    number: int = 0
    kill_at: Moment | None = None

    @property
    def verb(self) -> str:
        """The verb of the run that it is about."""
        return "rollback" if self.plan is None else "apply"


@dataclass(slots=True)
class Forked:
    """A process that was forked, and the end of the pipe through which it asks."""

    pid: int
    pipe: Connection

    def code(self) -> int:
        """Wait for its end, and give its exit code, or the negative number of the signal that killed it."""
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def fork(task: Task) -> Forked:
    """Start a process. This one must have no other thread."""
    ours, theirs = Pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        theirs.close()
        return Forked(pid, ours)
    ours.close()
    code = CRASHED
    try:
        code = _work(task, theirs)
    except BaseException:  # noqa: BLE001 - nothing of the process that was forked may go on here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _work(task: Task, pipe: Connection) -> int:
    fate = Fate(task.kill_at)

    def clock() -> float:
        return EPOCH + task.number * LIFE + anyio.current_time()

    async def main() -> int:
        plane = PacedControlPlane(Remote(pipe, task.account, fate, seed=task.number))
        async with open_journal(str(task.journal), clock=clock) as journal:
            try:
                run, summary = await _acted(task, plane, journal, Conduct(clock=clock), pipe)
            except BatchgwError as error:
                pipe.send(("refused", str(error)))
                return error.exit_code
            pipe.send(("ended", await journaled(journal.run(run))))
            pipe.send(("moments", fate.moments))
            if summary is None:
                return 0
            pipe.send(("reasons", (*summary.reasons, summary.halted, summary.proves)))
            return summary.exit_code

    with fate.watching_journals():
        return virtually(main)


async def _acted(
    task: Task, plane: PacedControlPlane, journal: Journal, conduct: Conduct, pipe: Connection
) -> tuple[str, Summary | None]:
    """Do what the user would do next: go on with a run that can be resumed, else begin it."""
    summary: Summary | None
    if task.only is not None:
        return await _do(task.only, plane, journal)
    of_ours = [each for each in await journal.runs() if each.verb == task.verb]
    for each in of_ours:
        if each.state is RunState.DONE and each.planned:
            return each.id, None
        if each.planned:
            pipe.send(("found", await journaled(journal.run(each.id))))
            summary = await api.resume(each.id, plane=plane, journal=journal, conduct=conduct)
            return each.id, summary
    if task.plan is not None:
        plan = Plan.open(task.plan)
        summary = await api.apply(plan, plane=plane, journal=journal, conduct=conduct, recheck=False)
        return summary.run, summary
    with await api.rollback(task.run, plane=plane, journal=journal) as plan:
        summary = await api.apply(plan, plane=plane, journal=journal, conduct=conduct, verb="rollback")
    return summary.run, summary


async def _do(verb: str, plane: PacedControlPlane, journal: Journal) -> tuple[str, Summary | None]:
    """Give a verb for the newest run."""
    (newest, *_) = await journal.runs()
    match verb:
        case "resume":
            return newest.id, await api.resume(newest.id, plane=plane, journal=journal)
        case "retry":
            return newest.id, await api.retry(newest.id, plane=plane, journal=journal)
        case _:
            with await api.rollback(newest.id, plane=plane, journal=journal):
                return newest.id, None


async def journaled(run: JournalRun) -> dict[str, Any]:
    """Give what a journal has of a run, in plain words."""
    return {
        "run": run.id,
        "waves": {each.number: each.state.value for each in await run.waves()},
        "checks": [(each.wave, each.gate, each.result.value) for each in await run.checks()],
        "outcomes": [
            ((str(o.api.id), o.target.kind, o.target.name), type(o).__name__)
            for o in await listed(run.outcomes())
        ],
    }
