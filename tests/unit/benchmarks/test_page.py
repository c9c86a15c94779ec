"""The benchmarks' page shows the committed results, and says why a goal was missed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.harness import page
from benchmarks.harness.results import RESULTS, Column, Row, Section, write

SECTION = Section(
    name="http_puts",
    title="Tiny puts",
    command="python -m benchmarks.http_puts",
    quick=False,
    columns=(Column(key="ratio", label="wall / limit", format=".3f"),),
    rows=(
        Row(name="batchgw", values={"ratio": 1.2}, goals={"ratio": 1.01}),
        Row(name="Terraform", skipped="there is no terraform on the PATH"),
        Row(name="botocove", failed="exit code 1"),
    ),
    series={"bars": ["ratio"]},
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    write(SECTION, tmp_path)
    return tmp_path


def test_the_page_has_tables_plots_failures_and_missed_goals(results: Path) -> None:
    text = page.text(results, notes="")
    for part in (
        "## Tiny puts",
        "`python -m benchmarks.http_puts`",
        "| batchgw | 1.200 |",
        "skipped: there is no terraform on the PATH",
        "failed: exit code 1",
        "Missed: batchgw: wall / limit 1.200, goal 1.010.",
        "(results/http_puts.bars.svg)",
        "Measured 20",
    ):
        assert part in text


def test_why_a_goal_was_missed_comes_from_the_notes(results: Path) -> None:
    notes = "# Notes\n\nFor writers.\n\n## http_puts\n\n**Missed**: the last call.\n\n## startup\n\nElse.\n"
    text = page.text(results, notes=notes)
    assert "**Missed**: the last call." in text
    assert "Else." not in text
    assert "For writers." not in text
    assert page.UNEXPLAINED not in text
    assert page.unexplained(results, notes) == []


def test_a_missed_goal_without_explanation_is_shown_as_unexplained(results: Path) -> None:
    for notes in ("", "## http_puts\n\nOf something else.\n"):
        assert page.UNEXPLAINED in page.text(results, notes=notes)
        assert page.unexplained(results, notes) == ["http_puts"]


def test_an_explanation_of_goals_that_were_met_is_stale(tmp_path: Path) -> None:
    met = Row(name="batchgw", values={"ratio": 1.0}, goals={"ratio": 1.01})
    write(replace(SECTION, rows=(met,)), tmp_path)
    assert page.unexplained(tmp_path, "## http_puts\n\n**Missed**: the last call.\n") == ["http_puts"]
    assert page.unexplained(tmp_path, "## http_puts\n\nOf something else.\n") == []


def test_sections_are_in_the_registry_s_order_and_a_module_s_other_ones_follow_it(tmp_path: Path) -> None:
    for name in ("unheard_of", "startup", "http_scopes_many", "http_scopes", "http_puts"):
        write(replace(SECTION, name=name), tmp_path)
    assert [section.name for section in page.kept(tmp_path)] == [
        "http_puts",
        "http_scopes",
        "http_scopes_many",
        "startup",
        "unheard_of",
    ]


def test_a_quick_result_is_marked(tmp_path: Path) -> None:
    write(replace(SECTION, quick=True), tmp_path)
    assert ", quick:" in page.text(tmp_path, notes="")


# What is committed


def test_the_committed_page_is_what_the_committed_results_give() -> None:
    """When it is not: python -m benchmarks.harness.page."""
    assert page.PAGE.read_text(encoding="utf-8") == page.text()


def test_every_goal_missed_in_the_committed_results_is_explained() -> None:
    assert page.unexplained() == []


def test_the_plots_on_the_page_are_there_and_small() -> None:
    shown = re.findall(r"\]\((results/[\w.]+\.svg)\)", page.PAGE.read_text(encoding="utf-8"))
    for name in shown:
        plot = page.PAGE.parent / name
        assert plot.stat().st_size < 200_000
        assert plot.with_suffix(".png").exists()


def test_no_committed_result_is_a_quick_one() -> None:
    assert [section.name for section in page.kept(RESULTS) if section.quick] == []
