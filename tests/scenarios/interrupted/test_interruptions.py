"""What interrupts a run, and how it is resumed: stops, outages, writes in doubt, a failing journal."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from batchgw import api
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import ConnectionFailed, JournalWriteFailed, Stopped
from batchgw.journal import Journal, PendingApi, open_journal
from batchgw.journal.sql.run import SqlRun
from batchgw.model import (
    AccountId,
    Applied,
    Desired,
    Failed,
    NotAttempted,
    ResponseType,
    Rule,
    Scope,
    Settings,
)
from batchgw.simulator.traffic.fault_script import parse
from tests.scenarios.estate import Estate
from tests.unit.journal_plans import tallies
from tests.virtual import virtually

PUTS = ["Put*", "Delete*"]


async def stop_after(estate: Estate, seconds: float) -> None:
    await anyio.sleep(seconds)
    estate.stop.request()


async def stopped_apply(estate: Estate, journal: Journal, seconds: float) -> str:
    """Apply, and stop after so many seconds. Returns the run's id."""
    with await api.plan(estate.policy, plane=estate.plane) as plan:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_after, estate, seconds)
            summary = await api.apply(plan, plane=estate.plane, journal=journal)
    assert summary.exit_code == 130
    assert summary.total.applied
    assert summary.total.not_attempted
    return summary.run


def test_after_a_stop_no_change_is_in_doubt(tmp_path: Path) -> None:
    """Calls under way finish, and an intent that was committed ahead is withdrawn."""

    async def main() -> None:
        async with Estate(apis=200) as estate, open_journal(str(tmp_path / "journal.db")) as journal:
            run = journal.run(await stopped_apply(estate, journal, 2))
            for scope in estate.scopes:
                changes = [c for each in await run.pending(scope, limit=1000) for c in each.changes]
                assert changes
                assert not any(c.intended for c in changes)

    virtually(main)


@pytest.mark.parametrize(
    ("journals", "code", "kind", "why"),
    [
        (["journal.db", "journal.db"], 0, "skipped", "Superseded"),  # the journal has the newer run
        (["journal.db", "another.db"], 1, "failed", "ChangedMeanwhile"),  # nobody knows who changed it
    ],
)
def test_a_resume_does_not_undo_a_newer_run(
    tmp_path: Path, journals: list[str], code: int, kind: str, why: str
) -> None:
    """A run is stopped, a newer policy is applied, and the old run is resumed."""
    newer = Desired(
        rules={
            t: Rule(settings=Settings(status_code="418"))
            for t in (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX)
        }
    )

    async def main() -> None:
        async with Estate(apis=200) as estate:
            first, second = (tmp_path / name for name in journals)
            async with open_journal(str(first)) as journal:
                old = await stopped_apply(estate, journal, 2)
            estate.plane = estate.paced()
            policy = replace(estate.policy, desired=newer)
            with await api.plan(policy, plane=estate.plane) as plan:
                async with open_journal(str(second)) as journal:
                    assert (await api.apply(plan, plane=estate.plane, journal=journal)).exit_code == 0
            async with open_journal(str(first)) as journal:
                estate.plane = estate.paced()
                resumed = await api.resume(old, plane=estate.plane, journal=journal)
            now = estate.customisations()
            for (_, response_type), settings in now.items():
                if response_type in newer.rules:
                    assert settings is not None
                    assert settings.status_code == "418"
            assert resumed.exit_code == code
            assert {(r.kind, r.code) for r in resumed.reasons} == {(kind, why)}

    virtually(main)


