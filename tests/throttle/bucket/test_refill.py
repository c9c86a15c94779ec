"""Two refusals measure the refill: the calls taken between them, over the time. Worked by hand."""

from __future__ import annotations

from random import Random

import pytest

from batchgw.throttle.bucket.refill import LOWERED, MOST_SAMPLES, PRIOR, REFUTED, REMEMBERED, WINDOW, Refill

NOISE = 1.0


def send(refill: Refill, *, start: float, end: float, rate: float) -> None:
    """Calls at `rate` after `start`, the last one at `end`: `empty` can then refuse that one."""
    calls = round((end - start) * rate)
    for number in range(1, calls + 1):
        refill.sent(start + number / rate)


def empty(refill: Refill, at: float) -> None:
    """The call that left at `at` is refused, which is a sample."""
    refill.refused(at)
    refill.sample(at)


def steady(*taken: int, every: float = 10.0) -> Refill:
    """Samples `every` seconds, the first at 0. `taken` says how many calls were taken between them."""
    refill = Refill()
    refill.sent(0.0)
    empty(refill, 0.0)
    for number, calls in enumerate(taken):
        start = number * every
        send(refill, start=start, end=start + every, rate=(calls + 1) / every)
        empty(refill, start + every)
    return refill


def blended(believed: float, taken: float, span: float) -> float:
    """The old belief counts like PRIOR seconds of measuring."""
    return (believed * PRIOR + taken) / (PRIOR + span)


def test_the_first_interval_subtracts_what_the_bucket_held() -> None:
    """40 tokens were there. Of 70 calls in 3 s only the last is refused, so 69 - 40 tokens have run in."""
    refill = Refill()
    refill.begin(0.0, 40.0)
    send(refill, start=0.0, end=3.0, rate=70 / 3)
    empty(refill, 3.0)
    assert refill.measure(10.0, NOISE) == pytest.approx(blended(10, 29, 3))
    assert refill.latest() == pytest.approx(29 / 3)
    assert refill.latest(fewer=10) == pytest.approx(39 / 3)


def test_the_refill_is_the_calls_taken_over_the_time() -> None:
    assert steady(50).measure(10.0, NOISE) == pytest.approx(blended(10, 50, 10))


def test_intervals_that_differ_by_chance_are_counted_together() -> None:
    """97 where 100 were expected: latencies alone move as many calls from one interval to another."""
    assert steady(100, 100, 97).measure(10.0, NOISE) == pytest.approx(blended(10, 297, 30))


def test_an_interval_that_differs_by_more_begins_a_new_regime() -> None:
    assert steady(100, 100, 50).measure(10.0, NOISE) == pytest.approx(blended(10, 50, 10))
    assert steady(50, 50, 100).measure(5.0, NOISE) == pytest.approx(blended(5, 100, 10))


def test_noise_is_learned_and_then_allowed_for() -> None:
    """Others call irregularly: 60 and 140 calls are taken in turn. After that, 50 is no new regime."""
    refill = steady(60, 140, 60, 140)
    refill.measure(10.0, 100.0)
    for number in (4, 5, 6):
        send(refill, start=10.0 * number, end=10.0 * (number + 1), rate=(60 + 80 * (number % 2) + 1) / 10)
        empty(refill, 10.0 * (number + 1))
        refill.measure(10.0, 100.0)
    assert refill.noise > 20  # 40 calls of deviation in 10 s are a variance of 160 per second
    send(refill, start=70.0, end=80.0, rate=5.1)
    empty(refill, 80.0)
    assert refill.measure(10.0, 100.0) > 8


def test_a_late_refusal_corrects_the_samples() -> None:
    """Ten of the hundred calls between two samples turn out to have been refused, too: 90 were taken."""
    refill = steady(100)
    for number in range(10):
        refill.refused(5.0 + number / 100)
    assert refill.latest() == pytest.approx(9.0)


def test_a_late_refusal_before_the_first_sample_changes_no_interval() -> None:
    refill = Refill()
    for moment in (1.0, 2.0, 3.0):
        refill.sent(moment)
    empty(refill, 3.0)
    send(refill, start=3.0, end=13.0, rate=10.1)
    empty(refill, 13.0)
    refill.refused(1.0)
    assert refill.latest() == pytest.approx(10.0)


def test_refusals_may_be_reported_in_any_order() -> None:
    """A dozen calls of one interval are refused. The refill is the same, whichever refusal comes first."""
    refused = [10.0 + number * 0.5 for number in range(1, 12)]
    told = []
    for seed in range(5):
        refill = steady(100)
        send(refill, start=10.0, end=20.0, rate=10.0)
        order = refused.copy()
        Random(seed).shuffle(order)
        for moment in order:
            refill.refused(moment)
        empty(refill, 20.0)
        told.append((refill.latest(), refill.taken_after(15.0)))
    assert told == [told[0]] * 5
    latest, taken = told[0]
    assert latest == pytest.approx(8.8)
    assert taken == 50 - 2  # of those sent after 15, two were refused: at 15.5 and at 20


