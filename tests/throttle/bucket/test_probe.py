"""Probes, worked by hand with burst 40 and scale 1. The constants may change."""

from __future__ import annotations

from math import exp, sqrt

import pytest

from batchgw.throttle.bucket.probe import (
    BEST_FADES,
    CALLS_PER_PROBE,
    CONFIDENCE,
    EARLY,
    FIRST_INTERVAL,
    FORGETTING,
    HURRIED,
    OVERFLOW,
    SLACK,
    STEADIER,
    STEADY,
    Probe,
)
from batchgw.throttle.bucket.reserve import small

RESERVE, RESERVE_MOST = small(1000.0).least, small(1000.0).most

RATE = 10.0


def probe(burst: float = 40.0, scale: float = 1.0) -> Probe:
    return Probe(burst=burst, scale=scale)


def advance(subject: Probe, seconds: float, step: float = 0.01, rate: float = RATE) -> None:
    for _ in range(round(seconds / step)):
        subject.advance(step, rate)


def refuse_in_time(subject: Probe, rate: float = RATE, before: float = RATE) -> None:
    """The refusal that ends a probe: not an early one."""
    subject.refused(since=1000.0, before=before, rate=rate)


def interval(subject: Probe) -> float:
    """Seconds in which the reserve is spent: the time between two probes."""
    subject.calm()
    subject.advance(1e-9, RATE)
    return max(subject.reserve, 1.0) / subject.speed


@pytest.mark.parametrize(
    ("burst", "reserve", "most"), [(1000, RESERVE, RESERVE_MOST), (5, 1, 2), (2, 0.25, 0.5), (1, 0, 0)]
)
def test_a_small_bucket_keeps_a_small_reserve(burst: float, reserve: float, most: float) -> None:
    """It begins at a quarter of what the bucket holds beyond one call, and grows to half of that."""
    subject = probe(burst)
    assert subject.reserve == reserve
    for _ in range(20):
        subject.refused(since=0.0, before=RATE, rate=RATE)
    assert subject.reserve == most


def test_the_reserve_is_spent_in_the_time_between_probes() -> None:
    subject = probe()
    advance(subject, FIRST_INTERVAL)
    assert subject.extra == pytest.approx(RESERVE, rel=0.01)
    assert subject.speed == pytest.approx(RESERVE / FIRST_INTERVAL)


def test_once_the_reserve_is_spent_the_speed_doubles_every_second_up_to_twice_the_rate() -> None:
    subject = probe()
    while subject.extra < RESERVE + 1:
        subject.advance(0.01, RATE)
    advance(subject, 1.0)
    assert subject.speed == pytest.approx(2 * RESERVE / FIRST_INTERVAL, rel=0.01)
    advance(subject, 1.0)
    assert subject.speed == pytest.approx(4 * RESERVE / FIRST_INTERVAL, rel=0.01)
    advance(subject, 10.0)
    assert subject.speed == 2 * RATE


def test_half_of_a_proven_better_rate_may_be_overspent() -> None:
    subject = probe()
    subject.proved(80.0)
    advance(subject, 20.0, rate=RATE)
    assert subject.speed == 40.0


def test_an_early_refusal_enlarges_the_reserve_and_one_in_time_shrinks_it() -> None:
    subject = probe()
    subject.refused(since=0.9 * EARLY * FIRST_INTERVAL, before=RATE, rate=RATE)
    assert subject.reserve == pytest.approx(1.5 * RESERVE + 1)
    refuse_in_time(subject)
    assert subject.reserve == pytest.approx(0.9 * (1.5 * RESERVE + 1))
    for _ in range(30):
        refuse_in_time(subject)
    assert subject.reserve == RESERVE


def test_probes_become_rarer_down_to_one_in_so_many_calls() -> None:
    subject = probe()
    assert interval(subject) == pytest.approx(FIRST_INTERVAL)
    refuse_in_time(subject, before=2 * RATE)
    assert interval(subject) == pytest.approx(min(1.5 * FIRST_INTERVAL, CALLS_PER_PROBE / RATE))
    for _ in range(20):
        refuse_in_time(subject, before=2 * RATE)  # the rate changes each time, so it is never steady
    assert interval(subject) == pytest.approx(CALLS_PER_PROBE / RATE)


