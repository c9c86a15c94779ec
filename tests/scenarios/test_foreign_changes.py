"""What somebody else writes during a run is never overwritten, whatever becomes of our own write.

In most tests somebody sets one gateway response to another status right before our write to it. Then our
write meets a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random

import anyio
import pytest

from batchgw import api
from batchgw.control_plane.stack import Pace
from batchgw.execution.writing.executor import TRUSTED
from batchgw.journal import open_journal
from batchgw.model import Action, Applied, Failed, NotAttempted, Outcome, ResponseType, Settings
from batchgw.report.summary import Summary
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.traffic.fault_script import parse
from tests.scenarios.estate import DESIRED, Estate
from tests.scenarios.test_rollouts import FAULTS
from tests.unit.journal_plans import listed
from tests.virtual import virtually

THEIRS = "418"
TYPES: Mapping[Action, ResponseType] = {
    Action.CREATE: ResponseType.DEFAULT_4XX,
    Action.RESET: ResponseType.THROTTLED,
}


def victim_of(estate: Estate, action: Action) -> str:
    """An API in which the action's type must be customised, or brought back to its default."""
    kind = TYPES[action]
    customised = action is Action.RESET
    return next(a for (a, t), own in estate.before.items() if t is kind and (own is not None) is customised)


def status_of(estate: Estate, api_id: str, kind: ResponseType) -> str | None:
    now = estate.customisations()[api_id, kind]
    return None if now is None else now.status_code


def outcome_of(outcomes: list[Outcome], api_id: str, kind: ResponseType) -> Outcome:
    (found,) = [o for o in outcomes if (o.api.id, o.target.name) == (api_id, kind)]
    return found


def rule(action: Action, api_id: str, fault: object, **match: object) -> dict[str, object]:
    """A rule for the writes to the victim's type, and for no others."""
    return {
        "match": {
            "operation": ["Put*", "Delete*"],
            "api": api_id,
            "type": str(TYPES[action]),
            **match,
        },
        "fault": fault,
    }


@pytest.mark.parametrize("action", TYPES)
@pytest.mark.parametrize(
    "fault",
    ["conflict", "service_error", {"service_error": 503}, "cut_before"],
    ids=["409", "500", "503", "cut"],
)
def test_a_retried_write_does_not_overwrite_somebody_s_change(
    tmp_path: Path, action: Action, fault: object
) -> None:
    async def main() -> None:
        estate = Estate(apis=12)
        victim, kind = victim_of(estate, action), TYPES[action]
        estate.script = [rule(action, victim, {"other_write": {"status": THEIRS, "then": fault}}, first=1)]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            found = outcome_of(outcomes, victim, kind)
            assert isinstance(found, Failed)
            assert (found.code, found.action) == ("ChangedMeanwhile", action)
            assert found.effort.attempts == 2  # the write and one read
            assert status_of(estate, victim, kind) == THEIRS
            assert summary.exit_code == 1
            assert all(isinstance(o, Applied) or o is found for o in outcomes if o.action != "NO_OP")
            assert not estate.refute([o for o in outcomes if o is not found])

    virtually(main)


@pytest.mark.parametrize("action", TYPES)
@pytest.mark.parametrize("fault", ["conflict", "service_error", "cut_before"], ids=["409", "500", "cut"])
def test_after_a_fault_a_type_that_reads_as_before_is_written_again(
    tmp_path: Path, action: Action, fault: object
) -> None:
    """Each retry costs one read, and waits as a backoff does."""

    async def main() -> None:
        estate = Estate(apis=12)
        victim, kind = victim_of(estate, action), TYPES[action]
        estate.script = [rule(action, victim, fault, first=3)]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            found = outcome_of(outcomes, victim, kind)
            assert isinstance(found, Applied)
            assert not found.verified_by_read
            assert found.effort.attempts == 4 + 3
            assert found.effort.waited > 0
            assert summary.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)


@pytest.mark.parametrize("action", TYPES)
@pytest.mark.parametrize(
    "fault", [{"service_error": {"status": 502, "applied": True}}, "cut_after"], ids=["5xx", "cut"]
)
def test_after_a_fault_a_type_that_reads_as_planned_is_not_written_again(
    tmp_path: Path, action: Action, fault: object
) -> None:
    async def main() -> None:
        estate = Estate(apis=12)
        victim, kind = victim_of(estate, action), TYPES[action]
        estate.script = [rule(action, victim, fault)]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            found = outcome_of(outcomes, victim, kind)
            assert isinstance(found, Applied)
            assert found.verified_by_read
            assert found.effort.attempts == 2
            assert summary.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)


