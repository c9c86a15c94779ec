"""Little's law: rate times latency calls are under way. Three times that is allowed, for the slowest one."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgw.throttle.concurrency import LATENCIES, LEAST, ROOM, UNMEASURED, Concurrency


def after(*latencies: float, most: int = 1000) -> Concurrency:
    concurrency = Concurrency(most=most)
    for latency in latencies:
        concurrency.observe(latency)
    return concurrency


@pytest.mark.parametrize(
    ("rate", "latency", "calls"), [(10, 0.2, 6), (10, 0.11, 4), (100, 0.2, 60), (10, 5, 150), (10, 0.01, 2)]
)
def test_rate_times_latency_with_room(rate: float, latency: float, calls: int) -> None:
    assert ROOM == 3
    assert after(latency).limit(rate) == calls


def test_the_slowest_counts() -> None:
    assert after(0.1, 0.4, 0.1).limit(10) == 12


def test_the_slowest_is_forgotten() -> None:
    concurrency = after(0.4, *[0.1] * (LATENCIES - 1))
    assert concurrency.limit(10) == 12
    concurrency.observe(0.2)
    assert concurrency.limit(10) == 6


def test_before_anything_is_known() -> None:
    assert Concurrency(most=32).limit(10) == UNMEASURED
    assert Concurrency(most=4).limit(10) == 4


def test_the_cap_and_the_least() -> None:
    assert after(5.0, most=32).limit(100) == 32
    assert after(0.001, most=32).limit(0.1) == LEAST
    assert after(0.001, most=1).limit(0.1) == 1


@given(seed=st.integers(0, 999), count=st.integers(1, 350))
def test_it_remembers_the_slowest_of_the_last_hundred(seed: int, count: int) -> None:
    random = Random(seed)
    latencies = [random.choice((0.1, 0.2, random.uniform(0, 3))) for _ in range(count)]
    concurrency = after(*latencies)
    assert concurrency._slowest == max(latencies[-LATENCIES:])
