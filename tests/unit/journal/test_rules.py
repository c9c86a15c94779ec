"""Whatever is recorded, intended, withdrawn, flushed or lost in a crash: the rules of `ranking` hold.

The machine is synchronous, so it shows as well that neither journal ever waits for an event loop.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from batchgw.errors import ScopeLocked
from batchgw.journal import Journal
from batchgw.journal.sql.journal import SqlJournal
from batchgw.model import Action, Applied, Effort, Failed, NotAttempted, Outcome, Skipped, Unchanged
from tests.at_once import at_once
from tests.unit.journal.in_memory import Data, InMemoryJournal
from tests.unit.journal.sql.sqlite import database, opened
from tests.unit.journal_plans import HERE, api, begun, create, listed, open_changes, place, planned, tallies

ROWS = 4

TARGET = create().target

OUTCOMES: dict[str, Outcome] = {
    "applied": Applied(
        api=api(0), target=TARGET, action=Action.CREATE, effort=Effort(attempts=2, waited=0.5)
    ),
    "unchanged": Unchanged(api=api(0), target=TARGET, action=Action.CREATE),
    "failed": Failed(api=api(0), target=TARGET, action=Action.CREATE, code="BadRequest", message="no"),
    "skipped": Skipped(api=api(0), target=TARGET, action=Action.CREATE, code="ApiNotFound", message="gone"),
    "not_attempted": NotAttempted(
        api=api(0),
        target=TARGET,
        action=Action.CREATE,
        code="Stopped",
        message="by the user",
        effort=Effort(attempts=10),
    ),
}

GIVES_WAY_TO = {
    None: set(OUTCOMES),
    "not_attempted": set(OUTCOMES),
    "failed": {"applied", "unchanged"},
    "skipped": {"applied", "unchanged"},
    "applied": set[str](),
    "unchanged": set[str](),
}
"""The rules, spelled out."""

ATTEMPTS = {"applied": 2, "not_attempted": 10}
"""What each costs, where it costs something."""


@dataclass
class Row:
    """One change as it should be in the file."""

    kind: str | None = None
    intended: bool = False
    attempts: int = 0

    @property
    def open(self) -> bool:
        return self.kind in {None, "not_attempted"}

    def take(self, kind: str, attempts: int) -> None:
        if kind in GIVES_WAY_TO[self.kind]:
            self.kind = kind
            self.attempts = attempts


class Rules(RuleBasedStateMachine):
    """One journal that is written, and a second one that sees what is committed."""

    journal: Journal
    witness: Journal

    def __init__(self) -> None:
        super().__init__()
        self.rows = [Row() for _ in range(ROWS)]
        self.spent = [0] * ROWS  # what each had cost when it was last taken up
        self.waiting: list[tuple[int, str, int]] = []
        self.ours: set[int] = set()  # intended by this process, and not known to be decided
        self.withdrawn: set[int] = set()

    @initialize()
    def begin(self) -> None:
        self.journal, self.witness = self.opened(), self.opened()
        self.run = at_once(begun(self.journal, *(planned(n, create()) for n in range(ROWS))))
        self.seen = self.witness.run(self.run.id)
        self.ids = [change.id for change in at_once(open_changes(self.run))]

    def opened(self) -> Journal:
        """Open a journal on the data of this machine."""
        raise NotImplementedError

    def crash(self) -> None:
        """End the journal that is written, without committing anything."""
        raise NotImplementedError

    def commit(self) -> None:
        for number, kind, attempts in self.waiting:
            self.rows[number].take(kind, attempts)
            self.ours.discard(number)
        for number in self.withdrawn:
            self.rows[number].intended = False
        self.waiting.clear()
        self.withdrawn.clear()

    def resume(self) -> None:
        self.journal = self.opened()
        self.run = self.journal.run(self.run.id)
        self.spent = [0] * ROWS
        self.ours.clear()
        self.take_up()

    @rule()
    def take_up(self) -> None:
        """What is open is looked at, and will cost what it cost already and what it costs then."""
        at_once(open_changes(self.run))
        self.commit()
        for number, row in enumerate(self.rows):
            if row.open:
                self.spent[number] = row.attempts

    @rule(number=st.integers(0, ROWS - 1), kind=st.sampled_from(sorted(OUTCOMES)))
    def record(self, number: int, kind: str) -> None:
        self.run.record(self.ids[number], OUTCOMES[kind])
        self.waiting.append((number, kind, self.spent[number] + ATTEMPTS.get(kind, 0)))

    @rule(numbers=st.lists(st.integers(0, ROWS - 1), max_size=3))
    def intend(self, numbers: list[int]) -> None:
        self.commit()
        ids = [self.ids[number] for number in numbers]
        if all(self.rows[number].open for number in numbers):
            at_once(self.run.intend(ids))
        else:
            with pytest.raises(ScopeLocked):
                at_once(self.run.intend(ids))
        for number in numbers:
            if self.rows[number].open:
                self.rows[number] = Row(intended=True, attempts=self.rows[number].attempts)
                self.ours.add(number)

    @rule(number=st.integers(0, ROWS - 1))
    def withdraw(self, number: int) -> None:
        """An intent is taken back: no call was made."""
        self.run.withdraw([self.ids[number]])
        if number in self.ours:
            self.ours.remove(number)
            self.withdrawn.add(number)

    @rule(number=st.integers(0, ROWS - 1))
    def intend_elsewhere(self, number: int) -> None:
        """Another process has taken over, and is about to make the call: nobody else takes that back."""
        if not self.rows[number].open:
            return
        at_once(self.seen.intend([self.ids[number]]))
        self.rows[number] = Row(intended=True, attempts=self.rows[number].attempts)
        self.ours.discard(number)
        self.withdrawn.discard(number)

    @rule()
    def flush(self) -> None:
        at_once(self.run.flush())
        self.commit()

    @rule()
    def close_and_resume(self) -> None:
        at_once(self.journal.close())
        self.commit()
        self.resume()

    @rule()
    def crash_and_resume(self) -> None:
        """What was not committed is lost, and nothing else."""
        self.crash()
        self.waiting.clear()
        self.withdrawn.clear()
        self.resume()

    @invariant()
    def what_is_committed_is_as_the_rules_say(self) -> None:
        pending = {change.id: change.intended for change in at_once(open_changes(self.seen))}
        assert pending == {
            id_: row.intended for id_, row in zip(self.ids, self.rows, strict=True) if row.open
        }
        found = [type(outcome).__name__ for outcome in at_once(listed(self.seen.outcomes()))]
        assert found == [type(OUTCOMES[row.kind]).__name__ for row in self.rows if row.kind]
        tally = at_once(tallies(self.seen))[HERE]
        applied = sum(row.kind == "applied" for row in self.rows)
        assert (tally.expected, tally.applied) == (ROWS, applied)
        assert tally.undecided == sum(row.kind is None for row in self.rows)
        assert tally.effort.attempts == sum(row.attempts for row in self.rows)
        assert tally.effort.waited == 0.5 * applied

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            at_once(self.journal.close())
            at_once(self.witness.close())


class SqliteRules(Rules):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())

    def opened(self) -> Journal:
        return opened(place(self.folder))

    def crash(self) -> None:
        assert isinstance(self.journal, SqlJournal)
        database(self.journal).close()

    def teardown(self) -> None:
        super().teardown()
        shutil.rmtree(self.folder)


class InMemoryRules(Rules):
    def __init__(self) -> None:
        super().__init__()
        self.data = Data()

    def opened(self) -> Journal:
        return InMemoryJournal(self.data, time.time)

    def crash(self) -> None:
        """What a journal has not committed is nowhere else."""


TestSqliteRules = SqliteRules.TestCase
TestSqliteRules.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestInMemoryRules = InMemoryRules.TestCase
TestInMemoryRules.settings = TestSqliteRules.settings
