"""The figures in the README and in docs/performance.md are those of the committed results."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.harness import short
from benchmarks.harness.results import RESULTS

PAGES = pytest.mark.parametrize("page", short.PAGES, ids=lambda page: page.name)


@PAGES
def test_the_page_shows_what_was_measured(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert short.updated(page) == text, "run `python -m benchmarks.harness.short`"


@PAGES
def test_another_result_would_change_the_page(page: Path, tmp_path: Path) -> None:
    """The test above can fail."""
    folder = Path(shutil.copytree(RESULTS, tmp_path / "results"))
    path = folder / "http_puts.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    row = next(row for row in content["rows"] if row["name"] == "batchgw")
    row["values"]["ratio"] += 0.5
    path.write_text(json.dumps(content), encoding="utf-8")
    assert short.updated(page, folder) != page.read_text(encoding="utf-8")


def test_a_row_that_was_not_measured_is_named(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(RESULTS, tmp_path / "results"))
    path = folder / "http_puts.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["rows"] = [row for row in content["rows"] if row["name"] != "batchgw"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(KeyError, match="'batchgw'"):
        short.table(short.FIGURES, folder)
