"""How one run differs from another: each target is alike, or differs in exactly one way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from batchgw.journal import Journal, RunState, open_journal
from batchgw.journal.records import NewRun
from batchgw.model import Failed, PlanItem, ResponseChange, Settings, UnreadScope
from batchgw.report.runs import difference
from batchgw.report.runs.difference import ApiDifference, Counts, RunDifference
from batchgw.report.views.lines.journal.difference import counted_lines, row_lines
from batchgw.report.views.text import plain
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    THERE,
    applied,
    create,
    no_op,
    open_changes,
    place,
    planned,
    reset,
    update,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with open_journal(place(tmp_path)) as opened:
        yield opened


async def ended(
    journal: Journal, *items: PlanItem, new: NewRun = NEW_RUN, failing: int = 0, wave: int | None = None
) -> str:
    """A run in which the last `failing` changes failed, and the others were made."""
    run = await journal.begin(new)
    async with run.importing() as plan:
        for item in items:
            await plan.add(item, wave=wave)
    for scope in (HERE, THERE):
        changes = await open_changes(run, scope)
        for at, each in enumerate(changes):
            done = applied(0, each)
            if at >= len(changes) - failing:
                run.record(
                    each.id,
                    Failed(api=done.api, target=done.target, action=done.action, code="No", message="no"),
                )
            else:
                run.record(each.id, done)
    await run.set_state(RunState.DONE)
    return run.id


async def compared(journal: Journal, run: str, other: str) -> tuple[RunDifference, list[str]]:
    found = await RunDifference.between(journal, await journal.find(run), await journal.find(other))
    lines = [plain(each) for each in counted_lines(found)]
    async for row in found.rows():
        lines += [plain(each) for each in row_lines(row)]
    return found, lines


async def test_runs_that_did_the_same_are_alike(journal: Journal) -> None:
    items = [planned(0, create(), no_op()), planned(1, reset(), scope=THERE)]
    run, other = await ended(journal, *items), await ended(journal, *reversed(items))
    found, lines = await compared(journal, run, other)
    assert found.alike
    assert found.kinds["response"].alike == 3
    assert lines[-1] == "The runs are alike."
    assert [row async for row in found.rows()] == []


async def test_each_way_to_differ_is_told_by_scope_and_api(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One API a page, so that both runs are walked side by side."""
    monkeypatch.setattr(difference, "PAGE", 1)
    otherwise: ResponseChange = replace(create(), after=Settings(status_code="418"))
    unread = UnreadScope(scope=THERE, code="AccessDenied", message="no")
    run = await ended(journal, planned(0, create()), planned(2, create(), update(), reset()), failing=1)
    new = replace(NEW_RUN, policy_digest="ff" * 32, options={"profile": "audit", "rate": 5.0})
    later: list[PlanItem] = [planned(1, create()), planned(2, otherwise, reset(), no_op()), unread]
    found, lines = await compared(journal, run, await ended(journal, *later, new=new, wave=2))
    assert not found.alike
    assert (found.waves, found.unread, found.same_policy) == (1, 1, False)
    assert found.options == {"rate": (10.0, 5.0), "regions": (["eu-west-1"], None)}
    counts = found.kinds["response"]
    assert counts == Counts(alike=0, only_run=2, only_other=2, planned=1, outcome=1)
    rows = [row async for row in found.rows()]
    assert [row.api.id[-1] for row in rows if isinstance(row, ApiDifference)] == ["0", "1", "2"]
    assert lines[-12:] == [
        "111111111111/eu-west-1/api0000000  orders-0",
        "  - CREATE DEFAULT_4XX: applied",
        "111111111111/eu-west-1/api0000001  orders-1",
        "  + CREATE DEFAULT_4XX: applied",
        "111111111111/eu-west-1/api0000002  orders-2",
        "  wave  none | 2",
        "  ~ CREATE DEFAULT_4XX, to something else: applied | applied",
        "  - UPDATE DEFAULT_5XX: applied",
        "  ~ RESET THROTTLED: failed | applied",
        "  + NO_OP UNAUTHORIZED: unchanged",
        "222222222222/us-east-1",
        "  not read  read | AccessDenied: no",
    ]
