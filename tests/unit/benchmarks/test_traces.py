"""Figures and traces of a server's log, calculated by hand."""

from __future__ import annotations

from benchmarks.over_http.calls import CUT, OK, REFUSED, LoggedCall
from benchmarks.over_http.traces import Figures, trace


def call(
    arrived: float, answered: float, outcome: str = OK, operation: str = "PutGatewayResponse"
) -> LoggedCall:
    return LoggedCall(
        arrived=arrived,
        answered=answered,
        operation=operation,
        account="111111111111",
        region="eu-west-1",
        api="a",
        outcome=outcome,
    )


LOG = (
    call(10.0, 10.1),
    call(10.2, 10.3, REFUSED),
    call(11.0, 12.4),
    call(11.5, 11.6, "ConflictException"),
    call(12.1, 12.2, CUT),
    call(12.5, 12.9, operation="GetGatewayResponse"),
)


def test_the_wall_ends_with_the_last_put_that_was_made() -> None:
    figures = Figures.of(LOG)
    assert figures.wall is not None
    assert round(figures.wall, 9) == 2.4  # not 2.9: the last call is a read
    assert (figures.calls, figures.refused, figures.conflicts, figures.cut) == (6, 1, 1, 1)


def test_without_a_put_there_is_no_wall() -> None:
    assert Figures.of([call(1.0, 2.0, REFUSED)]).wall is None
    assert Figures.of([]).wall is None


def test_a_trace_counts_by_the_second_from_the_first_call() -> None:
    found = trace("x", LOG, quota=[(0.0, 10.0)], puts=4)
    assert found["t"] == [0.0, 1.0, 2.0]
    assert found["sent"] == [2.0, 2.0, 2.0]
    assert found["refused"] == [1.0, 0.0, 0.0]
    assert found["left"] == [3, 3, 2]
    assert found["in_flight"] == [1, 2, 2]  # the call from 11.0 to 12.4 overlaps another one in two bins


def test_rates_are_per_second_whatever_the_step() -> None:
    found = trace("x", [call(0.0, 0.1), call(0.2, 0.3), call(0.6, 0.9)], quota=[], puts=3, step=0.5)
    assert found["sent"] == [4.0, 2.0]


def test_a_long_call_is_in_flight_in_every_bin() -> None:
    found = trace("x", [call(0.0, 3.5)], quota=[], puts=1)
    assert found["in_flight"] == [1, 1, 1, 1]
