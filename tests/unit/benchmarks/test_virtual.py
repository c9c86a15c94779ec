"""The virtual-time benchmark tells the truth: its limit is the least possible, and it sees what happened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import takewhile
from typing import cast

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgw.control_plane.interface import ControlPlane, Execution, Request, T
from batchgw.control_plane.operations import GetGatewayResponse, PutGatewayResponse
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import CallError
from batchgw.events import Observer
from batchgw.model import AccountId
from batchgw.simulator.traffic.quota import Neighbour, QuotaRules, Quotas, Rate, Schedule
from benchmarks.virtual.optimum import arrivals, limit
from benchmarks.virtual.output.table import row
from benchmarks.virtual.output.timeline import count_per_second, left_by_neighbour, mean_per_second
from benchmarks.virtual.parallel import Done, Job, do, do_all
from benchmarks.virtual.run import Measured, measure
from benchmarks.virtual.scenarios import HELD_OUT, SCENARIOS, TUNING, scenario
from benchmarks.virtual.stage import Stage
from benchmarks.virtual.worlds.scenario import Scenario

AWS = Rate(rate=10, burst=40)


# The shortest possible time -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "rate", "steps", "others", "seconds"),
    [
        pytest.param(40, AWS, (), (), 0.0, id="the burst is there at once"),
        pytest.param(300, AWS, (), (), 26.0, id="260 tokens at 10/s"),
        pytest.param(50, AWS, (), (0.5,), 1.1, id="one of ten goes to the neighbour"),
        pytest.param(50, AWS, (), (1.0,), 1.1, id="a call of theirs at the last moment comes first"),
        pytest.param(50, AWS, (), (1.01,), 1.0, id="a later call of theirs does not count"),
        pytest.param(50, AWS, (), (0.5, 1.05), 1.2, id="another call of theirs while we wait"),
        pytest.param(60, AWS, ((1, 0.5),), (), 3.0, id="halved at 1 s: 50, then 10 at 5/s"),
        pytest.param(60, AWS, ((1, 0.5), (2, 1)), (), 2.5, id="returned at 2 s: 55, then 5 at 10/s"),
        pytest.param(60, AWS, ((1, 0), (5, 1)), (), 6.0, id="nothing from 1 s to 5 s"),
        # Full at 0. Both of the neighbour's calls need a token, which we must leave: 1 is left at 0.1, and
        # 0.1 at 0.2. The bucket is full until 0.1, so 0.1 is lost. 2 - 2 + T - 0.1 = 3.
        pytest.param(3, Rate(rate=1, burst=2), (), (0.1, 0.2), 3.1, id="some tokens must overflow for them"),
        # The same, but the neighbour leaves 1.1 - 1 = 0.1 and is refused at 0.3 and 0.4 whoever else calls.
        pytest.param(
            3,
            Rate(rate=1, burst=2),
            (),
            (0.1, 0.2, 0.3, 0.4),
            3.1,
            id="theirs would be refused without us, too",
        ),
        # One of ours must leave at 0; 1 is left at 0.5 for them, and 0.5 of one then, which is 2 at 2.0.
        pytest.param(2, Rate(rate=1, burst=2), (), (), 0.0, id="two at once"),
        pytest.param(3, Rate(rate=1, burst=2), (), (0.5,), 2.0, id="one at once, one for them"),
    ],
)
def test_limit_by_hand(
    calls: int, rate: Rate, steps: Sequence[tuple[float, float]], others: Sequence[float], seconds: float
) -> None:
    found = limit(calls, rate=rate, schedule=Schedule(steps=tuple(steps)), others=others)
    assert found == pytest.approx(seconds, abs=1e-6)


def test_without_refill_there_is_no_limit() -> None:
    with pytest.raises(ValueError, match="never refilled"):
        limit(60, rate=AWS, schedule=Schedule(steps=((1, 0),)))


TICKS = 60
"""Ticks of the brute force: everything happens at whole ticks, and four of them refill one token."""


@given(
    calls=st.integers(1, 8),
    burst=st.integers(4, 16),
    slow=st.sampled_from([None, (5, 20), (12, 16)]),
    others=st.lists(st.integers(1, TICKS), max_size=14).map(sorted),
)
def test_nobody_finishes_before_the_limit_and_somebody_reaches_it(
    calls: int, burst: int, slow: tuple[int, int] | None, others: list[int]
) -> None:
    """All times of the calls are tried, in quarters of a token."""
    refill = [1] * TICKS
    steps: tuple[tuple[float, float], ...] = ()
    if slow is not None:
        refill[slow[0] : slow[1]] = [0] * (slow[1] - slow[0])
        steps = ((slow[0], 0.0), (slow[1], 1.0))
    least = _brute_force(calls, burst, tuple(refill), tuple(others))
    found = limit(
        calls,
        rate=Rate(rate=0.25, burst=burst / 4),
        schedule=Schedule(steps=steps),
        others=map(float, others),
    )
    if least is None:
        assert found > TICKS
    else:
        assert found == pytest.approx(least, abs=1e-6)


def _brute_force(calls: int, burst: int, refill: tuple[int, ...], others: tuple[int, ...]) -> int | None:
    """The first tick by which all calls can be made; None when that is not within `TICKS`.

    Levels are quarters of a token. At a tick the bucket is refilled, the neighbour calls, then we may.
    """
    served = _served_alone(burst, refill, others)

    @cache
    def most(tick: int, level: int) -> tuple[int, ...]:
        """The most calls made by each tick from this one on; below 0 where the neighbour is refused."""
        if tick > TICKS:
            return ()
        level = min(burst, level + (refill[tick - 1] if tick else 0)) - 4 * served.count(tick)
        if level < 0:
            return (-TICKS,) * (TICKS + 1 - tick)
        ways = [(made, most(tick + 1, level - 4 * made)) for made in range(level // 4 + 1)]
        after = [max(made + later[n] for made, later in ways) for n in range(TICKS - tick)]
        return (level // 4, *after)

    return next((tick for tick, made in enumerate(most(0, burst)) if made >= calls), None)


def _served_alone(burst: int, refill: tuple[int, ...], others: tuple[int, ...]) -> list[int]:
    level, served = burst, []
    for tick in range(1, TICKS + 1):
        level = min(burst, level + refill[tick - 1])
        for _ in range(others.count(tick)):
            if level >= 4:
                level -= 4
                served.append(tick)
    return served


@pytest.mark.parametrize("neighbour", [Neighbour(rate=3), Neighbour(rate=6, on=20, off=20)])
def test_the_neighbour_foreseen_is_the_neighbour_simulated(neighbour: Neighbour) -> None:
    scope = "111111111111/eu-west-1"
    quotas = Quotas(QuotaRules(neighbour=neighbour, seed=5))
    foreseen = list(takewhile(lambda at: at < 200, arrivals(neighbour, seed=5, scope=scope)))
    for now in range(200):
        quotas.admit("111111111111", "eu-west-1", "PutGatewayResponse", now)
        came = quotas.neighbours()[scope]
        assert came["accepted"] + came["refused"] == sum(at <= now for at in foreseen)


# Figures of a run -----------------------------------------------------------------------------------------


class Storm(PacedControlPlane):
    """Sends every call at once, and again at once if it is refused."""

    def __init__(self, plane: ControlPlane, observer: Observer) -> None:
        super().__init__(plane, observer=observer)
        self._plane = plane

    async def send(
        self,
        request: Request[T],
        execution: Execution | None = None,
    ) -> T:
        if execution is not None and execution.before_attempt is not None:
            await execution.before_attempt()
        while True:
            try:
                return await self._plane.send(request, execution)
            except CallError as error:
                if not error.is_throttle:
                    raise


def storming(plane: ControlPlane, observer: Observer, seed: int) -> PacedControlPlane:
    assert seed >= 0
    return Storm(plane, observer)


def test_a_storm_is_reported_with_its_true_refusals() -> None:
    stage = Stage(scenario("neighbour-3"), 200, 3)
    measured = measure(stage, storming)
    served = stage.plane.engine.statistics.total
    assert (measured.sent, measured.refused) == (served.calls, served.refused)
    assert measured.sent == 200 + measured.refused
    assert measured.refused_share > 0.7
    assert measured.their_refused_share > 0.5
    assert measured.attempts > 5
    assert measured.ratio < 1  # it took the neighbour's tokens
    assert (measured.given_up, measured.wrong, measured.failure) == (0, 0, None)


def test_alone_and_known_is_the_limit_and_one_latency() -> None:
    measured = measure(Stage(scenario("alone"), 200, 3))
    assert measured.limit == pytest.approx(16.0)
    assert 16.06 < measured.makespan < 17.0
    assert (measured.sent, measured.refused, measured.attempts, measured.failure) == (200, 0, 1, None)


REFUSING = Scenario(
    key="refusing",
    title="two of them are impossible",
    script=[{"match": {"operation": "Put*", "nth": [7, 9]}, "fault": {"limit_exceeded": "Maximum number"}}],
    goals={50: {"ratio": 9.0, "given_up": 0.0}},
)


def test_a_run_that_gives_up_puts_is_a_row_that_failed() -> None:
    measured = measure(Stage(REFUSING, 50, 3))
    assert (measured.given_up, measured.wrong) == (2, 2)
    job = Job(scenario="refusing", calls=50, seed=3)
    good = replace(measured, seed=4, given_up=0, wrong=0, failure=None)
    shown = row(REFUSING, 50, [Done(job=job, measured=measured), Done(job=job, measured=good)])
    assert shown.failed == "1 of 2 runs; seed 3: 2 puts given up, 2 not as desired"
    assert (shown.values["given_up"], shown.values["wrong"]) == (2, 2)
    assert shown.missed() == ["ratio", "given_up"]  # a run that failed is no proof of its speed


class Lying:
    """Says of every third write that it was made, and does not make it."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._writes = 0

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        self._writes += 1
        if self._writes % 3 or not isinstance(request, PutGatewayResponse):
            return await self._plane.send(request, execution)
        read = GetGatewayResponse(scope=request.scope, api=request.api, type=request.type)
        answer = await self._plane.send(read)
        return cast("T", replace(answer, settings=request.settings, default_response=False))

    async def current_account(self) -> AccountId:
        return await self._plane.current_account()