def test_a_conflict_that_does_not_pass_fails_after_all_attempts(tmp_path: Path) -> None:
    async def main() -> None:
        estate = Estate(apis=12, pace=Pace(attempts=3))
        victim = victim_of(estate, Action.CREATE)
        estate.script = [rule(Action.CREATE, victim, "conflict")]
        async with estate:
            _, outcomes = await estate.apply(tmp_path / "journal.db")
            found = outcome_of(outcomes, victim, ResponseType.DEFAULT_4XX)
            assert isinstance(found, Failed)
            assert found.code == "ConcurrentModification"
            assert found.effort.attempts == 3 + 3
            assert status_of(estate, victim, ResponseType.DEFAULT_4XX) is None

    virtually(main)


def test_after_the_last_attempt_a_read_still_finds_somebody_s_change(tmp_path: Path) -> None:

    async def main() -> None:
        estate = Estate(apis=12, pace=Pace(attempts=1))
        victim = victim_of(estate, Action.CREATE)
        fault = {"other_write": {"status": THEIRS, "then": "conflict"}}
        estate.script = [rule(Action.CREATE, victim, fault)]
        async with estate:
            _, outcomes = await estate.apply(tmp_path / "journal.db")
            found = outcome_of(outcomes, victim, ResponseType.DEFAULT_4XX)
            assert isinstance(found, Failed)
            assert found.code == "ChangedMeanwhile"

    virtually(main)


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [("conflict", Failed, "ServiceFailure"), ("service_error", NotAttempted, "InDoubt")],
)
def test_without_a_read_only_a_write_that_may_have_been_made_is_in_doubt(
    tmp_path: Path, fault: object, kind: type[Outcome], code: str
) -> None:
    async def main() -> None:
        estate = Estate(apis=12, pace=Pace(attempts=2))
        victim = victim_of(estate, Action.CREATE)
        estate.script = [
            rule(Action.CREATE, victim, fault),
            {"match": {"operation": "GetGatewayResponse", "api": victim}, "fault": "service_error"},
        ]
        async with estate:
            _, outcomes = await estate.apply(tmp_path / "journal.db")
            found = outcome_of(outcomes, victim, ResponseType.DEFAULT_4XX)
            assert isinstance(found, kind)
            assert isinstance(found, Failed | NotAttempted)
            assert found.code == code
            assert found.effort.attempts == 1 + 2

    virtually(main)


@pytest.mark.parametrize("seed", range(30))
def test_no_mixture_of_faults_loses_somebody_s_change(tmp_path: Path, seed: int) -> None:
    """Somebody writes right before our first write to some gateway responses, and our write fails.

    If anything is left, a resume follows, without the other faults.
    """
    random = Random(seed)
    probability = random.choice([0.01, 0.05, 0.3])

    async def main() -> None:
        estate = Estate(apis=40, seed=seed)
        kind = random.choice([ResponseType.DEFAULT_4XX, ResponseType.THROTTLED])
        victims = random.sample(sorted({a for a, _ in estate.before}), k=12)
        then = random.choice(["conflict", {"service_error": 500}, "cut_before"])
        mine = {"operation": ["Put*", "Delete*"], "api": victims, "type": str(kind), "first": 1, "per": "api"}
        estate.script = [
            {"match": mine, "fault": {"other_write": {"status": THEIRS, "then": then}}},
            *(
                {
                    "match": {"operation": random.choice(["*", "Put*"]), "probability": probability},
                    "fault": fault,
                }
                for fault in random.sample(FAULTS, k=3)
            ),
        ]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            estate.raw.engine.faults = parse(estate.script[:1])
            if summary.left:
                summary, outcomes = await estate.resume(tmp_path / "journal.db")
            now = estate.customisations()
            for outcome in outcomes:
                if outcome.api.id in victims and outcome.target.name == kind and outcome.action != "NO_OP":
                    assert not isinstance(outcome, Applied)
                    found = now.get((outcome.api.id, kind))  # an API may be gone by now
                    if isinstance(outcome, Failed) and outcome.code == "ChangedMeanwhile" and found:
                        assert found.status_code == THEIRS
            assert not estate.refute(outcomes)

    virtually(main)


# Writes that are made long after the API was read ---------------------------------------------------------


def write_theirs(estate: Estate, api_id: str, kind: ResponseType) -> None:
    scope_apis = next(c for c in estate.world.scopes() if api_id in {c.id(n) for n in c.numbers()})
    gateway_responses.put(scope_apis, api_id, kind, Settings(status_code=THEIRS))


def reads(estate: Estate) -> int:
    """GetGatewayResponses calls so far."""
    counts = estate.raw.engine.statistics
    return sum(counts.of(s.account, s.region, "GetGatewayResponses").calls for s in estate.scopes)


