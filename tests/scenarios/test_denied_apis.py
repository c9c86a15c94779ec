"""When a permission is missing for one API, that API alone fails, whether it is read or written."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from batchgw import api
from batchgw.model import Applied, Failed, NotAttempted, Unchanged, UnreadApi
from batchgw.simulator.iam.reading import Kind
from batchgw.simulator.iam.roles import Accounts, Attachment, Iam
from batchgw.simulator.traffic.fault_script import parse
from tests.scenarios.estate import Estate
from tests.unit.simulator.test_permissions import deny, documents
from tests.virtual import virtually


def ids_of(estate: Estate, count: int, *, first: int = 0) -> list[str]:
    """Ids of APIs of one account-region, in the order in which they are listed."""
    scope_apis = next(iter(estate.world.scopes()))
    return [scope_apis.id(number) for number in list(scope_apis.numbers())[first : first + count]]


@pytest.mark.parametrize("count", [1, 2])
def test_a_denied_api_fails_with_the_permission_named_and_the_rest_is_done(
    tmp_path: Path, count: int
) -> None:
    async def main() -> None:
        estate = Estate()
        denied = ids_of(estate, count)
        estate.script = [
            {"match": {"operation": ["Put*", "Delete*"], "api": denied}, "fault": "access_denied"}
        ]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert len(outcomes) == summary.expected == estate.expected
            assert not estate.refute(outcomes)
            bad = [o for o in outcomes if not isinstance(o, Applied | Unchanged)]
            assert {o.api.id for o in bad} == set(denied)
            for each in bad:
                assert isinstance(each, Failed)
                assert each.code == "ApiDenied"
                assert f"/restapis/{each.api.id}/gatewayresponses/" in each.message
                assert "apigateway:" in each.message
            # One call an API: its other types are not asked for.
            assert sum(o.effort.attempts for o in bad if isinstance(o, Failed)) == count
            assert summary.exit_code == 1

    virtually(main)


def test_an_api_that_may_not_be_read_is_unread_and_the_others_are_planned(tmp_path: Path) -> None:
    async def main() -> None:
        estate = Estate()
        (denied,) = ids_of(estate, 1)
        estate.script = [
            {"match": {"operation": "GetGatewayResponses", "api": denied}, "fault": "access_denied"}
        ]
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                unread = [item for item in plan.items() if isinstance(item, UnreadApi)]
                assert [(u.api.id, u.code, u.kind) for u in unread] == [(denied, "ApiDenied", "failed")]
                assert not plan.totals.unread_scopes
                assert plan.totals.total.apis == estate.apis - 1
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert {o.api.id for o in outcomes if isinstance(o, Failed)} == {denied}
            assert summary.exit_code == 1

    virtually(main)


def test_when_three_apis_may_not_be_read_their_scope_is_given_up() -> None:
    """Then all of its APIs are not attempted, including the two that were denied first."""

    async def main() -> None:
        estate = Estate()
        lost = estate.scopes[0]
        match = {"operation": "GetGatewayResponses", "account": lost.account, "region": lost.region}
        estate.script = [{"match": match, "fault": "access_denied"}]
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                unread = [item for item in plan.items() if isinstance(item, UnreadApi)]
                assert plan.totals.unread_scopes == (lost,)
                assert len(unread) == len(ids_of(estate, 100))
                assert {(u.api.scope, u.code, u.kind) for u in unread} == {
                    (lost, "AccessDenied", "not_attempted")
                }
            tally = estate.raw.engine.statistics.of(lost.account, lost.region, "GetGatewayResponses")
            assert tally.calls <= 2 + estate.pace.workers

    virtually(main)


@pytest.mark.parametrize("seed", range(5))
def test_writes_that_an_scp_denies_have_one_reason_in_their_account_region(tmp_path: Path, seed: int) -> None:
    """That of the third API in a row, also for the two before it and for those that were under way."""

    async def main() -> None:
        no_write = documents(deny(["apigateway:PUT", "apigateway:DELETE"]), kind=Kind.SCP)
        estate = Estate(seed=seed, iam=Iam(attachments=(Attachment(policies=no_write, accounts=Accounts()),)))
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert not estate.refute(outcomes)
            assert summary.exit_code == 4
            lost = [scope for scope in estate.scopes if scope.account != "111111111111"]
            bad = [o for o in outcomes if isinstance(o, NotAttempted)]
            assert {o.api.scope for o in bad} == set(lost)
            for scope in lost:
                (told,) = {(o.code, o.message) for o in bad if o.api.scope == scope}
                assert told[0] == "DeniedByScp"
                assert told[1].endswith("or leave this account-region out of the targets.")
            assert sum(reason.count for reason in summary.reasons) == len(bad)
            assert {reason.code for reason in summary.reasons} == {"DeniedByScp"}
            assert sum(o.effort.attempts for o in bad) >= 6  # the denied calls are still counted

    virtually(main)


def test_reads_that_an_scp_denies_have_one_reason_in_their_account_region() -> None:
    async def main() -> None:
        one = "arn:aws:apigateway:*::/restapis/*/gatewayresponses"
        no_read = documents(deny(["apigateway:GET"], one), kind=Kind.SCP)
        estate = Estate(iam=Iam(attachments=(Attachment(policies=no_read, accounts=Accounts()),)))
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                unread = [item for item in plan.items() if isinstance(item, UnreadApi)]
                assert {u.api.scope.account for u in unread} == {"222222222222"}
                assert {(u.code, u.kind) for u in unread} == {("DeniedByScp", "not_attempted")}
                advice = "or leave this account-region out of the targets."
                assert all(u.message.endswith(advice) for u in unread)

    virtually(main)


def test_a_resume_leaves_denied_apis_for_the_end(tmp_path: Path) -> None:
    """A run gave a scope up because of three denied APIs. The resume does all the others first."""

    async def main() -> None:
        estate = Estate(apis=200, accounts=1, regions=1)
        denied = ids_of(estate, 3)
        script = [{"match": {"operation": ["Put*", "Delete*"], "api": denied}, "fault": "access_denied"}]
        estate.script = script
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            left = [o for o in outcomes if isinstance(o, NotAttempted)]
            assert len(left) > 300  # of 600: the scope was given up early
            assert not any(isinstance(o, Failed) for o in outcomes)
            assert summary.exit_code == 4

            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert not estate.refute(outcomes)
            bad = [o for o in outcomes if not isinstance(o, Applied | Unchanged)]
            beside = {o.api.id for o in bad} - set(denied)  # under way when the scope was given up
            assert {o.api.id for o in bad} - beside == set(denied)
            assert len(beside) < estate.pace.workers
            told = {o.code for o in bad if isinstance(o, Failed | NotAttempted)}
            assert told <= {"ApiDenied", "AccessDenied"}
            assert resumed.exit_code in (1, 4)

            estate.raw.engine.faults = parse([])
            summary, outcomes = await estate.apply(tmp_path / "again.db")
            assert summary.exit_code == 0
            assert {o.api.id for o in outcomes if isinstance(o, Applied)} == set(denied) | beside

    virtually(main)


def test_only_the_apis_whose_tag_is_denied_fail() -> None:
    """An IAM policy can deny by the condition key aws:ResourceTag. The refusal does not say so."""

    async def main() -> None:
        estate = Estate()
        scope_apis = next(iter(estate.world.scopes()))
        teams = Counter(scope_apis.attributes(number).tags.get("team") for number in scope_apis.numbers())
        team, few = min(((t, n) for t, n in teams.items() if t), key=lambda each: each[1])
        assert few <= 2, "with three in a row the scope would be given up"
        where = {"account": scope_apis.account, "region": scope_apis.region, "tag": f"team={team}"}
        estate.script = [{"match": where, "fault": "access_denied"}]
        denied = {
            scope_apis.id(n)
            for n in scope_apis.numbers()
            if scope_apis.attributes(n).tags.get("team") == team
        }
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                unread = [item for item in plan.items() if isinstance(item, UnreadApi)]
                assert {(u.api.id, u.code) for u in unread} == {(each, "ApiDenied") for each in denied}
                assert not plan.totals.unread_scopes
                assert plan.totals.total.apis == estate.apis - few

    virtually(main)