def test_a_second_run_uses_what_the_first_has_learned() -> None:
    first, second = (measure(Stage(scenario(key), 200, 3)) for key in ("unknown", "unknown-again"))
    assert second.refused <= first.refused
    assert second.failure is None


def test_whether_it_is_as_desired_is_read_from_the_world() -> None:
    measured = measure(Stage(scenario("alone"), 60, 3), lambda plane, *_: PacedControlPlane(Lying(plane)))
    assert (measured.given_up, measured.wrong) == (0, 20)
    assert measured.failure == "0 puts given up, 20 not as desired"


class Stuck(Storm):
    """Never sends anything, while virtual time does not pass."""

    async def send(
        self,
        request: Request[T],
        execution: Execution | None = None,
    ) -> T:
        del request, execution
        while True:
            await anyio.lowlevel.checkpoint()


def test_a_run_in_which_virtual_time_does_not_pass_is_ended() -> None:
    job = Job(scenario="alone", calls=10, seed=3)
    done = do(job, lambda plane, observer, _: Stuck(plane, observer), patience=0.3)
    assert done.hung == "not at its end after 0.5 real seconds"
    shown = row(scenario("alone"), 10, [done])
    assert shown.failed == "1 of 1 runs; seed 3: not at its end after 0.5 real seconds"


