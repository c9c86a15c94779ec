"""A kind of change that the package does not know passes through plan, journal, calls, outcomes and views."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import anyio
import pytest

from batchgw import api
from batchgw.cli.observers.tracker import Tracker
from batchgw.errors import PlanStale, PlanUnreadable
from batchgw.events import Event
from batchgw.journal import open_journal
from batchgw.model import (
    Action,
    Applied,
    Desired,
    NotAttempted,
    OnStale,
    Outcome,
    PlannedApi,
    Skipped,
    Unchanged,
)
from batchgw.planning.plan_file.plan import Plan
from tests.scenarios.estate import DESIRED
from tests.scenarios.seams.shown import ended, shown
from tests.scenarios.seams.tags import SetTag, TaggedEstate, make_known, with_tags
from tests.unit.journal_plans import listed
from tests.virtual import virtually

APIS = 24

WANTED = {"owner": "platform", "stale": None, "team": "payments", "zone": None}
TAGS_ALONE = with_tags(Desired(rules={}), WANTED)
BOTH = with_tags(DESIRED, WANTED)
ACTIONS = {"owner": Action.CREATE, "stale": Action.RESET, "team": Action.UPDATE, "zone": Action.NO_OP}


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    make_known(monkeypatch)


async def planned(estate: TaggedEstate, path: Path) -> Plan:
    """Plan gateway responses and tags, and open the plan as a file."""
    with await api.plan(estate.policy, plane=estate.plane, out=path) as plan:
        for item in plan.items():
            assert isinstance(item, PlannedApi)
            actions = {c.target.name: c.action for c in item.changes if c.target.kind == "tag"}
            assert actions == ACTIONS
    return Plan.open(path)


def of_tags(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.target.kind == "tag"]


def test_a_whole_run_makes_the_changes_of_both_kinds(tmp_path: Path) -> None:
    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=BOTH) as estate:
            plan = await planned(estate, tmp_path / "plan")
            assert plan.totals.total.expected == APIS * (3 + 4)
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary = await api.apply(plan, plane=estate.plane, journal=journal)
                outcomes = await listed(journal.run(summary.run).outcomes())
            assert (summary.exit_code, summary.expected, len(outcomes)) == (0, APIS * 7, APIS * 7)
            assert sum(isinstance(o, Applied) for o in of_tags(outcomes)) == APIS * 3
            assert sum(isinstance(o, Unchanged) for o in of_tags(outcomes)) == APIS
            wanted = {"owner": "platform", "team": "payments"}
            assert all(own == wanted for own in estate.tagged.values())
            lines = [json.loads(line) for line in (await ended("jsonl", summary, outcomes)).splitlines()]
            told = {(line["change"], line["target"]) for line in lines if line["kind"] == "outcome"}
            assert told >= {("tag", "owner"), ("tag", "stale"), ("response", "THROTTLED")}
            assert f"{APIS * 7}" in await ended("table", summary, outcomes)

    virtually(main)


@pytest.mark.parametrize(
    ("desired", "noun", "of_live_view"),
    [(TAGS_ALONE, "API-tag", "tag"), (BOTH, "target", "target")],
    ids=["tags alone", "tags and responses"],
)
def test_what_is_counted_has_the_kind_s_own_word(
    tmp_path: Path, desired: Desired, noun: str, of_live_view: str
) -> None:
    """If a run has several kinds, it counts targets."""
    tracker = Tracker(quota=10)

    class Told:
        def notify(self, event: Event) -> None:
            tracker.notify(event, 0.0)

    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=desired, observer=Told()) as estate:
            plan = await planned(estate, tmp_path / "plan")
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary = await api.apply(plan, plane=estate.plane, journal=journal)
            assert (summary.noun, tracker.noun) == (noun, of_live_view)
            assert f"Configured, not live: {summary.total.applied} {noun}s." in str(summary.not_live)

    virtually(main)


def test_a_plan_shows_the_changes_of_the_kind(tmp_path: Path) -> None:
    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=BOTH) as estate:
            plan = await planned(estate, tmp_path / "plan")
            table = await shown("table", "plan", plan)
            assert f"+ CREATE owner   {APIS} APIs" in table
            assert "+ value: platform" in table
            review = await shown("text", "review", plan)
            assert "~ UPDATE team" in review
            assert "~ value: t0 \N{RIGHTWARDS ARROW} payments" in review
            assert "1 tag as desired" in review
            lines = [json.loads(line) for line in (await shown("jsonl", "plan", plan)).splitlines()]
            (first, *_) = [line for line in lines if line["kind"] == "api"]
            assert first["changes"][-4:-2] == [
                {
                    "change": "tag",
                    "target": "owner",
                    "action": "CREATE",
                    "before": {"value": None},
                    "after": "platform",
                },
                {
                    "change": "tag",
                    "target": "stale",
                    "action": "RESET",
                    "before": {"value": "yes"},
                    "after": None,
                },
            ]

    virtually(main)


def test_a_resume_reads_what_is_there_and_makes_the_rest(tmp_path: Path) -> None:
    """What somebody has changed meanwhile is left alone. A change that was made already is not made again."""

    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=BOTH) as estate:
            plan = await planned(estate, tmp_path / "plan")

            async def stop() -> None:
                await estate.tagging.written.wait()
                estate.stop.request()

            async with open_journal(str(tmp_path / "journal.db")) as journal:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(stop)
                    summary = await api.apply(plan, plane=estate.plane, journal=journal, recheck=False)
                assert summary.exit_code == 130
                left = [
                    o
                    for o in of_tags(await listed(journal.run(summary.run).outcomes()))
                    if isinstance(o, NotAttempted)
                ]
                of_team = [o.api.id for o in left if o.target.name == "team"]
                made, foreign = of_team[:2]
                estate.tagged[made]["team"] = "payments"
                estate.tagged[foreign]["team"] = "somebody's"
            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert resumed.expected == APIS * 7
            (failed,) = [o for o in outcomes if not isinstance(o, Applied | Unchanged)]
            assert (failed.api.id, failed.target.name) == (foreign, "team")
            assert estate.tagged[foreign]["team"] == "somebody's"
            assert not [
                c for c in estate.tagging.calls if isinstance(c, SetTag) and (c.api, c.key) == (made, "team")
            ]
            assert all("stale" not in own for own in estate.tagged.values())

    virtually(main)


def test_a_recheck_sees_what_moved(tmp_path: Path) -> None:
    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=BOTH) as estate:
            plan = await planned(estate, tmp_path / "plan")
            moved = next(iter(estate.tagged))
            estate.tagged[moved]["team"] = "another"
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                with pytest.raises(PlanStale, match="tag team was t0 when the plan was made"):
                    await api.apply(plan, plane=estate.plane, journal=journal)
                summary = await api.apply(plan, plane=estate.plane, journal=journal, on_stale=OnStale.SKIP)
                outcomes = await listed(journal.run(summary.run).outcomes())
                skipped = [o for o in outcomes if isinstance(o, Skipped)]
            assert {o.api.id for o in skipped} == {moved}
            assert len(skipped) == 7

    virtually(main)


def test_a_plan_of_a_kind_that_is_unknown_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=BOTH) as estate:
            await planned(estate, tmp_path / "plan")

    virtually(main)
    monkeypatch.undo()
    with pytest.raises(PlanUnreadable, match="not understood"):
        Plan.open(tmp_path / "plan")
