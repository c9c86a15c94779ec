"""Plots are drawn from a section's series alone, and are the same each time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.harness.plots import BARS, QUEUE, RATE, draw, kinds
from benchmarks.harness.results import Column, Row, Section

TRACE: dict[str, Any] = {
    "label": "batchgw",
    "quota": [[0.0, 10.0], [2.0, 5.0]],
    "t": [0.0, 1.0, 2.0, 3.0],
    "sent": [40.0, 10.0, 6.0, 5.0],
    "refused": [0.0, 0.0, 1.0, 0.0],
}
SECTION = Section(
    name="drawn",
    title="Drawn",
    command="true",
    quick=False,
    columns=(
        Column(key="ratio", label="wall / limit", format=".3f"),
        Column(key="given_up", label="given up"),
    ),
    rows=(
        Row(name="batchgw", values={"ratio": 1.0, "given_up": 0}, goals={"ratio": 1.01}),
        Row(name="gather", values={"ratio": 0.1, "given_up": 200}),
        Row(name="dead", failed="exit code 1"),
        Row(name="absent", skipped="no binary"),
    ),
    series={
        "bars": ["ratio", "given_up"],
        "traces": [TRACE, {**TRACE, "label": "x", "waiting": [9, 5, 1, 0]}],
    },
)


def test_a_section_has_the_plots_its_series_allow() -> None:
    assert kinds(SECTION) == (BARS, RATE, QUEUE)
    assert kinds(replace(SECTION, series={"traces": [TRACE]})) == (RATE,)
    assert kinds(replace(SECTION, series={"bars": ["nothing"]})) == ()
    assert kinds(replace(SECTION, series={})) == ()


def test_the_same_section_gives_the_same_small_files(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    for one, other in zip(draw(SECTION, first), draw(SECTION, second), strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert 1_000 < one.stat().st_size < 200_000
    names = {path.name for path in first.iterdir()}
    assert names == {f"drawn.{kind}.{form}" for kind in (BARS, RATE, QUEUE) for form in ("svg", "png")}


def test_a_long_trace_is_thinned(tmp_path: Path) -> None:
    """20,000 calls at 10/s: 2,000 bins, drawn as 240 at most."""
    long = {**TRACE, "t": [float(n) for n in range(2000)], "sent": [10.0] * 2000, "refused": [0.0] * 2000}
    section = replace(SECTION, series={"traces": [{**long, "label": f"world {n}"} for n in range(12)]})
    assert all(path.stat().st_size < 200_000 for path in draw(section, tmp_path))


def test_a_section_without_numbers_has_no_plots(tmp_path: Path) -> None:
    assert (
        draw(replace(SECTION, rows=(Row(name="x", failed="it died"),), series={"bars": ["ratio"]}), tmp_path)
        == []
    )
