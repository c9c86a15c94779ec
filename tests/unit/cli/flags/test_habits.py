"""Habits of a command line: a version, flags and variables that mean what they say, advice to copy."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.cli.flags.options import ConnectionFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.errors import UsageError
from batchgw.model import AccountId, Targets
from batchgw.simulator.over_http.options import ReadyInfo
from batchgw.version import VERSION
from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadyInfo]:
    with served(monkeypatch) as info:
        yield info


def test_the_version_is_a_flag_too() -> None:
    asked = batchgw("--version")
    assert (asked.code, asked.out) == (0, f"batchgw {VERSION}\n")


class TestVariables:
    @pytest.mark.parametrize(
        ("name", "value"), [("BATCHGW_RATE", "fast"), ("BATCHGW_DEBUG", "maybe"), ("BATCHGW_OUTPUT", "xml")]
    )
    def test_a_wrong_one_is_named(self, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        refused = batchgw("check", "policy.yaml")
        assert (refused.code, name in refused.err) == (64, True)
        assert "Traceback" not in refused.err

    def test_a_wrong_flag_is_not_called_a_variable(self) -> None:
        refused = batchgw("check", "policy.yaml", "--rate", "fast")
        assert (refused.code, "BATCHGW_RATE" in refused.err) == (64, False)

    def test_the_pace_of_runs_is_not_validates_strictness(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("warned.yaml").write_text(
            "version: 1\nresponses:\n  REQUEST_TOO_LARGE: {headers: {X-Test: '1'}}\n"
        )
        monkeypatch.setenv("BATCHGW_STRICT", "1")
        assert batchgw("validate", "warned.yaml").code == 0
        monkeypatch.setenv("BATCHGW_VALIDATE_STRICT", "1")
        assert batchgw("validate", "warned.yaml").code == 64

    @pytest.mark.parametrize("said", ["team=a,tier=public", "team=a\ntier=public"])
    @pytest.mark.usefixtures("world")
    def test_two_tags(self, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
        """The same as two flags: a tag holds no comma."""
        flags = ["--tag", "team=a", "--tag", "tier=public", "--allow-empty", "-o", "json"]
        flagged = batchgw("plan", "policy.yaml", *flags).json["header"]["targets"]["include"]
        monkeypatch.setenv("BATCHGW_TAG", said)
        of_variable = batchgw("plan", "policy.yaml", "--allow-empty", "-o", "json").json
        assert of_variable["header"]["targets"]["include"] == flagged
        assert flagged[0]["tags"] == {"team": "a", "tier": "public"}


class TestExcludedAccounts:
    TARGETS = Targets(accounts=tuple(map(AccountId, ("111111111111", "222222222222"))))

    def chosen(self, *excluded: str, targets: Targets = TARGETS) -> tuple[str, ...]:
        flags = SelectionFlags(exclude_account=list(excluded))
        return chosen_targets(targets, flags, ConnectionFlags()).accounts

    def test_the_others_are_left(self) -> None:
        assert self.chosen("111111111111") == ("222222222222",)

    def test_an_unknown_account_may_be_misspelt(self) -> None:
        with pytest.raises(UsageError, match="--exclude-account 333333333333: not among the accounts"):
            self.chosen("333333333333")

    def test_a_variable_is_meant_for_every_command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BATCHGW_EXCLUDE_ACCOUNT", "111111111111,333333333333")
        assert self.chosen("111111111111", "333333333333") == ("222222222222",)

    def test_nothing_left_or_nothing_to_leave_out(self) -> None:
        with pytest.raises(UsageError, match="every account"):
            self.chosen("111111111111", "222222222222")
        with pytest.raises(UsageError, match="needs accounts"):
            self.chosen("111111111111", targets=Targets())


class TestSavedPlans:
    def test_the_hint_can_be_copied_as_it_stands(
        self, world: ReadyInfo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_ENDPOINT_URL")
        there = ["--endpoint-url", world.endpoint, "--journal", "my journal.db"]
        made = batchgw("plan", "policy.yaml", "--out", "a plan", *there)
        hint = made.err.splitlines()[-1].strip()
        assert (
            hint == f"batchgw apply --plan 'a plan' --endpoint-url {world.endpoint} --journal 'my journal.db'"
        )
        assert batchgw(*shlex.split(hint)[1:], "--yes").code == 0
        assert Path("my journal.db").exists()

    @pytest.mark.usefixtures("world")
    def test_plan_and_check_remember_quotas_where_they_are_told(self) -> None:
        batchgw("check", "policy.yaml", "--journal", "own.db")
        assert batchgw("limits", "--journal", "own.db", "-o", "json").json != []
        assert batchgw("limits", "-o", "json").json == []

    def test_a_plan_is_shown_whole_without_a_network(
        self, world: ReadyInfo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = batchgw("plan", "policy.yaml", "--out", "saved", "-o", "json").json
        for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        apis = [item["api"]["id"] for item in made["items"]]
        shown = batchgw("show", "saved")
        assert shown.code == 0
        assert shown.out.startswith(f"Plan {made['header']['plan']}\n")
        assert all(api in shown.out for api in apis)
        assert world.endpoint in shown.out
        assert batchgw("show", "saved", "-o", "json").json == made
        lines = batchgw("show", "saved", "-o", "jsonl").lines
        assert [line["api"]["id"] for line in lines if line["kind"] == "api"] == apis

    @pytest.mark.usefixtures("world")
    def test_markdown_fences_what_it_shows(self) -> None:
        Path("ticks.yaml").write_text(POLICY.replace('{X-Test: "1"}', "{X-Test: 'a ``` b'}"))
        made = batchgw("plan", "ticks.yaml", "--out", "saved", "-o", "json").json
        shown = batchgw("show", "saved", "-o", "markdown").out
        assert shown.startswith(f"# Plan {made['header']['plan']}\n")
        assert len(re.findall(r"^## `\d{12}/", shown, re.MULTILINE)) == 8
        assert "a ``` b" in shown
        assert re.search(r"^````diff$", shown, re.MULTILINE)

    def test_a_missing_plan_is_a_usage_error(self) -> None:
        assert batchgw("show", "nowhere").code == 64
        Path("other").write_text(json.dumps({}))
        assert batchgw("show", "other").code == 64
