"""Operations with a quota of their own: one call in several seconds. The bucket has no room for a reserve."""

from __future__ import annotations

from statistics import fmean

import pytest

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import OPERATIONS, Quota, Trust
from tests.throttle.worlds.world import Played, World, play

SEEDS = range(1000, 1100)


def runs(
    quota: Quota,
    calls: int,
    *,
    trust: Trust = Trust.TRUSTED,
    up: tuple[float, float] = (0.45, 0.45),
    seeds: range = SEEDS,
) -> list[Played]:
    """One run per seed. The client knows the quota and uses it alone."""
    world = World(rate=quota.rate, burst=quota.burst, up=up)
    return [play(world, BucketModel(quota, trust=trust), calls=calls, seed=seed) for seed in seeds]


@pytest.mark.parametrize("up", [(0.45, 0.45), (0.3, 0.6)])
@pytest.mark.parametrize("trust", [Trust.TRUSTED, Trust.STRICT])
def test_forty_deployments_take_the_limit_plus_three_percent(trust: Trust, up: tuple[float, float]) -> None:
    """The limit is 39 x 5 s = 195 s. Only that latencies differ, by tens of milliseconds, may cost more."""
    played = runs(OPERATIONS["CreateDeployment"], 40, trust=trust, up=up)
    assert fmean(len(p.refusals) for p in played) <= 1
    assert fmean(p.ratio for p in played) <= 1.03


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_documented_operation_is_close_to_its_limit(name: str) -> None:
    quota = OPERATIONS[name]
    played = runs(quota, 30)
    assert fmean(len(p.refusals) for p in played) <= 1.5
    assert fmean(p.makespan for p in played) <= 1.06 * (30 - quota.burst) / quota.rate + 0.3


def test_strict_deployments_leave_at_least_five_seconds_apart() -> None:
    for played in runs(OPERATIONS["CreateDeployment"], 40, trust=Trust.STRICT):
        gaps = [b - a for a, b in zip(played.departures, played.departures[1:], strict=False)]
        assert min(gaps) >= 5


def test_after_a_slow_call_the_next_one_leaves_later() -> None:
    """A slow call may have arrived late.

    The margin is half of the latencies' mean deviation, and 0.6 of what this call took beyond the shortest.
    """
    model = BucketModel(OPERATIONS["CreateDeployment"])
    model.sent(0.0)
    model.accepted(0.0, 0.1)  # the first deviation is half the latency, 0.05 s; this call is the shortest
    assert model.delay(0.1) == pytest.approx(5 + 0.05 / 2 - 0.1)
    model.sent(10.0)
    assert model.delay(10.0) == pytest.approx(5 + 1.5 * 0.05)  # not answered yet: 1.5 deviations
    model.accepted(10.0, 10.2)
    deviation = 0.05 + (0.1 - 0.05) / 8
    assert model.delay(10.2) == pytest.approx(5 + deviation / 2 + 0.6 * 0.1 - 0.2)


def test_a_call_that_was_much_faster_than_the_others_does_not_delay_all_that_follow() -> None:
    model = BucketModel(OPERATIONS["CreateDeployment"])
    for number in range(40):
        took = 0.01 if number == 3 else 0.1
        model.sent(10.0 * number)
        model.accepted(10.0 * number, 10.0 * number + took)
    assert model.delay(390.1) < 5 + 0.01 - 0.1


def test_a_deployment_that_came_a_moment_early_leaves_again_at_once() -> None:
    """Refused again, it was not early: its bucket is believed to be emptier, and it waits."""
    model = BucketModel(OPERATIONS["CreateDeployment"])
    model.sent(0.0)
    model.accepted(0.0, 0.1)
    model.sent(5.03)
    model.refused(5.03, 5.1)
    assert model.delay(5.1) == 0
    assert model.rate == 0.2
    model.sent(5.1)
    model.refused(5.1, 5.2)
    assert model.delay(5.2) > 2


def test_two_hundred_deployments_take_one_percent_more_than_the_limit_though_some_come_early() -> None:
    """The way to the service takes 0.3 to 0.6 of each latency, so a few calls overtake the one before."""
    played = runs(OPERATIONS["CreateDeployment"], 200, up=(0.3, 0.6), seeds=SEEDS[:20])
    assert 0 < fmean(len(p.refusals) for p in played) < 6
    assert fmean(p.ratio for p in played) <= 1.01


def test_a_late_answer_to_an_earlier_call_says_nothing_about_the_last_one() -> None:
    model = BucketModel(OPERATIONS["CreateDeployment"])
    model.sent(0.0)
    model.sent(6.0)
    model.accepted(0.0, 6.05)
    assert model.delay(6.05) == pytest.approx(5 + 1.5 * 6.05 / 2 - 0.05)


def test_the_margin_for_latency_is_never_longer_than_the_spacing() -> None:
    model = BucketModel(Quota(1, 1))
    model.sent(0.0)
    model.accepted(0.0, 0.1)
    model.sent(2.0)
    model.accepted(2.0, 12.0)
    model.sent(13.0)
    assert model.delay(13.0) == 2.0
