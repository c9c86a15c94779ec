"""docs/when-it-goes-wrong.md has every error that stops a run, every code of an outcome, and their words."""

from __future__ import annotations

import re
from pathlib import Path

from batchgw.errors import CallError, UsageError
from tests.unit.test_errors import classes
from tests.unit.test_organization_page import FILLED_IN, in_the_code

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "when-it-goes-wrong.md").read_text(encoding="utf-8")

CODE = re.compile(r'^[A-Z_]+(?:: Final)? = "(\w+)"\n"""Code of', re.MULTILINE)
"""A constant that says why a target was left, failed or was held back, as the code declares it."""

ABSTRACT = {"BatchgwError", "HeldBack", "ScopeError", "CallError"}
"""What only their subclasses tell."""

NOT_A_RUN = {"WriteRefused"}
"""A fault in batchgw, with a message of its own."""


def sections() -> dict[int, str]:
    """Give the text of each exit code's section."""
    found = re.findall(r"^## Exit code (\d+).*?\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    return {int(code): text for code, text in found}


def first_cells(text: str) -> list[str]:
    rows = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    return [cell for cell in rows if cell not in ("message", "gate")]


def test_every_error_that_stops_a_run_is_in_the_section_of_its_exit_code() -> None:
    """Mistakes in what was typed name their place themselves, and errors of one call are in outcomes.md."""
    missing = []
    for name, error in classes().items():
        if name in ABSTRACT | NOT_A_RUN or issubclass(error, UsageError):
            continue
        if issubclass(error, CallError) and not error.ends_scope:
            continue
        if f"`{name}`" not in "".join(first_cells(sections()[error.exit_code])):
            missing.append((name, error.exit_code))
    assert not missing


def test_every_code_of_an_outcome_is_on_the_page() -> None:
    codes = {
        code for path in sorted((ROOT / "batchgw").rglob("*.py")) for code in CODE.findall(path.read_text())
    }
    assert len(codes) > 15
    assert not {code for code in codes if f"`{code}`" not in "".join(first_cells(PAGE))}


def test_every_name_on_the_page_is_one_of_the_code() -> None:
    known = in_the_code()
    for name in re.findall(r"`([A-Z][a-z]+[A-Z]\w+)`", "".join(first_cells(PAGE))):
        assert re.search(rf'class {name}\b|"{name}"', known), name


def test_the_messages_are_those_of_the_code() -> None:
    known = in_the_code()
    gates = "prompt|command|alarm|calendar|probe|metric"
    cells = [*first_cells(PAGE), *re.findall(rf"^\| (?:{gates}) \| (.*?) \|", PAGE, re.MULTILINE)]
    messages = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell) if " " in text]
    assert len(messages) > 40
    pieces = [(piece.strip(" ().,"), message) for message in messages for piece in FILLED_IN.split(message)]
    assert not [each for each in pieces if each[0] not in known]