def test_an_interval_in_which_the_bucket_may_have_overflowed_is_a_lower_bound() -> None:
    low, high = steady(), steady()
    for refill, rate in ((low, 4.1), (high, 16.1)):
        refill.overflow()
        send(refill, start=0.0, end=10.0, rate=rate)
        empty(refill, 10.0)
    assert low.measure(10.0, NOISE) == 10.0
    assert high.measure(10.0, NOISE) == pytest.approx(blended(10, 160, 10))


def test_the_second_low_lower_bound_in_a_row_lowers_the_rate() -> None:
    """41 calls leave in 10 s, and the last is refused. If the bucket was full, that does not happen twice."""
    refill = steady()
    believed = 10.0
    for number in range(3):
        refill.overflow()
        send(refill, start=10.0 * number, end=10.0 * (number + 1), rate=4.1)
        empty(refill, 10.0 * (number + 1))
        before, believed = believed, refill.measure(believed, NOISE)
        assert believed == pytest.approx(before if number == 0 else LOWERED * before)


def test_before_noise_is_learned_it_is_guessed_from_what_others_may_call() -> None:
    """75 where 100 were expected: if others make 10 calls/s that is chance; at 0.1/s it is a new regime."""
    assert steady(100, 100, 75).measure(10.0, 0.1) == pytest.approx(blended(10, 75, 10))
    assert steady(100, 100, 75).measure(10.0, 10.0) == pytest.approx(blended(10, 275, 30))


def test_only_intervals_after_an_overflow_are_averaged() -> None:
    """100, then 40 with an overflow, then 98: only the last interval counts."""
    refill = steady(100)
    refill.overflow()
    send(refill, start=10.0, end=20.0, rate=4.1)
    empty(refill, 20.0)
    refill.measure(10.0, NOISE)
    send(refill, start=20.0, end=30.0, rate=9.9)
    empty(refill, 30.0)
    assert refill.measure(10.0, 100.0) == pytest.approx(blended(10, 98, 10))


def test_when_the_first_level_was_wrong_its_rate_is_lowered_too() -> None:
    """40 tokens were said to be there, and after 20 calls there was none."""
    refill = Refill()
    refill.begin(0.0, 40.0)
    send(refill, start=0.0, end=1.0, rate=20.0)
    empty(refill, 1.0)
    assert refill.measure(10.0, NOISE) == pytest.approx(10 * REFUTED)
    send(refill, start=1.0, end=11.0, rate=10.1)
    empty(refill, 11.0)
    assert refill.measure(6.0, NOISE) == pytest.approx(blended(6, 100, 10))


def test_samples_count_for_a_minute_but_the_last_interval_stays() -> None:
    refill = steady(*[100] * 10)  # at 100 s the samples from 40 s on count: 600 calls
    assert refill.measure(1.0, NOISE) == pytest.approx(blended(1, 100 * WINDOW / 10, WINDOW))
    lonely = steady(700, every=100.0)
    assert lonely.measure(10.0, NOISE) == pytest.approx(blended(10, 700, 100))


def test_a_sample_that_is_no_later_than_the_last_one_is_ignored() -> None:
    refill = steady(100)
    before = refill.measure(10.0, NOISE)
    refill.sample(10.0)
    refill.sample(4.0)
    assert refill.measure(10.0, NOISE) == before


def test_samples_almost_at_once_count_as_one() -> None:
    """A call taken in 1e-200 s would give a rate that no float can hold well."""
    refill = Refill()
    for moment in (1e-200, 3e-200, 5.0, 10.0):
        refill.sent(moment / 2)
        refill.sent(moment)
        empty(refill, moment)
        assert 0 <= refill.measure(10.0, NOISE) <= 11


def test_one_sample_measures_nothing() -> None:
    assert Refill().latest() is None
    assert steady().latest() is None
    assert steady().measure(7.0, NOISE) == 7.0


def test_a_restart_forgets_the_samples_and_not_the_calls() -> None:
    refill = steady(100)
    refill.restart()
    assert refill.latest() is None
    assert refill.taken_after(5.0) == 50
    empty(refill, 10.5)
    send(refill, start=10.5, end=20.5, rate=6.1)
    empty(refill, 20.5)
    assert refill.latest() == pytest.approx(6.0)


def test_calls_beyond_those_remembered_still_count() -> None:
    """Three times as many calls leave as are remembered, and every second one is refused."""
    refill = Refill(scale=1e9)
    refill.begin(0.0, 0.0)
    calls = 3 * REMEMBERED
    for number in range(1, calls + 1):
        refill.sent(number / 10)
        if number % 2:
            refill.refused(number / 10)
    empty(refill, calls / 10)
    assert refill.latest() == pytest.approx(5.0, abs=0.01)
    assert refill.taken_after(calls / 10 - 10) == 49  # half of the last 100, less the one refused at the end


def test_the_oldest_samples_are_dropped_beyond_a_maximum() -> None:
    """The samples are one second apart, and the window is very long."""
    refill = Refill(scale=1e9)
    for number in range(3 * MOST_SAMPLES):
        send(refill, start=float(number), end=number + 1.0, rate=11.0)
        empty(refill, number + 1.0)
    assert len(refill._samples) == MOST_SAMPLES
    assert refill.measure(10.0, NOISE) == pytest.approx(10.0)