def test_while_the_rate_is_steady_probes_become_rarer_still() -> None:
    subject = probe()
    for _ in range(STEADY + 20):
        refuse_in_time(subject)
    assert interval(subject) == pytest.approx(STEADIER * CALLS_PER_PROBE / RATE)


def test_probes_come_often_enough_to_see_a_better_rate_return() -> None:
    """20/s were proven and 10/s are left. If 20/s return, a bucket of 40 is full after 4 s."""
    subject = probe()
    subject.proved(20.0)
    for _ in range(30):
        refuse_in_time(subject)
    assert interval(subject) == pytest.approx(max(FIRST_INTERVAL, OVERFLOW * 40 / 10))


def test_a_proven_rate_fades_towards_the_believed_one() -> None:
    subject = probe()
    subject.proved(20.0)
    subject.proved(15.0)
    assert subject.proven == 20.0
    subject.fade(FORGETTING, RATE)
    assert subject.proven == pytest.approx(10 + 10 * exp(-1))
    subject.fade(FORGETTING, 30.0)
    assert subject.proven == pytest.approx(10 + 10 * exp(-1))  # more is believed: nothing fades


@pytest.mark.parametrize("trusted", [True, False])
def test_a_trusted_quota_s_best_rate_fades_more_slowly(*, trusted: bool) -> None:
    """20/s were proven. Ten minutes later a trusted quota is still probed often enough to see them return."""
    subject = Probe(burst=40.0, scale=1.0, trusted=trusted)
    subject.proved(20.0)
    subject.fade(4 * FORGETTING, RATE)
    for _ in range(30):
        refuse_in_time(subject)
    in_time = OVERFLOW * 40 / (10 * exp(-4 / (BEST_FADES if trusted else 1)))
    assert interval(subject) == pytest.approx(min(in_time, STEADIER * CALLS_PER_PROBE / RATE))
    assert (interval(subject) < 10) == trusted


def test_what_may_be_chance_grows_with_noise_and_time_up_to_half_a_bucket() -> None:
    assert probe().chance(0.0, 100.0) == SLACK
    assert probe().chance(1.0, 9.0) == pytest.approx(SLACK + CONFIDENCE * sqrt(9))
    assert probe().chance(100.0, 100.0) == 20.0
    assert probe(burst=1).chance(0.0, 0.0) == 0.5


def test_in_a_slow_bucket_the_reserve_is_spent_more_slowly() -> None:
    """With a scale of ten it takes ten times as long."""
    subject = probe(scale=10.0)
    advance(subject, 10 * FIRST_INTERVAL, step=0.1)
    assert subject.extra == pytest.approx(RESERVE, rel=0.01)


def test_a_refusal_ends_a_probe_and_the_next_one_begins_slowly() -> None:
    subject = probe()
    advance(subject, 30.0)
    refuse_in_time(subject)
    assert (subject.extra, subject.speed) == (0.0, 0.0)
    subject.advance(0.01, RATE)
    assert subject.speed < 2


def test_when_more_was_found_a_probe_goes_on_as_fast_with_the_reserve_spent() -> None:
    subject = probe()
    advance(subject, 30.0)
    subject.found_more()
    assert subject.extra == subject.reserve
    speed = subject.speed
    subject.advance(0.1, RATE)
    assert subject.speed >= speed


def test_after_a_quiet_time_a_third_of_the_best_rate_is_tried() -> None:
    """60/s were proven. After a denial 0.2/s are believed; twice that would be 0.4/s."""
    subject = probe()
    subject.proved(60.0)
    subject.fade(10 * FORGETTING, 0.2)
    assert subject.proven < 1
    subject.hurry()
    for _ in range(100):
        subject.advance(0.1, 0.2)
    assert subject.speed == pytest.approx(HURRIED * (0.2 + 59.8 * exp(-10 / BEST_FADES)))


@pytest.mark.parametrize("speed", [0.0, 3.0])
def test_how_long_it_takes_until_calls_are_refilled_or_overspent(speed: float) -> None:
    """Right after a refusal the speed is 0. The next probe begins at once, so its first speed counts."""
    subject = probe()
    subject.speed = speed
    assert subject.until(20.0, 2.0) == pytest.approx(20 / (2 + (speed or RESERVE / FIRST_INTERVAL)))
