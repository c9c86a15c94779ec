"""What the README says is so: its policies load, its refusals are what is printed, its verbs exist."""

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
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
POLICIES = [text for language, text in BLOCKS if language == "yaml"]


def test_the_first_policy_is_valid_without_a_warning_and_short() -> None:
    loaded = load_policy("policy.yaml", text=POLICIES[0])
    assert not loaded.warnings
    assert len(POLICIES[0].splitlines()) <= 12


def test_the_wrong_policy_is_refused_in_these_words() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        load_policy("wrong.yaml", text=POLICIES[1])
    assert "\n".join(str(p) for p in refused.value.problems) in README


def test_the_verbs_are_those_of_the_command_line() -> None:
    from typer.main import get_command  # noqa: PLC0415 - only here

    from batchgw.cli.main import app  # noqa: PLC0415 - only here

    table = README.split("## Verbs")[1].split("\n\n")[1]
    told = set(re.findall(r"`([a-z]+)", table))
    command = get_command(app)
    assert told == set(command.list_commands(None))  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", re.findall(r"\]\(([\w/.-]+)\)", README))
def test_what_is_linked_is_there(path: str) -> None:
    assert (ROOT / path).exists()


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
    meanings = dict(re.findall(r"^\| (\d+) \| (.*) \|$", README, re.MULTILINE))
    assert word in meanings[str(error.exit_code)]


def test_the_commands_exist_and_can_be_run() -> None:
    for name in re.findall(r"scripts/(\w+)", README):
        assert (ROOT / "scripts" / name).stat().st_mode & 0o111, name


def test_the_library_s_snippet_is_the_example_whose_types_are_checked() -> None:
    """Mypy reads examples/ as strictly as the package."""
    snippet = next(text for language, text in BLOCKS if language == "python")
    assert snippet == (ROOT / "examples/apply.py").read_text()