def test_a_run_goes_on_if_its_outcomes_are_not_read_to_the_end(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate() as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    async with api.applying(plan, plane=estate.plane, journal=journal) as run:
                        async for _ in run:
                            break
                    assert run.summary.exit_code == 0
                    assert run.summary.proves

    virtually(main)


def test_the_outcomes_of_a_run_can_be_followed(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate() as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    async with api.applying(plan, plane=estate.plane, journal=journal) as run:
                        seen = [outcome async for outcome in run]
                    assert len(seen) == len({(o.api.id, o.target) for o in seen}) == estate.expected

    virtually(main)


def test_a_write_in_doubt_that_cannot_be_read_back_is_left_to_a_resume(tmp_path: Path) -> None:
    async def main() -> None:
        script = [
            {"match": {"operation": PUTS, "probability": 0.2}, "fault": "cut_after"},
            {"match": {"operation": "GetGatewayResponse"}, "fault": "bad_request"},
        ]
        async with Estate(script=script) as estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            doubtful = [o for o in outcomes if isinstance(o, NotAttempted) and o.code == "InDoubt"]
            assert doubtful
            assert not any(isinstance(o, Failed) for o in outcomes)
            assert summary.left == len(doubtful)
            estate.raw.engine.faults = parse([])
            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert resumed.exit_code == 0
            assert not estate.refute(outcomes)
            decided = {(o.api.id, o.target) for o in doubtful}
            assert all(
                isinstance(o, Applied) and o.verified_by_read
                for o in outcomes
                if (o.api.id, o.target) in decided
            )
            written = Counter((w.api, w.type) for w in estate.raw.engine.statistics.writes)
            assert max(written.values()) == 1

    virtually(main)


def test_attempts_limit_the_calls_of_one_change(tmp_path: Path) -> None:
    async def main() -> None:
        estate = Estate(apis=4, pace=Pace(attempts=3))
        victim, response_type = next(
            (a, t) for (a, t), s in estate.before.items() if t is ResponseType.DEFAULT_4XX
        )
        estate.script = [
            {
                "match": {"operation": "Put*", "api": victim, "type": str(response_type)},
                "fault": "service_error",
            }
        ]
        async with estate:
            _, outcomes = await estate.apply(tmp_path / "journal.db")
            (failed,) = [o for o in outcomes if isinstance(o, Failed)]
            assert failed.effort.attempts == 3 + 3  # after each attempt a read tells whether it was made

    virtually(main)


def test_a_retry_after_of_a_day_is_not_waited_for(tmp_path: Path) -> None:
    async def main() -> None:
        script = [{"match": {"operation": "Put*", "first": 1}, "fault": {"retry_after": "86400"}}]
        async with Estate(apis=4, accounts=1, regions=1, script=script) as estate:
            await estate.apply(tmp_path / "journal.db")
            assert 60 <= anyio.current_time() < 120

    virtually(main)


def test_a_journal_that_fails_lets_calls_under_way_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with Estate(apis=400) as estate:
            pages = 0
            pending = SqlRun.pending

            async def full(
                self: SqlRun, scope: Scope, *, after: int = 0, limit: int = 100, wave: int | None = None
            ) -> list[PendingApi]:
                nonlocal pages
                pages += 1
                if pages > 6:
                    raise JournalWriteFailed("the disk is full")
                return await pending(self, scope, after=after, limit=limit, wave=wave)

            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    monkeypatch.setattr(SqlRun, "pending", full)
                    with pytest.raises(JournalWriteFailed, match="disk is full"):
                        await api.apply(plan, plane=estate.plane, journal=journal)
                    monkeypatch.undo()
                    run = journal.run((await journal.find("last")).id)
                    applied = sum(t.applied for t in (await tallies(run)).values())
                    assert applied == len(estate.raw.engine.statistics.writes)  # those under way finished
            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert resumed.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)


def test_a_stop_does_not_wait_for_an_answer_about_the_account() -> None:
    class Slow:
        """An STS that does not answer for a minute."""

        def __init__(self, estate: Estate) -> None:
            self.send = estate.raw.send

        async def current_account(self) -> AccountId:
            await anyio.sleep(60)
            return AccountId("111111111111")

    async def main() -> None:
        async with Estate() as estate:
            plane = PacedControlPlane(Slow(estate), stop=estate.stop)
            policy = replace(estate.policy, targets=replace(estate.policy.targets, accounts=()))
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stop_after, estate, 1)
                with pytest.raises(Stopped):
                    await api.plan(policy, plane=plane)
            assert anyio.current_time() < 2

    virtually(main)


def test_an_outage_leaves_its_scopes_to_a_resume(tmp_path: Path) -> None:
    """If no call can be sent, no change fails: changes are not attempted, which is decided soon."""

    class Outage:
        """A plane without connections from the third second on, for ten minutes."""

        def __init__(self, estate: Estate) -> None:
            self._inner = estate.raw
            self.current_account = estate.raw.current_account
            self.refused = 0

        async def send(self, request: Request[T], execution: Execution | None = None) -> T:
            if 3 < anyio.current_time() < 600:
                self.refused += 1
                raise ConnectionFailed("connection refused")
            return await self._inner.send(request, execution)

    async def main() -> None:
        async with Estate(apis=200) as estate:
            outage = Outage(estate)
            estate.plane = PacedControlPlane(outage, stop=estate.stop)
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert summary.exit_code == 4
            assert not any(isinstance(o, Failed) for o in outcomes)
            assert not estate.refute(outcomes)
            in_flight = estate.plane.pace.workers * len(estate.scopes)
            assert outage.refused <= in_flight * estate.plane.pace.attempts
            await anyio.sleep(600)
            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert resumed.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)