async def slow_apply(
    estate: Estate, journal: Path, *, trusted: float, change_at: float, victims: list[str]
) -> tuple[Summary, list[Outcome], int]:
    """Plan and apply. `change_at` seconds after the plan somebody writes to the victims.

    Returns the summary, all outcomes, and how many APIs the apply has read again.
    """

    async def others() -> None:
        await anyio.sleep(change_at)
        for victim in victims:
            write_theirs(estate, victim, ResponseType.DEFAULT_5XX)

    with await api.plan(estate.policy, plane=estate.plane) as plan:
        async with open_journal(str(journal)) as opened:
            before = reads(estate)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(others)
                summary = await api.apply(plan, plane=estate.plane, journal=opened, trusted=trusted)
            return summary, await listed(opened.run(summary.run).outcomes()), reads(estate) - before


APIS = 400
SLOW = Pace(rate=0.5, burst=1, strict=True)
"""One call in two seconds: a run takes more than half an hour."""


def slow() -> Estate:
    return Estate(apis=APIS, accounts=1, regions=1, pace=SLOW, desired=DESIRED)


def test_an_api_that_was_read_long_ago_is_read_again_before_it_is_written(tmp_path: Path) -> None:
    """Somebody writes after a minute. Our writes to the same APIs come much later, and overwrite nothing."""

    async def main() -> None:
        estate = slow()
        ids = list(dict.fromkeys(a for a, _ in estate.before))
        victims = ids[-5:]
        async with estate:
            summary, outcomes, again = await slow_apply(
                estate, tmp_path / "journal.db", trusted=TRUSTED, change_at=60, victims=victims
            )
            late = [o for o in outcomes if o.api.id in victims and o.target.name == ResponseType.DEFAULT_5XX]
            assert {o.code for o in late if isinstance(o, Failed)} == {"ChangedMeanwhile"}
            assert len([o for o in late if isinstance(o, Failed)]) == len(victims)
            assert {status_of(estate, v, ResponseType.DEFAULT_5XX) for v in victims} == {THEIRS}
            assert summary.total.failed == len(victims)
            assert 0 < again < APIS  # APIs that are written soon after they were read are not read again

    virtually(main)


def test_with_unlimited_trust_no_api_is_read_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with slow() as estate:
            victims = list(dict.fromkeys(a for a, _ in estate.before))[-5:]
            summary, outcomes, again = await slow_apply(
                estate, tmp_path / "journal.db", trusted=float("inf"), change_at=60, victims=victims
            )
            assert (summary.exit_code, again) == (0, 0)
            assert not estate.refute(outcomes)

    virtually(main)


def test_a_short_run_reads_no_api_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=APIS) as estate:
            _, outcomes, again = await slow_apply(
                estate, tmp_path / "journal.db", trusted=TRUSTED, change_at=0, victims=[]
            )
            assert again == 0
            assert not estate.refute(outcomes)

    virtually(main)


@pytest.mark.parametrize(("quiet", "theirs"), [(TRUSTED / 3, None), (TRUSTED * 2, THEIRS)])
def test_a_write_that_the_quota_refused_for_long_is_preceded_by_a_read(
    tmp_path: Path, quiet: float, theirs: str | None
) -> None:
    """A refused write changed nothing, so it is sent again. After a long time somebody may have written."""

    async def main() -> None:
        estate = Estate(apis=1, accounts=1, regions=1)
        (victim,) = {a for a, _ in estate.before}
        kind = ResponseType.DEFAULT_5XX
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                refused = {"operation": ["Put*", "Delete*"], "until": quiet}
                estate.raw.engine.faults = parse([{"match": refused, "fault": "throttle"}])
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    async with anyio.create_task_group() as tasks:

                        async def others() -> None:
                            await anyio.sleep(quiet / 2)
                            write_theirs(estate, victim, kind)

                        if theirs:
                            tasks.start_soon(others)
                        summary = await api.apply(plan, plane=estate.plane, journal=journal)
                    outcomes = await listed(journal.run(summary.run).outcomes())
            found = outcome_of(outcomes, victim, kind)
            assert isinstance(found, Failed if theirs else Applied)
            assert (status_of(estate, victim, kind) == THEIRS) is bool(theirs)
            looks = estate.raw.engine.statistics.of(
                found.api.scope.account, found.api.scope.region, "GetGatewayResponse"
            )
            assert bool(looks.calls) is bool(theirs)

    virtually(main)


def test_where_every_reading_is_too_old_the_change_is_made_after_some_reads(tmp_path: Path) -> None:
    """One call leaves in 20 s, and a reading is trusted for 10 s. The API is read `attempts` times."""

    async def main() -> None:
        pace = Pace(rate=0.05, burst=1, strict=True, attempts=3)
        async with Estate(apis=1, accounts=1, regions=1, pace=pace) as estate:
            summary, outcomes, _ = await slow_apply(
                estate, tmp_path / "journal.db", trusted=10.0, change_at=0, victims=[]
            )
            assert summary.exit_code == 0
            assert not estate.refute(outcomes)
            made = [o for o in outcomes if isinstance(o, Applied)]
            assert {o.effort.attempts for o in made} == {1 + 3}

    virtually(main)
