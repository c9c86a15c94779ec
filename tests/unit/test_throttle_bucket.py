"""The mirror bucket, with numbers worked by hand. Rate 10/s, burst 40, reserve 2 unless said otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgw.throttle import bucket as constants
from batchgw.throttle.bucket import TokenBucket


def spend(bucket: TokenBucket, calls: int, start: float = 0.0) -> list[float]:
    """Send as early as the bucket allows; return when each call left."""
    now, times = start, []
    for _ in range(calls):
        now += bucket.delay(now)
        bucket.sent(now)
        times.append(now)
    return times


def test_the_burst_leaves_at_twice_the_rate_and_the_rest_at_the_rate() -> None:
    times = spend(TokenBucket(rate=10, burst=40), 200)
    # 1/(2*10) s apart while the surplus lasts: 40 - 2 in reserve, draining at 20 - 10 a second
    assert times[1] - times[0] == pytest.approx(0.05)
    assert times[199] - times[198] == pytest.approx(0.1)
    # call n (from 0) needs n + 1 + reserve tokens by then: 40 + 10 t = 200 + 2
    assert times[199] == pytest.approx((200 + 2 - 40) / 10)


def test_a_share_is_a_hard_ceiling() -> None:
    times = spend(TokenBucket(rate=10, burst=40, share=0.5), 200)
    for i, start in enumerate(times):
        in_window = sum(1 for t in times[i:] if t <= start + 10)
        assert in_window <= 40 + 5 * 10


def test_a_refusal_of_a_full_mirror_corrects_the_level_and_keeps_the_rate() -> None:
    bucket = TokenBucket(rate=10, burst=40)
    bucket.sent(0.0)
    bucket.throttled(0.0, 0.1, None)
    statistics = bucket.statistics(0.1)
    assert statistics.level == 0.0
    assert statistics.rate == 10.0
    assert bucket.delay(0.1) == pytest.approx(0.3)  # 1 + reserve 2 tokens at 10/s


def test_a_refusal_of_a_calibrated_mirror_decreases_the_rate_once_per_episode() -> None:
    bucket = TokenBucket(rate=10, burst=40)
    spend(bucket, 100)  # at its floor now
    now = 6.3  # the hundredth left at 6.2
    bucket.sent(now)
    bucket.throttled(now, now + 0.1, None)
    decreased = bucket.statistics(now + 0.1).rate
    assert decreased == pytest.approx(10 * constants.DECREASE)
    bucket.throttled(now, now + 0.1, None)  # sent before the reaction: the same episode
    assert bucket.statistics(now + 0.1).rate == decreased


def test_the_rate_comes_back_with_time_and_not_beyond_the_ceiling() -> None:
    bucket = TokenBucket(rate=10, burst=40)
    spend(bucket, 100)
    bucket.sent(6.3)
    bucket.throttled(6.3, 6.3, None)
    # 2 % of 10 a second
    assert bucket.statistics(11.3).rate == pytest.approx(7.0 + 5 * 0.2)
    assert bucket.statistics(1000.0).rate == 10.0


@pytest.mark.parametrize(("retry_after", "held"), [(7.0, 7.0), (0.0, 0.3), (600.0, 60.0)])
def test_retry_after_is_never_shortened_but_capped(retry_after: float, held: float) -> None:
    bucket = TokenBucket(rate=10, burst=40)
    bucket.sent(0.0)
    bucket.throttled(0.0, 0.0, retry_after)
    assert bucket.delay(0.0) == pytest.approx(held)


@pytest.mark.parametrize(
    ("rate", "burst", "share"), [(0, 40, 1), (-1, 40, 1), (10, 0.5, 1), (10, 40, 0), (10, 40, 1.1)]
)
def test_nonsense_is_refused(rate: float, burst: float, share: float) -> None:
    with pytest.raises(ValueError, match="a rate above 0"):
        TokenBucket(rate=rate, burst=burst, share=share)


@given(
    rate=st.floats(0.1, 100),
    burst=st.floats(1, 200),
    answers=st.lists(st.tuples(st.booleans(), st.floats(0, 3)), max_size=200),
)
def test_delay_is_finite_the_level_bounded_and_the_rate_between_floor_and_ceiling(
    rate: float, burst: float, answers: list[tuple[bool, float]]
) -> None:
    bucket = TokenBucket(rate=rate, burst=burst)
    now = 0.0
    for refused, latency in answers:
        delay = bucket.delay(now)
        assert 0 <= delay < float("inf")
        now += delay
        bucket.sent(now)
        if refused:
            bucket.throttled(now, now + latency, None)
        else:
            bucket.ok(now, now + latency)
        statistics = bucket.statistics(now + latency)
        assert statistics.level <= burst
        assert rate * constants.FLOOR <= statistics.rate <= rate * (1 + 1e-9)


@given(calls=st.integers(1, 300), rate=st.floats(0.5, 50), burst=st.floats(1, 100))
def test_never_more_than_the_quota_in_any_window(calls: int, rate: float, burst: float) -> None:
    times = spend(TokenBucket(rate=rate, burst=burst), calls)
    for i, start in enumerate(times):
        for j in range(i, len(times), 7):
            assert j - i + 1 <= burst + rate * (times[j] - start) + 1e-6
