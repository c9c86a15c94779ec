"""Files that flags name: never a standard stream by mistake, and for their owner's eyes only."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)


@pytest.mark.parametrize(
    ("command", "instead"),
    [
        ("plan policy.yaml --out -", "`--output jsonl` prints the plan as data"),
        ("apply --plan -", "a plan is read several times"),
        ("check policy.yaml --log-file -", "`--log-format json`"),
        ("apply policy.yaml --journal -", ""),
        ("runs list --journal -", ""),
        ("check policy.yaml --ca-bundle -", ""),
        ("simulate --faults -", ""),
    ],
)
def test_a_dash_makes_no_file_of_that_name(command: str, instead: str) -> None:
    done = batchgw(*command.split())
    assert done.code == 64
    assert "`-` is not a file here: name one" in done.err
    assert instead in done.err
    assert not Path("-").exists()


def test_whatever_the_umask_what_a_run_leaves_is_for_its_owner_only(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0)
    try:
        with served(monkeypatch):
            batchgw("plan", "policy.yaml", "--out", "p.plan", "--log-file", "run.log")
            assert batchgw("apply", "--plan", "p.plan", "--yes", "--journal", "j.db").code == 0
    finally:
        os.umask(before)
    made = [path for path in Path().rglob("*") if path.is_file() and path.name != "policy.yaml"]
    assert {path.name for path in made} >= {"p.plan", "run.log", "j.db", "journal.db"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert stat.S_IMODE(Path("state/batchgw").stat().st_mode) == 0o700


def test_without_a_temporary_folder_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose file system is read-only."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    with served(monkeypatch):
        done = batchgw("check", "policy.yaml", "--no-memory")
    assert done.code == 64
    assert done.err.startswith("error: There is no folder for the temporary plan: ")
    assert "TMPDIR" in done.err
