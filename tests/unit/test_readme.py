"""What the README and docs/usage.md say is so: policies load, refusals are what is printed, verbs exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from batchgw.errors import (
    BatchgwError,
    JournalUnusable,
    JournalWriteFailed,
    PlanStale,
    PlanUnreadable,
    PolicyInvalid,
    ScopeLocked,
    Stopped,
)
from batchgw.policy.loader import load_policy

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
USAGE = (ROOT / "docs" / "usage.md").read_text()
LINES = 104  # two screens


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_readme_is_two_screens_long() -> None:
    assert len(README.splitlines()) <= LINES


def test_the_first_policy_is_valid_without_a_warning_and_short() -> None:
    (policy,) = blocks(README, "yaml")
    loaded = load_policy("policy.yaml", text=policy)
    assert not loaded.warnings
    assert len(policy.splitlines()) <= 12


def test_the_wrong_policy_is_refused_in_these_words() -> None:
    (policy,) = blocks(USAGE, "yaml")
    with pytest.raises(PolicyInvalid) as refused:
        load_policy("wrong.yaml", text=policy)
    assert "\n".join(str(p) for p in refused.value.problems) in USAGE


def test_the_verbs_are_those_of_the_command_line() -> None:
    from typer.main import get_command  # noqa: PLC0415 - only here

    from batchgw.cli.main import app  # noqa: PLC0415 - only here

    table = USAGE.split("## Verbs")[1].split("\n\n")[1]
    told = set(re.findall(r"`([a-z-]+)", table))
    command = get_command(app)
    assert told == set(command.list_commands(None))  # type: ignore[attr-defined]


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "benchmarks" / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_linked_is_there(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text()):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_path_that_a_page_names_is_there(page: Path) -> None:
    """Modules are named from the package, tests and programs from the repository."""
    text = page.read_text()
    for path in re.findall(r"`((?:tests|benchmarks|examples|scripts)/[\w/.-]+)`", text):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"`((?:\w+/)+\w+\.py)`", text):
        assert (ROOT / path).exists() or (ROOT / "batchgw" / path).exists(), path


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (PolicyInvalid, "policy"),
        (PlanUnreadable, "plan"),
        (JournalUnusable, "a journal that cannot be used"),
        (JournalWriteFailed, "journal cannot be written any more"),
        (ScopeLocked, "another run"),
        (PlanStale, "stale"),
        (Stopped, "interrupted"),
    ],
)
def test_the_exit_codes_are_those_of_the_errors(error: type[BatchgwError], word: str) -> None:
    meanings = dict(re.findall(r"^\| (\d+) \| (.*) \|$", USAGE, re.MULTILINE))
    assert word in meanings[str(error.exit_code)]


def test_the_commands_exist_and_can_be_run() -> None:
    for name in re.findall(r"scripts/(\w+)", README):
        assert (ROOT / "scripts" / name).stat().st_mode & 0o111, name


def test_the_library_s_snippet_is_the_example_whose_types_are_checked() -> None:
    """Mypy reads examples/ as strictly as the package."""
    snippet = blocks((ROOT / "docs" / "library.md").read_text(), "python")[0]
    assert snippet == (ROOT / "examples/apply.py").read_text()
