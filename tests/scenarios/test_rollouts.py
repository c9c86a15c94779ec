"""Whole rollouts in virtual time. Whatever goes wrong, every expected API-type gets one true outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import anyio
import pytest

from batchgw import api
from batchgw.control_plane.operations import PutGatewayResponse
from batchgw.errors import PlanStale
from batchgw.events import Decided, Event
from batchgw.journal import open_journal
from batchgw.model import (
    Applied,
    Failed,
    NotAttempted,
    Outcome,
    ResponseType,
    RestApiId,
    Settings,
    Skipped,
    Unchanged,
)
from batchgw.model.target import Target
from batchgw.simulator.traffic.fault_script import parse
from batchgw.simulator.traffic.quota import QuotaRules, Rate
from tests.scenarios.estate import Estate
from tests.virtual import virtually

Script = Sequence[Mapping[str, object]]


def kinds(outcomes: Sequence[Outcome]) -> Counter[str]:
    return Counter(type(o).__name__ for o in outcomes)


def test_three_thousand_apis_through_throttles_conflicts_and_faults(tmp_path: Path) -> None:
    """There is one outcome per target, every one is true, and no API has two writes under way at once."""
    script: Script = [
        {"match": {"operation": "Put*", "probability": 0.02}, "fault": "conflict"},
        {"match": {"probability": 0.01}, "fault": {"retry_after": 2}},
        {"match": {"probability": 0.005}, "fault": {"service_error": 503}},
        {
            "match": {"operation": "Put*", "probability": 0.002},
            "fault": {"service_error": {"status": 500, "applied": True}},
        },
        {"match": {"operation": ["Put*", "Delete*"], "probability": 0.003}, "fault": "cut_after"},
        {"match": {"probability": 0.003}, "fault": "cut_before"},
        {"match": {"probability": 0.002}, "fault": {"slow": 20}},
        {"match": {"operation": "Put*", "probability": 0.0015}, "fault": "delete_api"},
    ]

    async def main() -> None:
        async with Estate(apis=3_000, accounts=5, regions=2, script=script) as estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            found = kinds(outcomes)
            assert sum(found.values()) == summary.expected == estate.expected
            assert summary.proves
            assert not estate.refute(outcomes)
            assert found["Failed"] == 0
            assert found["Applied"] > 5_700
            assert any(isinstance(o, Applied) and o.verified_by_read for o in outcomes)
            assert 0 < found["Skipped"] < 60
            assert estate.raw.engine.statistics.max_concurrent_writes == 1

    virtually(main)


def test_a_rollout_runs_at_the_quota_and_is_hardly_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=600, accounts=3, regions=2) as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    planned = anyio.current_time()
                    summary = await api.apply(plan, plane=estate.plane, journal=journal)
                    elapsed = anyio.current_time() - planned
            writes = max(t.writes for t in plan.totals.scopes.values())
            # reading left the buckets at their reserve, so the writes go at 10 a second
            assert elapsed == pytest.approx(writes / 10, rel=0.05)
            assert summary.total.effort.throttles <= 2

    virtually(main)


def test_a_second_apply_writes_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate() as estate:
            await estate.apply(tmp_path / "journal.db")
            written = len(estate.raw.engine.statistics.writes)
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert kinds(outcomes) == {"Unchanged": estate.expected}
            assert len(estate.raw.engine.statistics.writes) == written
            assert summary.exit_code == 0

    virtually(main)


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("bad_request", "Failed", "BadRequest"),
        ({"conflict": "permanent"}, "Failed", "Conflict"),
        ("limit_exceeded", "Failed", "ResourceQuotaExceeded"),
        ("delete_api", "Skipped", "ApiNotFound"),
        ("conflict", "Failed", "ConcurrentModification"),
        ({"service_error": 500}, "Failed", "ServiceFailure"),
        ("cut_before", "Failed", "ConnectionCut"),
    ],
)
def test_one_api_that_never_succeeds_does_not_affect_the_others(
    tmp_path: Path, fault: object, kind: str, code: str
) -> None:
    async def main() -> None:
        estate = Estate()
        victim = next(iter(estate.before))[0]
        estate.script = [{"match": {"operation": ["Put*", "Delete*"], "api": victim}, "fault": fault}]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert len(outcomes) == summary.expected == estate.expected
            assert not estate.refute(outcomes)
            bad = [o for o in outcomes if not isinstance(o, Applied | Unchanged)]
            assert {o.api.id for o in bad} == {victim}
            assert {type(o).__name__ for o in bad} == {kind}
            assert all(isinstance(o, Failed | Skipped) and o.code == code for o in bad)
            assert summary.exit_code == (1 if kind == "Failed" else 0)

    virtually(main)


@pytest.mark.parametrize("fault", ["access_denied", "expired_token"])
def test_a_scope_whose_calls_are_denied_is_given_up_and_the_others_are_finished(
    tmp_path: Path, fault: str
) -> None:
    async def main() -> None:
        estate = Estate(apis=120)
        lost = estate.scopes[0]
        estate.script = [
            {
                "match": {"operation": "Put*", "account": lost.account, "region": lost.region, "after": 1.5},
                "fault": fault,
            }
        ]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert len(outcomes) == summary.expected == estate.expected
            assert not estate.refute(outcomes)
            left = [o for o in outcomes if isinstance(o, NotAttempted)]
            assert left
            assert {o.api.scope for o in left} == {lost}
            assert not any(isinstance(o, Failed) for o in outcomes)
            assert summary.exit_code == 4
            # Once it is refused, only what was under way can still be sent.
            tally = estate.raw.engine.statistics.of(lost.account, lost.region, "PutGatewayResponse")
            assert tally.calls <= 60 + estate.pace.workers

            estate.raw.engine.faults = parse([])
            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert resumed.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)


def test_an_unreadable_account_is_reported_and_makes_the_plan_incomplete(tmp_path: Path) -> None:
    async def main() -> None:
        estate = Estate()
        estate.denied = [estate.world.accounts[0]]
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                assert {s.account for s in plan.totals.unread_scopes} == {estate.world.accounts[0]}
                assert not plan.totals.complete
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert summary.exit_code == 4
            assert {s.account for s in summary.unread} == {estate.world.accounts[0]}
            assert not estate.refute(outcomes)

    virtually(main)


def test_a_stop_and_a_resume_do_every_write_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=200) as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with (
                    open_journal(str(tmp_path / "journal.db")) as journal,
                    anyio.create_task_group() as tasks,
                ):

                    async def stop_soon() -> None:
                        await anyio.sleep(3)
                        estate.stop.request()

                    tasks.start_soon(stop_soon)
                    first = await api.apply(plan, plane=estate.plane, journal=journal)
            assert first.exit_code == 130
            assert first.proves
            assert first.total.not_attempted > 0
            second, outcomes = await estate.resume(tmp_path / "journal.db")
            assert second.run == first.run
            assert second.exit_code == 0
            assert not estate.refute(outcomes)
            written = Counter((w.api, w.type) for w in estate.raw.engine.statistics.writes)
            assert max(written.values()) == 1

    virtually(main)


def test_a_stale_plan_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate() as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    victim = next(iter(estate.before))[0]
                    scope = next(
                        s
                        for s in estate.scopes
                        if victim
                        in {
                            estate.world.scope(s.account, s.region).id(n)
                            for n in estate.world.scope(s.account, s.region).numbers()
                        }
                    )
                    await estate.raw.send(
                        PutGatewayResponse(
                            scope=scope,
                            api=RestApiId(victim),
                            type=ResponseType.DEFAULT_4XX,
                            settings=Settings(status_code="444"),
                        )
                    )
                    written = len(estate.raw.engine.statistics.writes)
                    with pytest.raises(PlanStale, match=victim):
                        await api.apply(plan, plane=estate.plane, journal=journal, recheck=True)
                    assert len(estate.raw.engine.statistics.writes) == written
                    summary = await api.apply(plan, plane=estate.paced(), journal=journal, recheck=False)
                    assert summary.exit_code == 0

    virtually(main)


def test_observers_are_told_of_every_outcome_once(tmp_path: Path) -> None:
    class Decisions:
        def __init__(self) -> None:
            self.seen: Counter[tuple[str, Target]] = Counter()

        def notify(self, event: Event) -> None:
            if isinstance(event, Decided):
                self.seen[event.outcome.api.id, event.outcome.target] += 1

    async def main() -> None:
        decisions = Decisions()
        async with Estate(observer=decisions) as estate:
            await estate.apply(tmp_path / "journal.db")
            assert set(decisions.seen.values()) == {1}
            assert len(decisions.seen) == estate.expected

    virtually(main)


def test_a_quota_of_half_the_documented_rate_only_costs_time(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=200, quota=QuotaRules(total=Rate(rate=5, burst=40))) as estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert summary.exit_code == 0
            assert not estate.refute(outcomes)
            assert summary.total.effort.throttles > 0

    virtually(main)


FAULTS: tuple[object, ...] = (
    "throttle",
    {"retry_after": 3},
    {"retry_after": {"date_in": 4}},
    "conflict",
    {"conflict": "permanent"},
    {"service_error": 500},
    {"service_error": 503},
    {"service_error": {"status": 500, "applied": True}},
    {"slow": 45},
    "cut_before",
    "cut_after",
    "expired_token",
    "access_denied",
    "delete_api",
    "limit_exceeded",
    "bad_request",
)


@pytest.mark.parametrize("seed", range(60))
def test_any_mixture_of_faults_leaves_one_true_outcome_each(tmp_path: Path, seed: int) -> None:
    """Random fault scripts in small worlds. No outcome is missing, double or false."""
    random = Random(seed)
    script = [
        {
            "match": {
                "operation": random.choice(["*", "Get*", "Put*", ["Put*", "Delete*"]]),
                "probability": random.choice([0.01, 0.05, 0.3]),
                "after": random.choice([0, 2]),
            },
            "fault": fault,
        }
        for fault in random.sample(FAULTS, k=random.randint(1, 5))
    ]

    async def main() -> None:
        async with Estate(apis=40, seed=seed, script=script) as estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert len(outcomes) == summary.expected
            assert len({(o.api.scope, o.api.id, o.target) for o in outcomes}) == len(outcomes)
            assert summary.proves
            assert not estate.refute(outcomes)
            assert estate.raw.engine.statistics.max_concurrent_writes <= 1
            reached = {o.api.scope for o in outcomes} | set(summary.unread)
            assert reached >= set(estate.scopes)

    virtually(main)
