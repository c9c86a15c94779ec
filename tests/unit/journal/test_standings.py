"""How a run stands can be read one account-region after another, and is the same as all at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.sql.compiler import SQLCompiler

from batchgw.errors import RunUnknown
from batchgw.journal import Journal, RunState, Standing, Tally
from batchgw.model import Effort, PlanItem, UnreadScope
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
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


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(place(tmp_path)) as journal:
        yield journal


def test_one_scope_after_another_is_the_same_as_all_at_once(journal: Journal) -> None:
    """One of three changes is made here; there, one API is as desired, and the listing broke off."""
    other = journal.begin(NEW_RUN)
    journal.import_plan(other, [planned(9, create())])
    run = journal.begin(NEW_RUN)
    items: list[PlanItem] = [
        planned(1, create(), reset()),
        planned(2, create()),
        planned(3, no_op(), scope=THERE),
        UnreadScope(scope=THERE, code="ServiceFailure", message="page 2 failed"),
    ]
    journal.import_plan(run, items)
    first = open_changes(journal, run)[0]
    journal.record(first.id, applied(1, first, attempts=2))
    effort = Effort(attempts=2, waited=0.25)
    here = Tally(applied=1, undecided=2, effort=effort)
    assert list(journal.standings(run)) == [
        Standing(scope=HERE, tally=here),
        Standing(scope=THERE, tally=Tally(unchanged=1), unread="ServiceFailure: page 2 failed"),
    ]
    assert {each.scope: each.tally for each in journal.standings(run)} == journal.tally(run)


def test_a_run_without_a_plan_has_no_standings(journal: Journal) -> None:
    assert list(journal.standings(journal.begin(NEW_RUN))) == []
    with pytest.raises(RunUnknown):
        list(journal.standings("20261122-800000"))


def test_totals_that_are_given_are_kept_as_they_are(journal: Journal) -> None:
    run = journal.begin(NEW_RUN)
    journal.import_plan(run, [planned(1, create())])
    counted = Tally(undecided=1)
    told = Tally(applied=1)
    journal.set_state(run, RunState.STOPPED)
    assert journal.run(run).totals == counted
    journal.set_state(run, RunState.DONE, totals=told)
    assert journal.run(run).totals == told


def test_what_was_recorded_is_committed_before_anything_is_counted(journal: Journal, tmp_path: Path) -> None:
    """Between the two an event loop may turn to others."""
    run = begun(journal, planned(1))
    (pending,) = journal.pending(run, HERE)
    change = pending.changes[0]
    journal.record(change.id, applied(1, change))
    with Journal.open(place(tmp_path)) as witness:
        journal.standings(run)
        assert witness.tally(run)[HERE].applied == 1


def test_nothing_is_compiled_any_more_when_scopes_are_counted_and_outcomes_read(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To compile a statement takes up to 2 ms, and a run's end would be one long step."""
    run = begun(journal, planned(1), planned(2, scope=THERE))
    compiled: list[object] = []
    initialise = SQLCompiler.__init__

    def noted(self: SQLCompiler, *given: Any, **named: Any) -> None:
        compiled.append(self)
        initialise(self, *given, **named)

    monkeypatch.setattr(SQLCompiler, "__init__", noted)
    assert len(list(journal.standings(run))) == 2
    assert list(journal.outcomes(run)) == []
    assert list(journal.outcomes(run, kinds=frozenset({"failed"}))) == []
    assert compiled == []
    journal.tally(run)  # which is of no run's loop
    assert compiled
