"""The exit codes stand in one place, and the page for users shows each of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from batchgw import exit_codes

ROOT = Path(__file__).parents[2]
CODES = {value for name, value in vars(exit_codes).items() if name.isupper()}


def test_the_page_shows_every_exit_code() -> None:
    (table,) = re.findall(r"## Exit codes\n+((?:\|.*\n)+)", (ROOT / "docs" / "usage.md").read_text())
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == sorted(CODES)


def test_no_class_writes_an_exit_code_as_a_number() -> None:
    for path in (ROOT / "batchgw").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                assert "exit_code" not in {getattr(target, "id", "") for target in targets}, path
