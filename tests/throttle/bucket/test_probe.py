"""Deliberate overspending, worked by hand: burst 40, scale 1, whatever the constants are."""

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


def late(subject: Probe, rate: float = RATE, before: float = RATE) -> None:
    """A refusal long after the last."""
    subject.refused(since=1000.0, before=before, rate=rate)


def interval(subject: Probe) -> float:
    """Seconds in which the reserve is spent: the time between touches of the floor."""
    subject.calm()
    subject.advance(1e-9, RATE)
    return max(subject.reserve, 1.0) / subject.speed


@pytest.mark.parametrize(
    ("burst", "reserve", "most"), [(1000, RESERVE, RESERVE_MOST), (5, 1, 2), (2, 0.25, 0.5), (1, 0, 0)]
)
def test_a_small_bucket_keeps_a_small_reserve(burst: float, reserve: float, most: float) -> None:
    """A quarter of what it holds beyond one call, half of it at most."""
    subject = probe(burst)
    assert subject.reserve == reserve
    for _ in range(20):
        subject.refused(since=0.0, before=RATE, rate=RATE)
    assert subject.reserve == most


def test_the_reserve_is_spent_in_the_time_between_touches() -> None:
    subject = probe()
    advance(subject, FIRST_INTERVAL)
    assert subject.extra == pytest.approx(RESERVE, rel=0.01)
    assert subject.speed == pytest.approx(RESERVE / FIRST_INTERVAL)


def test_below_the_floor_the_speed_doubles_every_second_up_to_twice_the_rate() -> None:
    subject = probe()
    while subject.extra < RESERVE + 1:
        subject.advance(0.01, RATE)
    advance(subject, 1.0)
    assert subject.speed == pytest.approx(2 * RESERVE / FIRST_INTERVAL, rel=0.01)
    advance(subject, 1.0)
    assert subject.speed == pytest.approx(4 * RESERVE / FIRST_INTERVAL, rel=0.01)
    advance(subject, 10.0)
    assert subject.speed == 2 * RATE


def test_where_a_better_rate_was_proven_it_goes_faster() -> None:
    subject = probe()
    subject.proved(80.0)
    advance(subject, 20.0, rate=RATE)
    assert subject.speed == 40.0


def test_an_early_refusal_grows_the_reserve_and_a_late_one_lets_it_shrink() -> None:
    subject = probe()
    subject.refused(since=0.9 * EARLY * FIRST_INTERVAL, before=RATE, rate=RATE)
    assert subject.reserve == pytest.approx(1.5 * RESERVE + 1)
    late(subject)
    assert subject.reserve == pytest.approx(0.9 * (1.5 * RESERVE + 1))
    for _ in range(30):
        late(subject)
    assert subject.reserve == RESERVE


def test_touches_come_more_seldom_up_to_one_in_so_many_calls() -> None:
    subject = probe()
    assert interval(subject) == pytest.approx(FIRST_INTERVAL)
    late(subject, before=2 * RATE)
    assert interval(subject) == pytest.approx(min(1.5 * FIRST_INTERVAL, CALLS_PER_PROBE / RATE))
    for _ in range(20):
        late(subject, before=2 * RATE)  # news every time
    assert interval(subject) == pytest.approx(CALLS_PER_PROBE / RATE)


def test_when_all_is_steady_they_come_more_seldom_still() -> None:
    subject = probe()
    for _ in range(STEADY + 20):
        late(subject)
    assert interval(subject) == pytest.approx(STEADIER * CALLS_PER_PROBE / RATE)


def test_a_better_rate_that_may_return_is_looked_for_in_time() -> None:
    """20/s were proven and 10/s are left: at the difference, a bucket of 40 overflows in 4 s."""
    subject = probe()
    subject.proved(20.0)
    for _ in range(30):
        late(subject)
    assert interval(subject) == pytest.approx(max(FIRST_INTERVAL, OVERFLOW * 40 / 10))


def test_what_has_proven_itself_is_forgotten_slowly() -> None:
    subject = probe()
    subject.proved(20.0)
    subject.proved(15.0)
    assert subject.proven == 20.0
    subject.fade(FORGETTING, RATE)
    assert subject.proven == pytest.approx(10 + 10 * exp(-1))
    subject.fade(FORGETTING, 30.0)
    assert subject.proven == pytest.approx(10 + 10 * exp(-1))  # nothing to fade to


@pytest.mark.parametrize("trusted", [True, False])
def test_what_was_stated_is_looked_for_in_time_for_much_longer(*, trusted: bool) -> None:
    """Ten minutes later a bucket that may refill at 20/s is touched in time still, if that is no guess."""
    subject = Probe(burst=40.0, scale=1.0, trusted=trusted)
    subject.proved(20.0)
    subject.fade(4 * FORGETTING, RATE)
    for _ in range(30):
        late(subject)
    in_time = OVERFLOW * 40 / (10 * exp(-4 / (BEST_FADES if trusted else 1)))
    assert interval(subject) == pytest.approx(min(in_time, STEADIER * CALLS_PER_PROBE / RATE))
    assert (interval(subject) < 10) == trusted


def test_chance_grows_with_the_others_noise_and_the_time_but_not_beyond_half_a_bucket() -> None:
    assert probe().chance(0.0, 100.0) == SLACK
    assert probe().chance(1.0, 9.0) == pytest.approx(SLACK + CONFIDENCE * sqrt(9))
    assert probe().chance(100.0, 100.0) == 20.0
    assert probe(burst=1).chance(0.0, 0.0) == 0.5


def test_a_slow_bucket_takes_its_time() -> None:
    """Ten times as slow: everything takes ten times as long."""
    subject = probe(scale=10.0)
    advance(subject, 10 * FIRST_INTERVAL, step=0.1)
    assert subject.extra == pytest.approx(RESERVE, rel=0.01)


def test_a_refusal_ends_it_until_the_next_touch() -> None:
    subject = probe()
    advance(subject, 30.0)
    late(subject)
    assert (subject.extra, subject.speed) == (0.0, 0.0)
    subject.advance(0.01, RATE)
    assert subject.speed < 2


def test_when_more_was_found_it_goes_on_from_the_floor() -> None:
    subject = probe()
    advance(subject, 30.0)
    subject.found_more()
    assert subject.extra == subject.reserve
    speed = subject.speed
    subject.advance(0.1, RATE)
    assert subject.speed >= speed


def test_in_a_hurry_what_is_hoped_for_decides_and_not_what_is_believed() -> None:
    """After a denial 0.2/s are believed. Of the 60/s that were there a third is tried, not 0.4/s."""
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
    """A refusal has stopped the overspending: it is known, all the same, that it goes on at once."""
    subject = probe()
    subject.speed = speed
    assert subject.until(20.0, 2.0) == pytest.approx(20 / (2 + (speed or RESERVE / FIRST_INTERVAL)))
