"""How the stalls of several runs are combined, and how the machine's own stalls are measured."""

from __future__ import annotations

import time

import pytest

from benchmarks.stalls import Run, gaps, row


def run(wall: float, cpu: float) -> Run:
    """What a loop may have measured."""
    return Run({"wall": wall, "cpu": cpu})


def test_a_stall_of_one_run_is_shown_but_does_not_count() -> None:
    found = row("plan", [run(14.56, 3.0), run(6.04, 5.5)])
    assert found.values == {"wall": 6.04, "cpu": 3.0, "range": "14.6, 6.0"}
    assert found.missed() == []


def test_a_stall_of_every_run_counts() -> None:
    assert row("plan", [run(14.5, 14.0), run(12.0, 11.0)]).missed() == ["wall"]


def test_one_failed_run_fails_the_row() -> None:
    found = row("apply", [run(1.0, 1.0), Run(failed="exit 1: no")])
    assert found.failed == "exit 1: no"
    assert found.missed() == ["wall"]


def test_the_longest_time_between_two_readings_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([0.0, 0.001, 0.021, 0.022, 1.0])
    used = iter([0.0, 0.001, 0.002, 0.003, 0.503])
    monkeypatch.setattr(time, "perf_counter", lambda: next(looks))
    monkeypatch.setattr(time, "thread_time", lambda: next(used))
    assert gaps(1.0) == pytest.approx({"wall": 978.0, "cpu": 500.0})