class Asleep(Storm):
    """Waits forever, in virtual time."""

    async def send(
        self,
        request: Request[T],
        execution: Execution | None = None,
    ) -> T:
        del request, execution
        await anyio.sleep(math.inf)
        raise AssertionError


def test_a_run_that_never_finishes_is_a_failure() -> None:
    measured = measure(Stage(scenario("alone"), 50, 3), lambda plane, observer, _: Asleep(plane, observer))
    assert measured.failure is not None
    assert measured.failure.startswith("TimeoutError")
    assert (measured.sent, measured.given_up, measured.wrong) == (0, 50, 50)


# Many runs ------------------------------------------------------------------------------------------------


def test_runs_are_the_same_in_any_order_and_process() -> None:
    jobs = [Job(scenario=key, calls=100, seed=3) for key in ("neighbour-6", "account")]
    apart = {done.job: _stripped(done) for done in do_all(jobs[::-1], processes=2)}
    assert apart == {job: _stripped(do(job)) for job in jobs}


def _stripped(done: Done) -> Measured | None:
    return None if done.measured is None else replace(done.measured, cpu=0.0)


def test_a_row_does_not_depend_on_which_run_ended_first() -> None:
    job = Job(scenario="alone", calls=100, seed=0)
    runs = [
        Measured(
            scenario="alone", calls=100, seed=n, limit=6.0, makespan=6.0 + n / 7, sent=100 + n, refused=n
        )
        for n in range(9)
    ]
    done = [Done(job=job, measured=run) for run in runs]
    shown = row(scenario("alone"), 100, done)
    assert shown == row(scenario("alone"), 100, done[::-1])
    assert shown.values["ratio"] == pytest.approx((6 + 4 / 7) / 6)
    assert shown.values["ratios"] == "1.000-1.190"  # 6 / 6, (6 + 8/7) / 6
    assert shown.values["refusals"] == "0.0-7.4"  # 8 of 108


def test_no_seed_is_both_tuned_to_and_measured_with() -> None:
    assert not set(TUNING) & set(HELD_OUT)


def test_a_trace_has_every_call_of_its_run() -> None:
    done = do(Job(scenario="neighbour-6", calls=100, seed=3, traced=True))
    assert done.measured is not None
    assert done.trace is not None
    assert sum(done.trace.sent) == done.measured.sent
    assert sum(done.trace.refused) == done.measured.refused
    assert len(done.trace.sent) == len(done.trace.waiting) == len(done.trace.theirs)
    assert done.trace.quota == [(0.0, 4.0)]


def test_bins_by_hand() -> None:
    assert count_per_second([3.0, 3.9, 4.0, 6.5, 9.0], 3.0, 4) == [2, 1, 0, 1]
    assert mean_per_second([(2.0, 4.5), (3.25, 3.5), (5.5, 99.0)], 3.0, 4) == [1.25, 0.5, 0.5, 1.0]


def test_what_a_neighbour_leaves_by_hand() -> None:
    halved = Schedule(steps=((15, 0.5), (99, 1)))
    pausing = Neighbour(rate=3, on=10, off=10)
    assert left_by_neighbour(AWS, halved, pausing, 25) == [(0, 7), (10, 10), (15, 5), (20, 2), (30, 5)]
    assert left_by_neighbour(AWS, halved, None, 25) == [(0, 10), (15, 5)]


@pytest.mark.parametrize("each", SCENARIOS, ids=lambda each: each.key)
def test_every_scenario_has_a_limit_at_every_size(each: Scenario) -> None:
    """A neighbour can only make it later."""
    for calls in (200, 2_000):
        alone = (calls - 40) / 10
        assert Stage(each, calls, 7).limit() >= alone - 1e-6
