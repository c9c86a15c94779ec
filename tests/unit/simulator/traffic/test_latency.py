from __future__ import annotations

import pytest

from batchgw.simulator.traffic import latency
from batchgw.simulator.traffic.latency import Latency


def test_the_median_and_the_99th_percentile_are_what_was_asked_for() -> None:
    drawn = Latency(median=0.11, p99=0.2, seed=1)
    seconds = sorted(drawn.draw() for _ in range(20_000))
    assert seconds[10_000] == pytest.approx(0.11, rel=0.02)
    assert seconds[19_800] == pytest.approx(0.2, rel=0.03)


def test_the_default_spreads_over_60_to_200_ms() -> None:
    drawn = Latency()
    seconds = sorted(drawn.draw() for _ in range(10_000))
    assert seconds[100] == pytest.approx(0.06, rel=0.05)
    assert seconds[9_900] == pytest.approx(0.2, rel=0.05)


def test_the_seed_decides() -> None:
    one, two, other = (Latency(seed=s) for s in (1, 1, 2))
    draws = [[latency.draw() for _ in range(5)] for latency in (one, two, other)]
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]


def test_no_latency() -> None:
    assert latency.none().draw() == 0


def test_equal_percentiles_make_it_constant() -> None:
    assert Latency(median=0.1, p99=0.1).draw() == pytest.approx(0.1)


@pytest.mark.parametrize(("median", "p99"), [(-1, 1), (0.2, 0.1)])
def test_latencies_that_cannot_be(median: float, p99: float) -> None:
    with pytest.raises(ValueError, match="median <= p99"):
        Latency(median=median, p99=p99)
