"""Runs on the command line: how two differ, and what is deleted of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from batchgw.journal import Journal, JournalRun, RunState, open_journal
from batchgw.model import PlanItem
from tests.unit.cli_driver import batchgw, clean_environment
from tests.unit.journal_plans import (
    HERE,
    THERE,
    applied,
    begun,
    create,
    no_op,
    open_changes,
    place,
    planned,
    reset,
)
from tests.virtual import virtually

Written = Callable[..., str]
DAY = 86_400.0


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Written:
    """Writes a run into the journal that ended some days ago with all its changes made; gives its id."""
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setenv("BATCHGW_JOURNAL", place(tmp_path))

    def write(*items: PlanItem, days: float = 0.0, left: bool = False) -> str:
        ids: list[str] = []

        async def main() -> None:
            clock = time.time() - days * DAY
            async with open_journal(place(tmp_path), clock=lambda: clock) as journal:
                ids.append((await done(journal, items, left=left)).id)

        virtually(main)
        return ids[0]

    return write


async def done(journal: Journal, items: tuple[PlanItem, ...], *, left: bool) -> JournalRun:
    run = await begun(journal, *items)
    for scope in () if left else (HERE, THERE):
        for each in await open_changes(run, scope):
            run.record(each.id, applied(0, each, scope=scope))
    await run.set_state(RunState.STOPPED if left else RunState.DONE)
    return run


def test_diff_ends_with_2_where_runs_differ_and_with_0_where_they_do_not(written: Written) -> None:
    first, second = written(planned(0, create())), written(planned(0, create()))
    third = written(planned(0, create(), no_op()))
    alike = batchgw("runs", "diff", first, second)
    assert (alike.code, alike.out.splitlines()[-1]) == (0, "The runs are alike.")
    shown = batchgw("runs", "diff", second, third)
    assert (shown.code, shown.err) == (2, "")
    assert "API-type      1" in shown.out
    assert shown.out.splitlines()[-2:] == [
        "111111111111/eu-west-1/api0000000  orders-0",
        "  + NO_OP UNAUTHORIZED: unchanged",
    ]
    document = batchgw("runs", "diff", second, third, "-o", "json").json
    assert document["kinds"]["response"]["only_other"] == 1
    head, row = batchgw("runs", "diff", second, third, "-o", "jsonl").lines
    assert (head["alike"], document["rows"]) == (False, [row])
    assert row["targets"] == [
        {
            "change": "response",
            "target": "UNAUTHORIZED",
            "differs": "only_other",
            "run": None,
            "other": {**row["targets"][0]["other"], "action": "NO_OP", "outcome": "unchanged"},
        }
    ]
    assert batchgw("runs", "diff", first, "nosuch").code == 64


def test_prune_deletes_old_runs_and_keeps_what_a_rollback_needs(written: Written) -> None:
    older = written(planned(0, create()), days=200)
    needed = written(planned(0, create(), reset()), days=100)
    young = written(planned(1, create()), days=10)
    tried = batchgw("runs", "prune", "--keep", "90d", "--dry-run", "-o", "jsonl")
    assert [(run["run"], run["delete"], run["kept"]) for run in tried.lines] == [
        (older, True, None),
        (needed, False, "rollback"),
    ]
    pruned = batchgw("runs", "prune", "--keep", "90d", "--yes")
    assert pruned.code == 0
    assert f"{needed}  apply  its rollback would still take something back" in pruned.out
    assert "Deleted 1 target of 1 run" in pruned.err
    assert [run["run"] for run in batchgw("runs", "list", "-o", "json").json] == [young, needed]
    forgotten = batchgw("runs", "prune", "--keep", "90d", "--yes", "--forget-rollback")
    assert forgotten.code == 0
    assert "cannot be rolled back any more" in forgotten.out
    assert f"Cannot be rolled back any more: {needed}." in forgotten.err
    assert [run["run"] for run in batchgw("runs", "list", "-o", "json").json] == [young]


def test_a_named_run_that_is_kept_ends_with_3(written: Written) -> None:
    needed = written(planned(0, create()))
    unfinished = written(planned(1), planned(2), left=True)
    kept = batchgw("runs", "prune", needed, "--yes", "-o", "json")
    assert (kept.code, [run["kept"] for run in kept.json]) == (3, ["rollback"])
    gone = batchgw("runs", "prune", unfinished, "--yes")
    assert (gone.code, "Deleted 4 targets of 1 run" in gone.err) == (0, True), gone.err


def test_an_account_s_data_is_deleted_and_the_rest_of_its_runs_stays(written: Written) -> None:
    run = written(planned(0, no_op()), planned(1, no_op(), scope=THERE))
    done = batchgw("runs", "prune", "--account", THERE.account, "--yes")
    assert done.code == 0
    (shown,) = batchgw("runs", "list", "-o", "json").json
    assert (shown["run"], shown["expected"]) == (run, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--yes"], "say what to delete"),
        (["--keep", "soon", "--yes"], "not a time"),
        (["--account", "prod", "--yes"], "twelve digits"),
        (["--keep", "90d"], "--dry-run shows what would be deleted"),
        (["nosuch", "--yes"], "no run"),
    ],
)
def test_what_prune_does_not_understand_deletes_nothing(
    written: Written, arguments: list[str], said: str
) -> None:
    written(planned(0, no_op()), days=200)
    refused = batchgw("runs", "prune", *arguments)
    assert (refused.code, said in refused.err) == (64, True), refused.err
    assert len(batchgw("runs", "list", "-o", "json").json) == 1
