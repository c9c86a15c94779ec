"""A saved plan on the command line: where it does not fit the policy or the place, nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served
from tests.unit.planning.test_consistency import Line, forged


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch) as info:
        assert batchgw("plan", "policy.yaml", "--out", "saved").code == 2
        yield info


def pending() -> int:
    total = batchgw("plan", "policy.yaml", "-o", "json").json["totals"]["total"]
    return int(total["creates"] + total["updates"] + total["resets"])


def another_policy_throughout(lines: list[Line]) -> None:
    """Its header says so, too; only the digest is still that of the file."""
    lines[0]["desired"]["rules"]["DEFAULT_4XX"]["settings"]["responseParameters"] = {}
    for line in lines[1:-2]:
        line["changes"][0]["after"]["responseParameters"] = {}


@pytest.mark.usefixtures("world")
def test_with_a_policy_beside_it_every_after_is_what_that_policy_says() -> None:
    before = pending()
    forged(Path("saved"), another_policy_throughout)
    refused = batchgw("apply", "policy.yaml", "--plan", "saved", "--yes")
    assert refused.code == 5
    assert "does not do what policy.yaml says" in refused.err
    assert "DEFAULT_4XX: its `after` is not what is made of it" in refused.err
    assert pending() == before


@pytest.mark.usefixtures("world")
def test_totals_of_nothing_do_not_spare_the_question() -> None:
    def edit(lines: list[Line]) -> None:
        for counts in lines[-2]["scopes"].values():
            counts.update(dict.fromkeys(counts, 0))

    forged(Path("saved"), edit)
    refused = batchgw("apply", "--plan", "saved", "--yes")
    assert (refused.code, "contradicts itself" in refused.err) == (64, True)


def test_a_plan_is_applied_where_it_was_made(world: ReadyInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    refused = batchgw("apply", "--plan", "saved", "--yes")
    assert refused.code == 64
    assert f"was made at {world.endpoint}, and calls would go to http://127.0.0.1:9 now" in refused.err
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    refused = batchgw("apply", "--plan", "saved", "--yes")
    assert (refused.code, "calls would go to AWS itself now" in refused.err) == (64, True)
    done = batchgw("apply", "--plan", "saved", "--yes", "--endpoint-url", world.endpoint)
    assert done.code == 0


@pytest.mark.usefixtures("world")
def test_a_refused_run_is_listed_as_one_that_never_began() -> None:
    assert batchgw("apply", "policy.yaml", "--yes").code == 0
    assert (
        batchgw("apply", "--plan", "saved", "--yes").code == 5
    )  # what it was made from is not there any more
    refused, applied = batchgw("runs", "list", "-o", "json").json
    assert (refused["state"], refused["expected"], applied["state"]) == ("not begun", 0, "done")
    row = next(row for row in batchgw("runs", "list").out.splitlines() if refused["run"] in row)
    assert "  not begun  " in row


@pytest.mark.usefixtures("world")
def test_the_command_that_applies_a_plan_is_told_where_it_would_do_something() -> None:
    """Not where nothing is to be written, nor where `apply` refuses what the selection misses."""
    command = "To do exactly this:\n  batchgw apply --plan next"

    def told(*flags: str) -> str:
        return batchgw("plan", "policy.yaml", "--out", "next", *flags).err

    assert command in told()
    assert "Saved: next.\n" in told("--name", "nowhere-*", "--allow-empty")
    assert "Saved: next.\n" in told("--name", "*", "--name", "nowhere-*")
    assert command in told("--name", "*", "--name", "nowhere-*", "--allow-empty")
    assert batchgw("apply", "--plan", "next", "--yes").code == 0
    assert "Saved: next.\n" in told()
