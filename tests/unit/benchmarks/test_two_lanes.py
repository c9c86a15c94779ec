"""The two-lane bound by hand and by brute force; pipelines with the simulated service; a small contest."""

from __future__ import annotations

from itertools import permutations

import pytest

from batchgw.control_plane.stack import Pace
from batchgw.simulator.traffic.quota import TOTAL, Bucket, Rate
from benchmarks.lanes.bound import DEPLOYMENTS, Task, earliest
from benchmarks.lanes.over_http import compete
from benchmarks.lanes.pipelines import Order
from benchmarks.lanes.virtual import run
from benchmarks.over_http.contestant import Contestant
from benchmarks.two_lanes import boto3, ours


@pytest.mark.parametrize(
    ("apis", "puts", "bound"),
    [
        (20, 10, 95.0),  # deployments at 0, 5, ..., 95
        (1, 10, 0.0),  # eleven calls of the burst
        (1, 100, 6.1),  # 101 calls: (101 - 40) / 10
        (2, 100, 16.2),  # 202 calls: (202 - 40) / 10, five seconds after the first deployment or later
        (2, 60, 8.2),  # the first at 2.1 s, the second when all 122 calls have tokens, at 8.2 s
        (2, 50, 6.2),  # the first at 1.1 s; 5 s later the lane is free, and at 6.2 s there are tokens, too
        (3, 45, 10.6),  # at 0.6, 5.6 and 10.6 s; tokens are there at 0.6, 5.2 and 9.8 s
        (20, 50, 98.0),  # the put lane is the longer one: (1020 - 40) / 10
    ],
)
def test_the_bound_by_hand(apis: int, puts: int, bound: float) -> None:
    assert Task(apis=apis, puts=puts).bound == pytest.approx(bound)


def test_ten_times_the_rates_take_a_tenth_of_the_time() -> None:
    assert Task(scale=10).bound == pytest.approx(9.5)
    assert Task(apis=20, puts=50, scale=7).bound == pytest.approx((1020 - 40) / 70)  # still the put lane


def test_a_larger_burst_of_deployments() -> None:
    """Two at once, then one in 5 s: 0, 0, 5, 10."""
    quota = Rate(rate=1 / 5, burst=2)
    assert earliest(apis=4, puts=1, total=TOTAL, deployments=quota) == pytest.approx(10)


def finish(order: tuple[str, ...], total: Rate, deployments: Rate) -> float:
    """When the last of these calls is sent: in this order, each as soon as its buckets allow."""
    all_calls, own = Bucket(total, 0.0), Bucket(deployments, 0.0)
    now = 0.0
    for call in order:
        while not (all_calls.has_token(now) and (call != "deploy" or own.has_token(now))):
            now += 0.05
        all_calls.take(now)
        if call == "deploy":
            own.take(now)
    return now


@pytest.mark.parametrize(("puts", "burst"), [(1, 1), (1, 3), (2, 2)])
def test_no_order_of_the_calls_beats_the_bound(puts: int, burst: int) -> None:
    """Two APIs, and every order with no deployment before its puts. The best order reaches the bound."""
    total, deployments = Rate(rate=1, burst=burst), Rate(rate=1 / 2, burst=1)
    calls = ("put",) * (2 * puts) + ("deploy",) * 2
    allowed = [
        order
        for order in set(permutations(calls))
        if all(
            order[:at].count("put") >= puts * (order[:at].count("deploy") + 1)
            for at, call in enumerate(order)
            if call == "deploy"
        )
    ]
    bound = earliest(apis=2, puts=puts, total=total, deployments=deployments)
    ends = [finish(order, total, deployments) for order in allowed]
    assert min(ends) >= bound - 1e-6
    assert min(ends) == pytest.approx(bound, abs=0.1)


def test_depth_first_reaches_the_bound_and_round_robin_does_not() -> None:
    task = Task(apis=8, puts=10)  # 35 s
    deep = run(task, order=Order.DEPTH_FIRST, pace=Pace(), seed=3)
    wide = run(task, order=Order.ROUND_ROBIN, pace=Pace(), seed=3)
    assert (deep.given_up, deep.undeployed, deep.calls - deep.refused) == (0, 0, 88)
    assert (wide.given_up, wide.undeployed, wide.calls - wide.refused) == (0, 0, 88)
    assert deep.seconds < 1.08 * task.bound  # a short run: the first API's latency weighs more
    assert wide.seconds > deep.seconds + 2


def test_a_small_contest_from_end_to_end() -> None:
    """Deployments at 0, 0.25 and 0.5 s. A contestant that cannot run has made no put and no deployment."""
    task = Task(apis=3, puts=2, scale=20)
    assert task.bound == pytest.approx(0.5)
    broken = Contestant(label="broken", peer="boto3-lanes")  # without options
    contestants = (ours(Order.DEPTH_FIRST), boto3("boto3", 1), broken)
    contested = compete(task, contestants, patience=60)
    batchgw, adaptive, dead = contested.rows
    for row in (batchgw, adaptive):
        assert row.failed is None
        assert (row.values["given_up"], row.values["unfinished"]) == (0, 0)
        assert int(row.values["calls"] or 0) - int(row.values["refused"] or 0) == 9
        assert float(row.values["ratio"] or 0) >= 1
    assert "KeyError" in (dead.failed or "")
    assert (dead.values["seconds"], dead.values["unfinished"]) == (None, 3)


def test_deployments_are_the_documented_quota() -> None:
    assert Rate(rate=0.2, burst=1) == DEPLOYMENTS
