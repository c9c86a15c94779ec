"""Several policy files on the command line: what a later one refines, and what it may not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served

TEAM = """\
version: 1
responses:
  DEFAULT_5XX: {headers: {X-Test: "2"}}
"""
LOCKING = f"{POLICY}locked: [DEFAULT_4XX]\n"
CONTRADICTING = "version: 1\nresponses:\n  DEFAULT_4XX: {headers: {X-Test: '3'}}\n"


@pytest.fixture(autouse=True)
def _files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)
    Path("org.yaml").write_text(POLICY)
    Path("locking.yaml").write_text(LOCKING)
    Path("team.yaml").write_text(TEAM)
    Path("against.yaml").write_text(CONTRADICTING)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with served(monkeypatch):
        yield


@pytest.mark.usefixtures("world")
def test_plan_apply_check_and_discover_take_them_all() -> None:
    """Eight APIs, three types each; the targets are those of the first file."""
    planned = batchgw("plan", "org.yaml", "team.yaml", "-o", "json", "--out", "saved")
    assert planned.code == 2
    assert "org.yaml, team.yaml" in Path("saved").read_text().partition("\n")[0]
    total = planned.json["totals"]["total"]
    assert sum(total[kind] for kind in ("creates", "updates", "resets", "no_ops")) == 24
    assert batchgw("discover", "org.yaml", "team.yaml", "-o", "jsonl").lines[7]
    refused = batchgw("apply", "org.yaml", "--plan", "saved", "--yes")
    assert (refused.code, "was made from another policy" in refused.err) == (5, True)
    assert batchgw("apply", "org.yaml", "team.yaml", "--plan", "saved", "--yes").code == 0
    assert batchgw("check", "org.yaml", "team.yaml").code == 0
    assert batchgw("apply", "org.yaml", "-", "--yes", stdin=TEAM).code == 0


def test_a_contradiction_is_told_with_both_places() -> None:
    for verb in ("plan", "check", "apply", "discover"):
        refused = batchgw(verb, "locking.yaml", "against.yaml")
        assert refused.code == 64
        assert (
            "against.yaml:3:35: error: locking.yaml:9:10 has locked this: the header X-Test of" in refused.err
        )


def test_validate_checks_each_by_itself_or_all_together() -> None:
    assert batchgw("validate", "locking.yaml", "against.yaml").code == 0
    refused = batchgw("validate", "--together", "locking.yaml", "against.yaml", "-o", "json")
    (problem,) = refused.json
    assert (refused.code, problem["file"], problem["line"], problem["rule"]) == (
        64,
        "against.yaml",
        3,
        "locked",
    )
    checked = batchgw("validate", "--together", "org.yaml", "team.yaml")
    assert (checked.code, checked.out) == (0, "org.yaml, team.yaml: valid, 3 response types\n")


def test_standard_input_is_one_file_at_most() -> None:
    refused = batchgw("plan", "org.yaml", "-", "--targets", "-", stdin=TEAM)
    assert (refused.code, "cannot all be standard input" in refused.err) == (64, True)
    refused = batchgw("plan", "-", "-", stdin=TEAM)
    assert (refused.code, "this file is named twice" in refused.err) == (64, True)
