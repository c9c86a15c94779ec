"""The command line where teams customised types themselves, and what each ending says of what is live."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.verbs.test_resuming import stopped
from tests.unit.cli_driver import batchgw, clean_environment, served

APIS = 40
TARGETS = """\
version: 1
targets: {regions: [eu-west-1], accounts: ["111111111111"], role: OrganizationBatchgw}
"""
COVERING = f"{TARGETS}use: [no-cache]\n"
NARROW = f"{TARGETS}use: [{{preset: no-cache, types: [DEFAULT_4XX, DEFAULT_5XX]}}]\n"
TYPES = ("ACCESS_DENIED", "MISSING_AUTHENTICATION_TOKEN", "THROTTLED", "UNAUTHORIZED")
"""Beside the families, what the teams of a generated world customise."""

WRITTEN = re.compile(
    r"Configured, not live: [\d,]+ API-types?\. An API answers with what is configured after its next deploy"
)
PLANNED = "An apply configures: an API answers with this after its next deployment to a stage"
CHECKED = "Checked is what is configured, not what is live"


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    clean_environment(monkeypatch, tmp_path)
    for name in ("BATCHGW_RATE", "BATCHGW_BURST"):  # the served world has no quota to be waited for
        monkeypatch.setenv(name, "1000")
    (tmp_path / "covering.yaml").write_text(COVERING)
    (tmp_path / "policy.yaml").write_text(f"{TARGETS}responses: {{WAF_FILTERED: {{status: 420}}}}\n")
    (tmp_path / "narrow.yaml").write_text(NARROW)
    with served(monkeypatch, apis=APIS, accounts=1, regions=1, customised=1.0):
        yield


def customised_types() -> Counter[str]:
    """How many APIs customise each type beside the families, as `unlisted: reset` sees them."""
    Path("all.yaml").write_text(f"{TARGETS}unlisted: reset\n")
    items = batchgw("plan", "all.yaml", "-o", "json").json["items"]
    return Counter(
        change["target"]
        for item in items
        for change in item["changes"]
        if not change["before"]["defaultResponse"] and change["target"] in TYPES
    )


def test_what_teams_customised_is_planned_written_and_as_desired() -> None:
    theirs = customised_types()
    assert set(theirs) == set(TYPES)
    shown = batchgw("plan", "covering.yaml")
    assert shown.code == 2
    for name, apis in theirs.items():
        assert f"~ UPDATE {name}   {apis} API" in shown.out
    assert f"{theirs.total()} changes in" in shown.out
    assert "are to types that an API customised itself" in shown.out
    plan = batchgw("plan", "covering.yaml", "-o", "json").json
    assert plan["customised"]["changes"] == theirs.total()
    assert plan["customised"]["uncovered"] == []
    apply = batchgw("apply", "covering.yaml", "--yes", "-o", "json").json
    assert (apply["exit_code"], apply["proves"]) == (0, True)
    assert apply["expected"] == 2 * APIS + theirs.total()
    check = batchgw("check", "covering.yaml")
    assert (check.code, check.out.splitlines()[-1]) == (0, "No drift. 40 APIs as desired.")
    assert "customised itself" not in check.out


@pytest.mark.parametrize("verb", ["plan", "check"])
def test_what_is_left_without_the_headers_is_told_with_counts(verb: str) -> None:
    theirs = customised_types()
    shown = batchgw(verb, "narrow.yaml")
    assert "Not covered: some APIs customise types themselves" in shown.out
    for name, apis in theirs.items():
        assert f"  {name} in {apis} API{'s' if apis > 1 else ''}: Cache-Control\n" in shown.out
    told = batchgw(verb, "narrow.yaml", "-o", "json").json["customised"]["uncovered"]
    headers = ["Cache-Control"]
    assert told == [
        {"change": "response", "target": name, "apis": theirs[name], "headers": headers} for name in TYPES
    ]
    lines = {line["kind"]: line for line in batchgw(verb, "narrow.yaml", "-o", "jsonl").lines}
    assert len(lines["customised"]["uncovered"]) == len(TYPES)
    assert list(lines)[-1] == "not-live"


def test_each_verb_says_what_is_not_live_where_it_is_not_in_the_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for verb, sentence in (("plan", PLANNED), ("check", CHECKED)):
        shown = batchgw(verb, "narrow.yaml")
        assert sentence in shown.err
        assert sentence not in shown.out
        assert batchgw(verb, "narrow.yaml", "-o", "json").json["not_live"].startswith(sentence)
    written = [
        ("apply", "narrow.yaml", "--yes"),
        ("put", "--name", "*", "--region", "eu-west-1", "--type", "THROTTLED", "--status", "420", "--yes"),
    ]
    for arguments in written:
        ended = batchgw(*arguments)
        assert ended.code == 0
        assert told(ended.err, ended.out) == (1, 0), arguments
        assert ended.err.count(PLANNED) == 1  # before it is agreed to
        again = batchgw(*arguments)  # nothing is left to be configured
        assert told(again.err, again.out) == (0, 0), arguments
        assert PLANNED not in again.err
        assert batchgw(*arguments, "-o", "json").json["not_live"] is None
    resumed = batchgw("resume", stopped(monkeypatch), "--yes")
    assert resumed.code == 0
    assert told(resumed.err, resumed.out) == (1, 0)
    assert resumed.err.count(PLANNED) == 1


def told(*texts: str) -> tuple[int, ...]:
    """How often each text says what is configured and not live."""
    return tuple(len(WRITTEN.findall(text)) for text in texts)


def test_what_an_apply_takes_counts_what_it_reads() -> None:
    """40 APIs in one scope: a page to list, 40 to read; of a saved plan the 40 are read once more."""
    writes = sum(batchgw("plan", "narrow.yaml", "-o", "json").json["totals"]["total"][k] for k in KINDS)
    of_policy = batchgw("plan", "narrow.yaml", "-o", "json").json["estimate"]
    assert of_policy["calls"] == 1 + APIS + writes
    saved = batchgw("plan", "narrow.yaml", "--out", "saved", "-o", "json").json["estimate"]
    assert saved["calls"] == APIS + writes
    shown = batchgw("apply", "--plan", "saved", "--yes").err
    assert f"An apply makes {APIS + writes} calls ({APIS} to read, {writes} to write): " in shown


KINDS = ("creates", "updates", "resets")
