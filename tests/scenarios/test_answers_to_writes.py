"""A write counts as made only if its answer shows the new values, whatever its status says."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.control_plane.classify import classify
from batchgw.control_plane.interface import ControlPlane, Execution, Request, T
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import RunUnknown
from batchgw.model import AccountId, Applied, Failed, NotAttempted, ResponseType, Unchanged
from batchgw.model.response_change import response_type
from batchgw.simulator.traffic.fault_script import parse
from tests.scenarios.estate import Estate
from tests.virtual import virtually


def test_a_success_that_shows_the_old_values_is_no_success(tmp_path: Path) -> None:
    """Only that API fails, and its message says what differs. The failure is counted, and is not resumed."""

    async def main() -> None:
        estate = Estate()
        victim = next(iter(estate.before))[0]
        estate.script = [{"match": {"operation": "Put*", "api": victim}, "fault": "not_written"}]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert len(outcomes) == summary.expected == estate.expected
            assert summary.proves
            assert not estate.refute(outcomes)
            failed = [o for o in outcomes if isinstance(o, Failed)]
            assert {o.api.id for o in failed} == {victim}
            assert {o.code for o in failed} == {"NotAsWritten"}
            for each in failed:
                assert each.effort.attempts == 2  # the PUT, and one look at what is there
                customised = estate.before[victim, response_type(each.target)] is not None
                said = "asked for" if customised else f"{each.target} is not customised"
                assert said in each.message
            assert summary.exit_code == 1
            reads = estate.raw.engine.statistics.of(
                failed[0].api.scope.account, failed[0].api.scope.region, "GetGatewayResponse"
            )
            assert reads.calls == len(failed)

            estate.raw.engine.faults = parse([])
            with pytest.raises(RunUnknown, match="nothing to resume"):
                await estate.resume(tmp_path / "journal.db")  # a failure is decided: it takes a new plan
            summary, outcomes = await estate.apply(tmp_path / "again.db")
            assert summary.exit_code == 0
            assert not estate.refute(outcomes)
            assert {o.target for o in outcomes if isinstance(o, Applied)} == {o.target for o in failed}

    virtually(main)


class ProxiedPlane:
    """A control plane behind a proxy, which answers every write itself: with a status, and without a code.

    `lets_through` says whether the write is made as well.
    """

    def __init__(self, inner: ControlPlane, *, lets_through: bool, status: int) -> None:
        self._inner = inner
        self._lets_through = lets_through
        self._status = status

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Send a call. A write gets the proxy's answer."""
        if not request.operation.writes:
            return await self._inner.send(request, execution)
        if self._lets_through:
            await self._inner.send(request, execution)
        raise classify("", self._status, "")

    async def current_account(self) -> AccountId:
        """The account behind the proxy."""
        return await self._inner.current_account()


@pytest.mark.parametrize("status", [307, 400, 409])
@pytest.mark.parametrize("lets_through", [True, False])
def test_after_an_answer_that_is_not_aws_s_a_read_decides_whether_the_write_was_made(
    tmp_path: Path, *, lets_through: bool, status: int
) -> None:
    async def main() -> None:
        async with Estate(apis=6) as estate:
            estate.plane = PacedControlPlane(
                ProxiedPlane(estate.raw, lets_through=lets_through, status=status)
            )
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert summary.proves
            assert not estate.refute(outcomes)
            written = [o for o in outcomes if not isinstance(o, Unchanged)]
            assert {o.effort.attempts for o in written} == {2}  # the write, and one look
            for each in written:
                if lets_through:
                    assert isinstance(each, Applied)
                    assert each.verified_by_read
                else:
                    assert isinstance(each, Failed)
                    assert each.code == "ForeignAnswer"
                    assert "the change was not made" in each.message
                    assert "--endpoint-url" in each.message

    virtually(main)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("lets_through", [True, False])
def test_after_a_denial_that_is_not_aws_s_a_write_may_have_been_made(
    tmp_path: Path, *, lets_through: bool, status: int
) -> None:
    """The account-region is given up as after AWS's own denial. But a made write is not "not attempted"."""

    async def main() -> None:
        async with Estate(apis=40) as estate:
            estate.plane = PacedControlPlane(
                ProxiedPlane(estate.raw, lets_through=lets_through, status=status)
            )
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert summary.proves
            assert summary.exit_code == 4
            assert not estate.refute(outcomes)
            done = [o for o in outcomes if isinstance(o, Applied)]
            assert lets_through or not done
            assert all(o.verified_by_read for o in done)
            codes = {o.code for o in outcomes if isinstance(o, NotAttempted)}
            assert codes <= {"InDoubt", "AccessDenied", "ForeignDenial"}
            assert not [o for o in outcomes if isinstance(o, Failed)]
            summary, outcomes = await estate.resume(tmp_path / "journal.db")
            assert summary.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)


def test_a_stale_answer_costs_one_more_read_and_nothing_else(tmp_path: Path) -> None:
    async def main() -> None:
        estate = Estate()
        estate.script = [{"match": {"operation": "Put*"}, "fault": "stale_answer"}]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert summary.exit_code == 0
            assert not estate.refute(outcomes)
            assert all(isinstance(o, Applied | Unchanged) for o in outcomes)
            put = [o for o in outcomes if isinstance(o, Applied) and o.target.name != ResponseType.THROTTLED]
            assert put
            assert all(o.verified_by_read for o in put)

    virtually(main)


def test_a_put_that_is_answered_with_not_customised_was_not_made(tmp_path: Path) -> None:
    """After a DELETE that answer means that all is as desired. After a PUT it is a refusal."""

    async def main() -> None:
        estate = Estate()
        victim = next(iter(estate.before))[0]
        estate.script = [{"match": {"operation": ["Put*", "Delete*"], "api": victim}, "fault": "not_found"}]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert summary.proves
            failed = [o for o in outcomes if isinstance(o, Failed)]
            assert {(o.api.id, o.code) for o in failed} == {(victim, "NotCustomized")}
            assert not [
                o for o in outcomes if isinstance(o, Applied) and o.api.id == victim and o.action != "RESET"
            ]
            assert summary.exit_code == 1

    virtually(main)


@pytest.mark.parametrize("fault", ["bad_request", {"service_error": 500}])
def test_a_doubtful_success_that_cannot_be_read_again_is_left_to_a_resume(
    tmp_path: Path, fault: object
) -> None:
    async def main() -> None:
        estate = Estate()
        victim = next(iter(estate.before))[0]
        estate.script = [
            {"match": {"operation": "Put*", "api": victim}, "fault": "not_written"},
            {"match": {"operation": "GetGatewayResponse", "api": victim}, "fault": fault},
        ]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            doubtful = [o for o in outcomes if isinstance(o, NotAttempted)]
            assert {(o.api.id, o.code) for o in doubtful} == {(victim, "InDoubt")}
            assert summary.exit_code == 4

            estate.raw.engine.faults = parse([])
            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert resumed.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)
