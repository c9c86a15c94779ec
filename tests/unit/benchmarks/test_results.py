"""What a section keeps and tells: goals, failures, and the same again from its file."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.harness.results import Column, Row, Section, markdown, origin, read, show, write

RATIO = Column(key="ratio", label="wall / limit", format=".3f")
REFUSED = Column(key="refused", label="refused", format=",.0f")


def section(*rows: Row) -> Section:
    return Section(
        name="tiny", title="Tiny", command="true", quick=False, columns=(RATIO, REFUSED), rows=rows
    )


@pytest.mark.parametrize(
    ("row", "missed"),
    [
        (Row(name="a", values={"ratio": 1.01, "refused": 0}, goals={"ratio": 1.01, "refused": 0}), []),
        (Row(name="a", values={"ratio": 1.02, "refused": 0}, goals={"ratio": 1.01, "refused": 0}), ["ratio"]),
        (Row(name="a", values={"refused": 0}, goals={"ratio": 1.01, "refused": 0}), ["ratio"]),
        (Row(name="a", values={"ratio": "fast"}, goals={"ratio": 1.01}), ["ratio"]),
        (Row(name="a", values={"ratio": 1.0}, goals={"ratio": 1.01}, failed="it died"), ["ratio"]),
        (Row(name="a", goals={"ratio": 1.01}, skipped="not here"), []),
        (Row(name="a", values={"ratio": 9.0}), []),
    ],
)
def test_a_goal_is_an_upper_bound_and_a_failed_or_unmeasured_value_misses_it(
    row: Row, missed: list[str]
) -> None:
    assert row.missed() == missed


def test_missed_goals_are_shown_with_their_figures() -> None:
    slow = Row(name="slow", values={"ratio": 1.25}, goals={"ratio": 1.01})
    dead = Row(name="dead", goals={"refused": 0}, failed="exit code 1")
    assert section(slow, dead).missed() == [
        "slow: wall / limit 1.250, goal 1.010",
        "dead: refused -, goal 0, and it failed",
    ]


def test_a_section_is_read_as_it_was_written(tmp_path: Path) -> None:
    kept = replace(
        section(
            Row(name="a", values={"ratio": 1.5, "refused": None}, goals={"ratio": 2.0}),
            Row(name="b", skipped="no binary"),
            Row(name="c", failed="exit code 1"),
        ),
        notes=("a note with [1,\n2]",),
        series={"traces": [{"t": [0.0, 1.0, 2.5e-07], "sent": [-1, 2], "label": "x"}]},
    )
    write(kept, tmp_path)
    assert read("tiny", tmp_path) == kept
    assert origin("tiny", tmp_path).machine["python"]


def test_numbers_of_a_trace_are_written_on_one_line(tmp_path: Path) -> None:
    path = write(replace(section(), series={"t": [1.0, 2.0, 3.0]}), tmp_path)
    assert '"t": [1.0, 2.0, 3.0]' in path.read_text()


def test_a_value_that_is_not_a_number_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write(section(Row(name="a", values={"ratio": float("nan")})), tmp_path)


def test_failures_and_skips_are_shown_in_the_tables() -> None:
    shown = section(
        Row(name="dead", failed="exit code 1"), Row(name="absent", skipped="no binary"), Row(name="well")
    )
    out = io.StringIO()
    show(shown, Console(file=out, width=100))
    for text in (out.getvalue(), markdown(shown)):
        assert "failed: exit code 1" in text
        assert "skipped: no binary" in text
