"""Environment variables that begin with BATCHGW_ and that nothing reads."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import chain
from pathlib import Path

import pytest

from batchgw.cli.flags.flag import declared, variable
from batchgw.cli.flags.options import SelectionFlags
from batchgw.cli.flags.variables import OF_BENCHMARKS, OF_SCRIPTS, nearest, unread
from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served

ROOT = Path(__file__).parents[4]

NARROWING = [variable("--" + field.name.replace("_", "-")) for field in fields(SelectionFlags)]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("BATCHGW_ACCOUNTS", "BATCHGW_ACCOUNT"),
        ("BATCHGW_ACOUNT", "BATCHGW_ACCOUNT"),
        ("batchgw_account", "BATCHGW_ACCOUNT"),
        ("BATCHGW_ACCOUNT_ID", "BATCHGW_ACCOUNT"),
        ("BATCHGW_ACCOUNT_IDS", "BATCHGW_ACCOUNT"),
        ("BATCHGW_ACCOUNTS_EXCLUDE", "BATCHGW_EXCLUDE_ACCOUNT"),
        ("BATCHGW_EXCLUDED_ACCOUNT", "BATCHGW_EXCLUDE_ACCOUNT"),
        ("BATCHGW_REGIONS", "BATCHGW_REGION"),
        ("BATCHGW_AWS_REGION", "BATCHGW_REGION"),
        ("BATCHGW_TAGS", "BATCHGW_TAG"),
        ("BATCHGW_TGA", "BATCHGW_TAG"),
        ("BATCHGW_NAMES", "BATCHGW_NAME"),
        ("BATCHGW_API_IDS", "BATCHGW_API_ID"),
        ("BATCHGW_APIS", "BATCHGW_API_ID"),
        ("BATCHGW_TARGET", "BATCHGW_TARGETS"),
        ("BATCHGW_ROLE", "BATCHGW_ROLE_NAME"),
        ("BATCHGW_ENDPOINT", "BATCHGW_ENDPOINT_URL"),
        ("BATCHGW_SHAER", "BATCHGW_SHARE"),
        ("BATCHGW_JOURNAL_URL", "BATCHGW_JOURNAL"),
    ],
)
def test_a_misspelling_is_told_with_what_was_meant(wrong: str, meant: str) -> None:
    assert list(unread({wrong: "x"})) == [wrong]
    assert nearest(wrong, declared()) == meant


@pytest.mark.parametrize("name", ["VERSION", "IMAGE_TAG", "IMAGE", "HOME", "POLICY", "LOG_DIR", "TOKEN"])
def test_what_a_pipeline_calls_its_own_is_no_misspelling(name: str) -> None:
    assert nearest(f"BATCHGW_{name}", declared()) is None


@pytest.mark.parametrize("name", NARROWING)
def test_no_misspelling_of_what_narrows_a_run_is_the_variable_of_another_flag(name: str) -> None:
    """BATCHGW_ACCOUNTS, which was the simulator's, was passed over by an apply to every account."""
    assert nearest(name, declared() - {name}) is None


def test_a_misspelt_variable_ends_a_run_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("policy.yaml").write_text(POLICY)
    with served(monkeypatch):
        monkeypatch.setenv("BATCHGW_ACCOUNTS", "111111111111")
        refused = batchgw("apply", "policy.yaml", "--yes")
        assert (refused.code, refused.out) == (64, "")
        assert "BATCHGW_ACCOUNTS (did you mean BATCHGW_ACCOUNT?)" in refused.err
        monkeypatch.setenv("BATCHGW_ACCOUNTS", "")
        monkeypatch.setenv("BATCHGW_ACCOUNT", "111111111111")
        assert batchgw("apply", "policy.yaml", "--yes").code == 0


def test_another_unread_variable_is_warned_of_even_when_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHGW_IMAGE_TAG", "1.2")
    shown = batchgw("presets", "--quiet")
    assert shown.code == 0
    assert shown.err == (
        "warning: nothing reads the environment variable BATCHGW_IMAGE_TAG: batchgw has no such flag.\n"
    )


def test_variables_of_other_verbs_of_scripts_and_of_benchmarks_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("BATCHGW_SIMULATE_ACCOUNTS", "BATCHGW_YES", *OF_SCRIPTS, f"{OF_BENCHMARKS}STEPS"):
        monkeypatch.setenv(name, "1")
    assert batchgw("presets").err == ""


def test_what_the_project_itself_reads_is_known() -> None:
    """A new variable of a script, of a benchmark or of the code must not be warned of."""
    files = chain(
        (ROOT / "scripts").iterdir(), (ROOT / "benchmarks").rglob("*.py"), (ROOT / "batchgw").rglob("*.py")
    )
    read = re.compile(r"""(?:\$\{?|[("'\s])(BATCHGW_[A-Z][A-Z_]*[A-Z])\b""")
    named = {name for file in files if file.is_file() for name in read.findall(file.read_text())}
    examples = {"BATCHGW_ACCOUNTS", "BATCHGW_ACCOUNT_ID", "BATCHGW_ROLE", "BATCHGW_AWS_REGION"}
    examples |= {"BATCHGW_RUN", "BATCHGW_WAVE"}  # which the command of a gate is given
    assert OF_SCRIPTS - {"BATCHGW_RECORDINGS"} <= named
    assert set(unread(dict.fromkeys(named, "1"))) <= examples


@pytest.mark.parametrize(
    "flag", ["--account", "--region", "--api-id", "--tag", "--name", "--exclude-account"]
)
@pytest.mark.parametrize("blank", ["", " ", ",\n"])
def test_a_narrowing_flag_that_names_nothing_does_not_widen_a_run(flag: str, blank: str) -> None:
    """As `--account "$UNSET"` in a script does."""
    if flag == "--name" and "," in blank:
        blank = "\n"
    Path("policy.yaml").write_text(POLICY)
    refused = batchgw("plan", "policy.yaml", flag, blank)
    assert (refused.code, "it is empty" in refused.err) == (64, True)


def test_a_variable_of_blanks_is_refused_and_an_empty_one_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("policy.yaml").write_text(POLICY)
    with served(monkeypatch):
        monkeypatch.setenv("BATCHGW_ACCOUNT", "")
        assert batchgw("plan", "policy.yaml").code == 2
        monkeypatch.setenv("BATCHGW_ACCOUNT", " ,")
        refused = batchgw("plan", "policy.yaml")
        assert (refused.code, "BATCHGW_ACCOUNT" in refused.err) == (64, True)
