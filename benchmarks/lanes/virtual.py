"""Two lanes in virtual time: the real limiter and retries with the simulated service."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import anyio
import trio.testing

from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.model import AccountId, Region, ResponseType, RestApiId, Scope
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import QuotaRules
from batchgw.simulator.world.world import World
from benchmarks.lanes.bound import Task
from benchmarks.lanes.pipelines import Order, Pipelines

MEDIAN, P99 = 0.11, 0.2
"""Seconds of latency, the median and the 99th percentile: 60 to 200 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: seconds from the first call's arrival to the last one's answer, and the server's count."""

    seconds: float
    calls: int
    refused: int
    given_up: int
    undeployed: int


def run(task: Task, *, order: Order, pace: Pace, seed: int) -> Run:
    """Make one run."""
    clock = trio.testing.MockClock(autojump_threshold=0)
    return anyio.run(_run, task, order, pace, seed, backend="trio", backend_options={"clock": clock})


async def _run(task: Task, order: Order, pace: Pace, seed: int) -> Run:
    world = World.generate(apis=task.apis, accounts=1, regions=1, seed=seed)
    plane = simulate(
        world,
        quota=QuotaRules(seed=seed).scaled(task.scale),
        latency=Latency(median=MEDIAN / task.scale, p99=P99 / task.scale, seed=seed),
        seed=seed,
    )
    scope = Scope(account=AccountId(world.accounts[0]), region=Region(world.regions[0]))
    scope_apis = world.scope(scope.account, scope.region)
    before = {number: len(scope_apis.detail(number).deployments) for number in scope_apis.numbers()}
    pipelines = Pipelines(
        plane=PacedControlPlane(plane, pace=pace, random=Random(seed)),  # noqa: S311 - jitter
        scope=scope,
        types=tuple(ResponseType)[: task.puts],
        order=order,
    )
    await pipelines.run([RestApiId(scope_apis.id(number)) for number in scope_apis.numbers()])
    return _result(plane, pipelines, before)


def _result(plane: SimulatedControlPlane, pipelines: Pipelines, before: dict[int, int]) -> Run:
    """The result: the server's count, and the deployments in its world."""
    scope = pipelines.scope
    scope_apis = plane.engine.service.world.scope(scope.account, scope.region)
    total = plane.engine.statistics.total
    deployed = [
        len(scope_apis.detail(number).deployments) == count + 1
        and set(list(scope_apis.detail(number).deployments.values())[-1].gateway_responses.own)
        >= set(pipelines.types)
        for number, count in before.items()
    ]
    return Run(
        seconds=total.last - (total.first or 0.0),
        calls=total.calls,
        refused=total.refused,
        given_up=pipelines.given_up.total(),
        undeployed=deployed.count(False),
    )
