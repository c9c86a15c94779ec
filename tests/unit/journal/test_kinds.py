"""A journal knows no kind of change: another kind is kept, given out and decided as response changes are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from batchgw.journal import Journal, ScopeCounts, Tally
from batchgw.model import Action, Applied, Effort, NotAttempted, PlannedApi, UnreadApi
from batchgw.model.kinds import KINDS, ChangeKind, target_of
from batchgw.model.shape import JSON, text
from batchgw.model.target import Target
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    THERE,
    api,
    begun,
    create,
    import_plan,
    listed,
    open_changes,
    reset,
)

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMove:
    """A stage of one API and the deployment it shows. Its images are texts, not objects."""

    stage: str
    action: Action
    before: str
    after: str | None

    @property
    def target(self) -> Target:
        return Target(kind="stage", name=self.stage)

    def images(self) -> tuple[JSON, JSON]:
        return self.before, self.after


def read(target: Target, action: Action, before: JSON, after: JSON) -> StageMove:
    return StageMove(
        stage=target.name, action=action, before=text(before), after=None if after is None else text(after)
    )


MOVE = StageMove(stage="prod", action=Action.UPDATE, before="d-1", after="d-2")
BACK = StageMove(stage="beta \ud800", action=Action.RESET, before="d-2", after=None)


@pytest.fixture(autouse=True)
def stages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kind = ChangeKind(name="stage", noun="stage", counted="API-stage", sort_key=str, read=read)
    monkeypatch.setitem(KINDS, "stage", kind)
    yield
    target_of.cache_clear()


async def test_changes_of_two_kinds_are_kept_side_by_side(journal: Journal) -> None:
    run = await begun(journal, PlannedApi(api=api(1), changes=(create(), MOVE, BACK, reset())))
    changes = await open_changes(run)
    assert [each.change for each in changes] == [create(), MOVE, BACK, reset()]
    await run.intend([changes[1].id])
    outcome = Applied(api=api(1), target=MOVE.target, action=MOVE.action, effort=Effort(attempts=1))
    run.record(changes[1].id, outcome)
    assert await listed(run.outcomes()) == [outcome]
    by_kind = {
        "response": Tally(undecided=2),
        "stage": Tally(applied=1, undecided=1, effort=Effort(attempts=1)),
    }
    assert await listed(run.scope_counts()) == [ScopeCounts(scope=HERE, by_kind=by_kind)]


async def test_what_was_never_read_keeps_its_kind(journal: Journal) -> None:
    unread = UnreadApi(
        api=api(1, THERE), targets=(MOVE.target, create().target), code="AccessDenied", message="no"
    )
    run = await journal.begin(NEW_RUN)
    await import_plan(run, [unread])
    assert await listed(run.outcomes()) == [
        NotAttempted(api=api(1, THERE), target=target, action=Action.NO_OP, code="AccessDenied", message="no")
        for target in unread.targets
    ]


async def test_a_newer_run_supersedes_a_change_of_the_same_kind_only(journal: Journal) -> None:
    """A stage may have the name of a response type."""
    namesake = replace(MOVE, stage=create().target.name)
    older = await begun(journal, PlannedApi(api=api(1), changes=(create(), namesake)))
    newer = await begun(journal, PlannedApi(api=api(1), changes=(namesake,)))
    (change,) = await open_changes(newer)
    newer.record(
        change.id,
        Applied(api=api(1), target=namesake.target, action=namesake.action, effort=Effort(attempts=1)),
    )
    assert sum(await listed(older.superseding())) == 1
    assert [each.change for each in await open_changes(older)] == [create()]
    (skipped,) = await listed(older.outcomes())
    assert (skipped.target, type(skipped).__name__) == (namesake.target, "Skipped")
