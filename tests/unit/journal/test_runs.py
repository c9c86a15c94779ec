"""Runs are found by what people type, and keep no secret."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from batchgw.errors import RunUnknown
from batchgw.journal import JSON, Journal, RunState, Tally
from batchgw.model import Effort
from batchgw.throttle.memory import BucketKey, Learned
from batchgw.throttle.pacer import Belief
from tests.unit.journal.conftest import NOON, Opening
from tests.unit.journal_plans import (
    DESIRED,
    HERE,
    NEW_RUN,
    applied,
    begun,
    create,
    listed,
    no_op,
    not_attempted,
    open_changes,
    planned,
)

pytestmark = pytest.mark.anyio


class TestRuns:
    async def test_a_run_comes_back_as_it_was_begun(self, journal: Journal) -> None:
        run = await journal.begin(NEW_RUN)
        record = await journal.find(run.id)
        assert record.id == run.id
        assert (record.verb, record.policy_source, record.policy_digest) == (
            "apply",
            "policy.yaml",
            "0a" * 32,
        )
        assert record.desired == DESIRED
        assert record.options == {"profile": "audit", "rate": 10.0, "regions": ["eu-west-1"]}
        assert (record.state, record.started, record.finished) == (RunState.PLANNING, NOON, None)
        assert record.totals == Tally()

    async def test_ids_are_the_date_and_the_part_of_the_day_and_sort_by_time(self, another: Opening) -> None:
        """At noon half of the 2**24 ids of the day are past; 6 h later three quarters."""
        now = [NOON, NOON, NOON + 6 * 3600, NOON + 24 * 3600]
        ids = []
        for time in now:
            async with another(clock=partial(float, time)) as journal:
                ids.append((await journal.begin(NEW_RUN)).id)
        assert ids == ["20261122-800000", "20261122-800001", "20261122-c00000", "20261123-800000"]
        assert ids == sorted(ids)

    async def test_states_have_their_times(self, another: Opening) -> None:
        now = [NOON]
        async with another(clock=lambda: now[0]) as journal:
            run = await begun(journal, planned(1))
            now[0] += 60
            await run.set_state(RunState.STOPPED)
            assert (await journal.find(run.id)).finished == NOON + 60
            await run.set_state(RunState.APPLYING)
            assert ((await journal.find(run.id)).state, (await journal.find(run.id)).finished) == (
                RunState.APPLYING,
                None,
            )

    async def test_totals_of_an_ended_run_are_those_of_its_end_also_after_it_was_resumed(
        self, journal: Journal
    ) -> None:
        run = await begun(journal, planned(1, create(), no_op()))
        (change,) = await open_changes(run)
        run.record(change.id, not_attempted("Stopped"))
        await run.set_state(RunState.STOPPED)
        assert (await journal.find(run.id)).totals == Tally(unchanged=1, not_attempted=1)
        await run.set_state(RunState.APPLYING)
        await run.intend([change.id])
        run.record(change.id, applied(1, change))
        await run.set_state(RunState.DONE)
        effort = Effort(attempts=1, waited=0.25)
        assert (await journal.find(run.id)).totals == Tally(unchanged=1, applied=1, effort=effort)

    async def test_the_list_has_the_last_one_first(self, journal: Journal) -> None:
        ids = [(await journal.begin(NEW_RUN)).id for _ in range(3)]
        assert [record.id for record in await journal.runs()] == ids[::-1]
        assert [record.id for record in await journal.runs(limit=2)] == ids[:0:-1]
        assert [record.id for record in await journal.runs(limit=10**20)] == ids[::-1]

    @pytest.mark.parametrize(
        "typed", ["20261122-800001", "20261122-800001 ", "20261122-800001".upper(), "last"]
    )
    async def test_a_run_is_found_by_its_id_or_as_the_last(self, journal: Journal, typed: str) -> None:
        await journal.begin(NEW_RUN)
        await journal.begin(NEW_RUN)
        assert (await journal.find(typed)).id == "20261122-800001"

    async def test_the_last_is_the_last_that_got_as_far_as_a_plan(self, journal: Journal) -> None:
        """The second was turned away, so nothing of it could be resumed. One that died planning counts."""
        first = await begun(journal, planned(1))
        turned_away = await journal.begin(NEW_RUN)
        await turned_away.set_state(RunState.STOPPED)
        assert (await journal.find("last")).id == first.id
        died = await journal.begin(NEW_RUN)
        assert (await journal.find("last")).id == died.id

    async def test_a_run_is_found_by_the_beginning_of_its_id(self, another: Opening) -> None:
        for time in (NOON, NOON + 6 * 3600):
            async with another(clock=partial(float, time)) as journal:
                await journal.begin(NEW_RUN)
        async with another() as journal:
            assert (await journal.find("20261122-c")).id == "20261122-c00000"
            with pytest.raises(RunUnknown, match="any of 2 runs"):
                await journal.find("2026")

    @pytest.mark.parametrize(
        ("typed", "hint"),
        [
            ("20261122-800010", "Did you mean 20261122-800000?"),
            ("nonsense", "batchgw runs list"),
            ("", "batchgw runs list"),
            ("%", "batchgw runs list"),
            ("2026112_", "batchgw runs list"),
        ],
    )
    async def test_an_unknown_run_says_what_to_do(self, journal: Journal, typed: str, hint: str) -> None:
        await journal.begin(NEW_RUN)
        with pytest.raises(RunUnknown) as caught:
            await journal.find(typed)
        assert hint in str(caught.value)
        assert journal.location in str(caught.value)

    @pytest.mark.parametrize("typed", ["last", "20261122-800000"])
    async def test_an_empty_journal_says_so(self, journal: Journal, typed: str) -> None:
        with pytest.raises(RunUnknown, match="has none"):
            await journal.find(typed)

    async def test_other_methods_want_a_known_run(self, journal: Journal) -> None:
        with pytest.raises(RunUnknown):
            await listed(journal.run("20261122-800000").scope_counts())


class TestOptions:
    async def test_only_named_options_are_kept_and_no_credentials_in_urls(
        self, journal: Journal, tmp_path: Path
    ) -> None:
        options: dict[str, JSON] = {
            "profile": "audit",
            "endpoint_url": "https://user:hunter2@gateway.test:4566/x?token=hunter2#hunter2",
            "targets": [
                "http://hunter2@a.test",
                {"url": "http://me:hunter2@b.test/@c?k=hunter2"},
                "orders-?#",
            ],
            "aws_secret_access_key": "hunter2",
            "session_token": "hunter2",
        }
        run = await journal.begin(replace(NEW_RUN, options=options))
        assert (await journal.find(run.id)).options == {
            "profile": "audit",
            "endpoint_url": "https://gateway.test:4566/x",
            "targets": ["http://a.test", {"url": "http://b.test/@c"}, "orders-?#"],
        }
        memory = await journal.quota_memory(endpoint="https://me:hunter2@gateway.test/x?token=hunter2")
        key = BucketKey(HERE.account, HERE.region, None)
        belief = Belief(rate=5.0, burst=40.0, level=1.0)
        await memory.save([Learned(key=key, stated=None, belief=belief, sent=1, refused=0, waited=0.0)])
        assert [limit.endpoint for limit in await journal.limits()] == ["https://gateway.test/x"]
        assert memory.recall(key) is not None
        await journal.close()
        for file in tmp_path.iterdir():
            assert b"hunter2" not in file.read_bytes()

    async def test_an_external_id_is_kept_for_the_resume_but_not_shown(self, journal: Journal) -> None:
        run = await journal.begin(replace(NEW_RUN, options={"external_id": "e-123", "rate": 5}))
        record = await journal.find(run.id)
        assert record.options["external_id"] == "e-123"
        assert record.visible_options == {"external_id": "***", "rate": 5}
        assert "e-123" not in repr(record)

    def test_a_new_run_does_not_show_its_options(self) -> None:
        assert "e-123" not in repr(replace(NEW_RUN, options={"external_id": "e-123"}))
