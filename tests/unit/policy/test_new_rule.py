"""A new rule is one file among the rules, and nothing else: it is found, reported and listed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.policy.lint import registry, rules
from tests.unit.cli_driver import batchgw

RULE = """
from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks


@checks(Rule(name="server-header", severity="warning", summary="a header that names the server's software"))
def server_header(policy):
    for header in policy.headers():
        if header.name.lower() == "server":
            yield Remark(path=header.path, at_key=True, message="this tells attackers what to try")
"""

POLICY = """\
version: 1
responses:
  DEFAULT_4XX:
    headers:
      Server: Apache/2.4.1
"""


@pytest.fixture
def one_more_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A file more in the folder of the rules, for one test."""
    (tmp_path / "server_header.py").write_text(RULE)
    with monkeypatch.context() as patch:
        patch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])
        registry.all_checks.cache_clear()
        yield
    registry.all_checks.cache_clear()
    sys.modules.pop(f"{rules.__name__}.server_header", None)


@pytest.mark.usefixtures("one_more_rule")
def test_a_file_among_the_rules_is_a_rule(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    result = batchgw("validate", path)
    assert f"{path}:5:7: warning: this tells attackers what to try [server-header]" in result.out + result.err
    (found,) = batchgw("validate", path, "--output", "json").json
    assert (found["line"], found["column"], found["rule"]) == (5, 7, "server-header")


@pytest.mark.usefixtures("one_more_rule")
def test_its_row_in_the_table_is_made_of_it() -> None:
    assert registry.all_rules()["server-header"].summary == "a header that names the server's software"


def test_without_the_file_there_is_no_such_rule(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    assert batchgw("validate", path, "--output", "json").json == []
