"""Two recorded runs are compared call by call, and the least difference in the limiter is seen."""

from __future__ import annotations

from itertools import islice

import pytest

from batchgw.throttle.bucket import model
from benchmarks.virtual.recorded_runs import ACCEPTED, REFUSED, record
from benchmarks.virtual.same_traces import HERE, Trace, first_difference, recorded, runs
from benchmarks.virtual.scenarios import HELD_OUT, SCENARIOS, TUNING

RUN = ("neighbour-6", 200, 0)
"""A run in which calls are refused."""


@pytest.mark.parametrize(
    ("before", "after", "number"),
    [
        pytest.param([[0.1], [0.2]], [[0.1], [0.2]], None, id="equal"),
        pytest.param([[0.1], [0.2]], [[0.1], [0.2 + 3e-17]], 2, id="the last bit"),
        pytest.param([[0.1, "accepted"]], [[0.1, "refused"]], 1, id="the result"),
        pytest.param([[0.1]], [[0.1], [0.2]], 2, id="one more call"),
        pytest.param([[0.1], [0.2]], [[0.1]], 2, id="one call less"),
    ],
)
def test_the_first_difference_is_found(before: Trace, after: Trace, number: int | None) -> None:
    found = first_difference(RUN, before, after)
    assert (found and found.number) == number


def test_a_difference_names_its_run_and_shows_both_entries() -> None:
    shown = str(first_difference(RUN, [[0.1]], []))
    assert shown == "neighbour-6, 200 calls, seed 0: entry 1 differs\n  before: [0.1]\n   after: None"


def test_a_run_is_recorded_alike_each_time_and_in_whatever_process() -> None:
    one, other = list(record(*RUN)), list(record(*RUN))
    assert one == other
    with recorded(HERE, [RUN]) as traces:
        assert first_difference(RUN, next(traces), one) is None
        assert list(traces) == []


def test_every_call_is_recorded_with_its_result() -> None:
    *calls, (figures,) = record(*RUN)
    assert len(calls) == figures["sent"]  # type: ignore[index]
    results = [call[-1] for call in calls]
    assert results.count(REFUSED) == figures["refused"] > 0  # type: ignore[index]
    assert results.count(ACCEPTED) == RUN[1]


def test_a_limiter_that_behaves_otherwise_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(record(*RUN))
    monkeypatch.setattr(model, "HALF_TOKEN", 0.51)
    assert first_difference(RUN, before, list(record(*RUN))) is not None


def test_every_world_is_compared_with_both_kinds_of_seeds() -> None:
    wanted = runs([each.key for each in SCENARIOS], (200, 2_000), seeds=2)
    assert len(wanted) == len(set(wanted)) == len(SCENARIOS) * 2 * 4
    assert {seed for _, _, seed in wanted} == {*islice(TUNING, 2), *islice(HELD_OUT, 2)}
