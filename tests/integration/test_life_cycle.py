"""plan, apply, check and resume with each emulator, by the library. boto3 reads what is true."""

from __future__ import annotations

from pathlib import Path

import pytest

import batchgw
from batchgw import Event, Journal, StopSignal
from batchgw.errors import PlanStale
from batchgw.journal import open_journal
from batchgw.model import Action, Applied, Skipped
from tests.integration import fleet as fleets
from tests.integration.emulator import IRELAND, REGIONS, VIRGINIA, Emulator
from tests.integration.fleet import ACTIONS, BLOCKED, CORS, EXPECTED, POLICY, WRITES, Fleet
from tests.integration.session import Calls, changes, connected, paced, pending, policy

pytestmark = pytest.mark.asyncio


@pytest.fixture
def fleet(emulator: Emulator) -> Fleet:
    return fleets.launch(emulator)


async def brought_to_policy(fleet: Fleet, journal: Journal) -> None:
    """Plan and apply the policy."""
    async with connected(fleet.emulator) as plane:
        with await batchgw.plan(policy(POLICY), plane=(session := paced(plane))) as plan:
            await batchgw.apply(plan, plane=session, journal=journal)


async def test_a_plan_says_what_each_api_needs_and_changes_nothing(fleet: Fleet) -> None:
    async with connected(fleet.emulator) as plane:
        with await batchgw.plan(policy(POLICY), plane=paced(plane)) as plan:
            found = changes(plan)
            total = plan.totals.total

    types = ("DEFAULT_4XX", "UNAUTHORIZED", "THROTTLED")
    assert {at: tuple(by_type[t].action for t in types) for at, by_type in found.items()} == {
        (region, kind): actions for region in REGIONS for kind, actions in ACTIONS.items()
    }
    assert (total.creates, total.updates, total.resets, total.no_ops) == (16, 4, 4, 12)
    assert plan.totals.complete
    assert fleet.state() == Fleet.before()


async def test_apply_brings_every_api_to_policy_and_touches_nothing_else(
    fleet: Fleet, tmp_path: Path
) -> None:
    """24 writes of 36 API-types; own WAF_FILTERED and exempt APIs are as they were; a check finds nothing."""
    async with connected(fleet.emulator) as plane:
        calls = Calls()
        session = paced(plane, observer=calls)
        with await batchgw.plan(policy(POLICY), plane=session) as plan:
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary = await batchgw.apply(plan, plane=session, journal=journal)
        with await batchgw.check(policy(POLICY), plane=session) as checked:
            drifted = pending(checked)

    assert fleet.state() == Fleet.after()
    assert drifted == {}
    assert (summary.total.applied, summary.total.unchanged) == (WRITES, EXPECTED - WRITES)
    assert summary.expected == EXPECTED
    assert summary.proves
    assert summary.exit_code == 0
    assert calls.operations == {
        "GetRestApis": 4,  # plan and check, 2 regions
        "GetGatewayResponses": 24,  # plan and check, 12 APIs
        "PutGatewayResponse": 20,
        "DeleteGatewayResponse": 4,
    } | ({"GetGatewayResponse": 4} if fleet.emulator.read_back(4) else {})


async def test_a_check_finds_what_others_changed_and_an_apply_mends_only_that(
    fleet: Fleet, tmp_path: Path
) -> None:
    async with open_journal(str(tmp_path / "journal.db")) as journal:
        await brought_to_policy(fleet, journal)
        fleet.delete((IRELAND, "untouched"), "UNAUTHORIZED")
        fleet.put((IRELAND, "own-waf"), "THROTTLED", {"statusCode": "420"})
        fleet.put((VIRGINIA, "conforming"), "DEFAULT_4XX", {"responseParameters": {CORS: "'null'"}})
        fleet.put(
            (VIRGINIA, "own-waf"), "WAF_FILTERED", {"statusCode": "499"}
        )  # the policy does not name this type

        async with connected(fleet.emulator) as plane:
            calls = Calls()
            session = paced(plane, observer=calls)
            with await batchgw.check(policy(POLICY), plane=session) as checked:
                drifted = pending(checked)
                summary = await batchgw.apply(checked, plane=session, journal=journal)

    assert drifted == {
        (IRELAND, "untouched"): {"UNAUTHORIZED": Action.CREATE},
        (IRELAND, "own-waf"): {"THROTTLED": Action.RESET},
        (VIRGINIA, "conforming"): {"DEFAULT_4XX": Action.UPDATE},
    }
    assert summary.total.applied == calls.writes.total() == 3
    assert fleet.state() == {
        **Fleet.after(),
        (VIRGINIA, "own-waf"): {**fleets.WANTED, "WAF_FILTERED": {"statusCode": "499"}},
    }


async def test_a_saved_plan_is_refused_when_the_world_has_moved_and_nothing_is_written(
    fleet: Fleet, tmp_path: Path
) -> None:
    async with connected(fleet.emulator) as plane:
        session = paced(plane)
        plan = await batchgw.plan(policy(POLICY), plane=session, out=tmp_path / "saved.plan")
        fleet.put((VIRGINIA, "untouched"), "UNAUTHORIZED", {"statusCode": "402"})
        moved = fleet.state()
        async with open_journal(str(tmp_path / "journal.db")) as journal:
            with pytest.raises(PlanStale, match="UNAUTHORIZED was not customised when the plan was made"):
                await batchgw.apply(plan, plane=session, journal=journal, recheck=True)
    assert fleet.state() == moved


