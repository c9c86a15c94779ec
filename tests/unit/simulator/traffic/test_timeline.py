"""Calls over time: counted in their second, bounded, and coarser rather than forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgw.simulator.traffic.timeline import NEIGHBOUR, Timeline

HERE = ("111111111111/eu-west-1", "PutGatewayResponse")


def counts(timeline: Timeline) -> dict[str, tuple[list[int], list[int]]]:
    """Taken and refused by operation."""
    return {key[1]: (list(s.taken), list(s.refused)) for key, s in timeline.series.items()}


def test_calls_are_counted_in_the_second_of_their_arrival() -> None:
    timeline = Timeline()
    for at, taken in ((0.0, True), (0.99, True), (1.0, False), (3.5, True)):
        timeline.add(HERE, at, taken=taken)
    timeline.add((HERE[0], NEIGHBOUR), 2.0, taken=False)
    assert counts(timeline) == {"PutGatewayResponse": ([2, 0, 0, 1], [0, 1]), "neighbour": ([], [0, 0, 1])}


def test_full_bins_become_half_as_many_of_twice_the_width() -> None:
    """Four bins of a second; a call at 4.2 s makes them 2 s wide, one at 17 s makes them 8."""
    timeline = Timeline(bins=4)
    for at in (0.1, 1.1, 1.2, 3.9):
        timeline.add(HERE, at, taken=True)
    assert list(timeline.series[HERE].taken) == [1, 2, 0, 1]
    timeline.add(HERE, 4.2, taken=True)
    assert (timeline.width, list(timeline.series[HERE].taken)) == (2.0, [3, 1, 1])
    timeline.add(HERE, 17.0, taken=True)
    assert (timeline.width, list(timeline.series[HERE].taken)) == (8.0, [5, 0, 1])


def test_all_series_are_told_at_one_length() -> None:
    timeline = Timeline()
    timeline.add(HERE, 2.5, taken=True)
    timeline.add((HERE[0], NEIGHBOUR), 0.5, taken=False)
    assert timeline.to_json() == {
        "width": 1.0,
        "series": [
            {"scope": HERE[0], "operation": HERE[1], "taken": [0, 0, 1], "refused": [0, 0, 0]},
            {"scope": HERE[0], "operation": "neighbour", "taken": [0, 0, 0], "refused": [1, 0, 0]},
        ],
    }


def test_it_begins_anew() -> None:
    timeline = Timeline(bins=2)
    timeline.add(HERE, 9.0, taken=True)
    timeline.reset()
    assert (timeline.width, timeline.to_json()["series"]) == (1.0, [])


@pytest.mark.parametrize(("bins", "width"), [(0, 1.0), (10, 0.0)])
def test_one_without_room_is_refused(bins: int, width: float) -> None:
    with pytest.raises(ValueError, match="timeline"):
        Timeline(bins=bins, width=width)


@given(
    st.lists(st.tuples(st.floats(min_value=0, max_value=1e6), st.booleans()), max_size=100), st.integers(1, 9)
)
def test_no_call_is_lost_and_the_bins_are_bounded(calls: list[tuple[float, bool]], bins: int) -> None:
    timeline = Timeline(bins=bins)
    for at, taken in calls:
        timeline.add(HERE, at, taken=taken)
    counted = timeline.series.get(HERE)
    if counted is None:
        assert not calls
        return
    assert sum(counted.taken) == sum(taken for _, taken in calls)
    assert sum(counted.refused) == sum(not taken for _, taken in calls)
    assert max(len(counted.taken), len(counted.refused)) <= bins
