"""`resume` on the command line: which runs it takes up, what it shows, and that it asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest

from batchgw import api
from batchgw.report.summary import Summary
from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli.output.test_stopped import enters, interrupted, pending
from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch) as info:
        yield info


def stopped(monkeypatch: pytest.MonkeyPatch, *flags: str) -> str:
    """Begin a run, stop it before its first write, and give its id."""
    done = interrupted(monkeypatch, enters("apply"), "apply", "policy.yaml", "--yes", "-o", "json", *flags)
    assert done.code == 130
    return str(done.json["run"])


@pytest.mark.usefixtures("world")
def test_where_nobody_can_be_asked_it_wants_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    run, before = stopped(monkeypatch), pending()
    refused = batchgw("resume", run)
    assert (refused.code, "--yes" in refused.err, pending()) == (64, True, before)
    done = batchgw("resume", run, "--yes")
    assert (done.code, pending()) == (0, 0)
    assert f"Run {run}, apply of policy.yaml, begun 20" in done.err
    assert f"{before} API-types of 16 left in 4 account-regions" in done.err


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("flags", "seconds"), [([], 900.0), (["--reread-after", "60"], 60.0)])
def test_it_trusts_a_reading_for_as_long_as_the_run_did(
    monkeypatch: pytest.MonkeyPatch, flags: list[str], seconds: float
) -> None:
    trusted: list[float] = []
    resume = api.resume

    async def noted(*given: Any, **more: Any) -> Summary:
        trusted.append(more["trusted"])
        return await resume(*given, **more)

    run = stopped(monkeypatch, *flags)
    monkeypatch.setattr(api, "resume", noted)
    assert batchgw("resume", run, "--yes").code == 0
    assert trusted == [seconds]


@pytest.mark.usefixtures("world")
def test_all_unfinished_runs_are_finished_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    first = stopped(monkeypatch, "--region", "eu-west-1")
    second = stopped(monkeypatch, "--region", "us-east-1")
    done = batchgw("resume", "--unfinished", "--yes", "-o", "jsonl")
    assert (done.code, pending()) == (0, 0)
    assert [line["run"] for line in done.lines if line["kind"] == "summary"] == [first, second]
    again = batchgw("resume", "--unfinished", "--yes")
    assert (again.code, again.out) == (0, "")
    assert "Nothing to resume" in again.err


@pytest.mark.usefixtures("world")
def test_one_that_cannot_be_finished_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("ours.pem").write_bytes(Path(certifi.where()).read_bytes())
    stopped(monkeypatch, "--region", "eu-west-1", "--ca-bundle", "ours.pem")
    second = stopped(monkeypatch, "--region", "us-east-1")
    Path("ours.pem").unlink()
    done = batchgw("resume", "--unfinished", "--yes", "-o", "jsonl")
    assert (done.code, "ours.pem" in done.err) == (64, True)
    assert [line["run"] for line in done.lines if line["kind"] == "summary"] == [second]


@pytest.mark.parametrize("arguments", [[], ["last", "--unfinished"]])
def test_one_way_of_saying_which(arguments: list[str]) -> None:
    refused = batchgw("resume", *arguments, "--yes")
    assert (refused.code, "--unfinished" in refused.err) == (64, True)


@pytest.mark.usefixtures("world")
def test_several_summaries_are_no_one_json() -> None:
    refused = batchgw("resume", "--unfinished", "--yes", "-o", "json")
    assert (refused.code, "jsonl" in refused.err) == (64, True)


@pytest.mark.usefixtures("world")
def test_skipping_what_moved_needs_a_look() -> None:
    refused = batchgw("apply", "policy.yaml", "--on-stale", "skip", "--no-recheck", "--yes")
    assert (refused.code, "--no-recheck" in refused.err) == (64, True)


@pytest.mark.usefixtures("world")
def test_a_stopped_run_says_how_to_finish_it_and_a_done_one_that_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, before = stopped(monkeypatch), pending()
    shown = batchgw("runs", "show", run)
    assert f"Incomplete: {before} API-types left." in shown.out
    assert f"To finish it: batchgw resume {run}" in shown.err
    assert batchgw("resume", run, "--yes").code == 0
    assert "To finish it" not in batchgw("runs", "show", run).err
    again = batchgw("resume", run)
    assert (again.code, "nothing is left to do; " in again.err) == (0, True)
