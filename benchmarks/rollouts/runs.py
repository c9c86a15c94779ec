"""Whole runs in virtual time, on asyncio: batchgw's, and that of a script with aioboto3 and aiolimiter."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from batchgw import api
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.journal import open_journal
from batchgw.simulator.engine import Engine
from batchgw.simulator.world.world import World
from benchmarks.rollouts.task import Task, not_live, policy
from benchmarks.scale.virtual_loop import VirtualLoop


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: seconds from the first call's arrival to the last one's answer, and the server's counts.

    `not_live` counts stages that do not show what was asked for.
    """

    seconds: float
    calls: int
    refused: int
    given_up: int
    not_live: int


def ours(task: Task) -> Run:
    """Apply a plan, with its journal, its checks, and a look at each stage in the end."""
    return _virtually(lambda: _ours(task))


def script(task: Task, *, limiters: int) -> Run:
    """Run the script with one limiter for all calls, or with a second one for deployments."""
    return _virtually(lambda: _script(task, limiters))


def _virtually(main: Callable[[], Coroutine[Any, Any, Run]]) -> Run:
    return anyio.run(main, backend_options={"loop_factory": VirtualLoop})


async def _ours(task: Task) -> Run:
    """Plan on a service of its own, so that the quota is full again when the run begins."""
    world = task.world()
    service = task.service(world)
    with (
        await api.plan(policy(world), plane=PacedControlPlane(task.service(world))) as plan,
        tempfile.TemporaryDirectory(prefix="batchgw-rollout-") as folder,
    ):
        async with open_journal(str(Path(folder) / "journal.db")) as journal:
            plane = PacedControlPlane(service, random=random.Random(task.seed))  # noqa: S311 - jitter
            summary = await api.apply(plan, plane=plane, journal=journal)
    expected = sum(scope.expected for scope in summary.scopes)
    given_up = expected - summary.total.applied - summary.total.unchanged
    return _run(service.engine, world, given_up=given_up)


async def _script(task: Task, limiters: int) -> Run:
    from benchmarks.rollouts.in_process import InProcess  # noqa: PLC0415 - their packages may be missing
    from benchmarks.rollouts.script import run  # noqa: PLC0415 - as above

    random.seed(task.seed)  # of tenacity's waits
    world = task.world()
    engine = task.service(world).engine
    given_up = await run(InProcess(engine, world), world, limiters=limiters)
    return _run(engine, world, given_up=given_up)


def _run(engine: Engine, world: World, *, given_up: int) -> Run:
    total = engine.statistics.total
    return Run(
        seconds=total.last - (total.first or 0.0),
        calls=total.calls,
        refused=total.refused,
        given_up=given_up,
        not_live=not_live(world),
    )