async def test_an_api_deleted_after_the_plan_is_skipped_and_the_rest_is_applied(
    fleet: Fleet, tmp_path: Path
) -> None:
    """Each emulator words it differently."""
    gone = fleet.ids[IRELAND, "own-throttled"]
    outcomes = []
    async with connected(fleet.emulator) as plane:
        session = paced(plane)
        with await batchgw.plan(policy(POLICY), plane=session) as plan:
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                fleet.client(IRELAND).delete_rest_api(restApiId=gone)
                async with batchgw.applying(plan, plane=session, journal=journal) as run:
                    outcomes = [outcome async for outcome in run]
    skipped = [o for o in outcomes if isinstance(o, Skipped)]
    assert [(o.api.id, o.code) for o in skipped] == [(gone, "ApiNotFound")] * 3
    assert sum(isinstance(o, Applied) for o in outcomes) == WRITES - 3
    assert run.summary.proves


class StopAt:
    """Asks to stop as a write leaves, so that it is the last one.

    Not when outcomes are known: the commit reports them, and so few writes may all be made before it.
    """

    def __init__(self, stop: StopSignal, calls: Calls, *, writes: int) -> None:
        self._stop = stop
        self._calls = calls
        self._last = writes

    def notify(self, event: Event) -> None:
        self._calls.notify(event)
        if self._calls.writes.total() >= self._last:
            self._stop.request()


async def test_a_stopped_run_is_resumed_and_no_write_is_made_twice(fleet: Fleet, tmp_path: Path) -> None:
    """The fifth of 24 writes is the last to leave. All five are made, and the run knows it."""
    calls = Calls()
    async with open_journal(str(tmp_path / "journal.db")) as journal:
        async with connected(fleet.emulator) as plane:
            stop = StopSignal()
            session = paced(plane, observer=StopAt(stop, calls, writes=5), stop=stop)
            with await batchgw.plan(policy(POLICY), plane=session) as plan:
                first = await batchgw.apply(plan, plane=session, journal=journal)
        before_resume = calls.writes.total()
        async with connected(fleet.emulator) as plane:
            second = await batchgw.resume("last", plane=paced(plane, observer=calls), journal=journal)

    assert first.exit_code == 130
    assert first.proves
    assert first.total.applied == before_resume == 5
    assert first.total.not_attempted == WRITES - 5
    assert (second.run, second.exit_code, second.total.applied) == (first.run, 0, WRITES)
    assert set(calls.writes.values()) == {1}
    assert calls.writes.total() == WRITES
    assert fleet.state() == Fleet.after()


async def test_merge_keeps_what_is_there_even_what_a_type_would_have_inherited(
    fleet: Fleet, tmp_path: Path
) -> None:
    """A type at its default keeps the header and template of its family, as AWS shows them."""
    merging = policy(
        """\
version: 1
targets: {regions: [eu-west-1], apis: {include: [{name: orders-conforming}, {name: orders-own-waf}]}}
mode: merge
responses:
  WAF_FILTERED: {headers: {X-Blocked: "yes"}}
"""
    )
    async with connected(fleet.emulator) as plane:
        session = paced(plane)
        with await batchgw.plan(merging, plane=session) as plan:
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                await batchgw.apply(plan, plane=session, journal=journal)
        with await batchgw.check(merging, plane=session) as checked:
            assert pending(checked) == {}
    state = fleet.state()
    header = {"gatewayresponse.header.X-Blocked": "'yes'"}
    inherited = {**fleets.FAMILY["responseParameters"], **header}
    assert state[IRELAND, "conforming"]["WAF_FILTERED"]["responseParameters"] == inherited
    assert (
        state[IRELAND, "conforming"]["WAF_FILTERED"]["responseTemplates"]
        == fleets.FAMILY["responseTemplates"]
    )
    assert state[IRELAND, "own-waf"]["WAF_FILTERED"]["statusCode"] == "406"
    assert state[IRELAND, "own-waf"]["WAF_FILTERED"]["responseParameters"] == {
        **BLOCKED["responseParameters"],
        **header,
    }


async def test_fill_and_reset_of_what_is_not_listed(fleet: Fleet, tmp_path: Path) -> None:
    """`fill` keeps existing customisations. `unlisted: reset` removes those of all other types."""
    filling = policy(
        """\
version: 1
targets: {regions: [us-east-1], apis: {exclude: [{tags: {"batchgw:exempt": "*"}}]}}
mode: fill
unlisted: reset
responses:
  THROTTLED: {status: 503}
"""
    )
    async with connected(fleet.emulator) as plane:
        session = paced(plane)
        with await batchgw.plan(filling, plane=session) as plan:
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary = await batchgw.apply(plan, plane=session, journal=journal)
    state = fleet.state()
    before = Fleet.before()
    own = {"own-throttled", "own-status"}
    for kind in fleets.KINDS:
        assert state[IRELAND, kind] == before[IRELAND, kind]
        throttled = fleets.SLOW_DOWN if kind in own else {"statusCode": "503"}
        assert state[VIRGINIA, kind] == {"THROTTLED": throttled}
    # THROTTLED filled in on 4; DEFAULT_4XX and UNAUTHORIZED of "conforming", one type each of
    # "other-header", "own-waf" and "own-status" reset.
    assert summary.total.applied == 4 + 2 + 3


async def test_a_response_type_that_no_one_knows_is_left_alone(only_moto: Emulator) -> None:
    """Moto keeps and lists any type. AWS would do so with a type that is newer than this batchgw."""
    fleet = fleets.launch(only_moto)
    fleet.put((IRELAND, "conforming"), "INVENTED_TYPE", {"statusCode": "499"})
    resetting = policy(POLICY.replace("unlisted: leave", "unlisted: reset"))
    async with connected(only_moto) as plane:
        with await batchgw.plan(resetting, plane=paced(plane)) as plan:
            assert plan.totals.complete
            assert (IRELAND, "conforming") not in pending(plan)
