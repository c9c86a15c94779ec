"""Writes without an answer: a read decides whether they were made, and no write is made twice."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

import batchgw
from batchgw import Applied, ControlPlane
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.errors import ConnectionCut
from batchgw.journal import NewRun, open_journal
from batchgw.model import AccountId, Action
from tests.integration import fleet as fleets
from tests.integration.emulator import IRELAND, Emulator
from tests.integration.fleet import POLICY, WRITES, Fleet
from tests.integration.session import Calls, connected, paced, policy
from tests.unit.journal_plans import import_plan

pytestmark = pytest.mark.asyncio


class Cutting:
    """A plane whose connection is cut once at every write: before it was made, or after."""

    def __init__(self, inner: ControlPlane, *, after: bool) -> None:
        self._inner = inner
        self._after = after
        self._cut: list[Request[Any]] = []

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if request.operation.writes and request not in self._cut:
            self._cut.append(request)
            if self._after:
                await self._inner.send(request, execution)
            raise ConnectionCut("cut by the test")
        return await self._inner.send(request, execution)

    async def current_account(self) -> AccountId:
        return await self._inner.current_account()


@pytest.fixture
def fleet(emulator: Emulator) -> Fleet:
    return fleets.launch(emulator)


@pytest.mark.parametrize("after", [False, True], ids=["before it was made", "after it was made"])
async def test_a_write_that_was_cut_off_is_read_before_it_is_repeated(
    fleet: Fleet, tmp_path: Path, *, after: bool
) -> None:
    """Each of 24 writes is cut once. A read finds those that were made; only the others are sent again."""
    calls = Calls()
    async with connected(fleet.emulator) as plane:
        session = paced(Cutting(plane, after=after), observer=calls)
        with await batchgw.plan(policy(POLICY), plane=session) as plan:
            async with (
                open_journal(str(tmp_path / "journal.db")) as journal,
                batchgw.applying(plan, plane=session, journal=journal) as run,
            ):
                outcomes = [outcome async for outcome in run]

    applied = [o for o in outcomes if isinstance(o, Applied)]
    assert len(applied) == WRITES
    assert {o.action for o in applied} == {Action.CREATE, Action.UPDATE, Action.RESET}
    reset = sum(o.action is Action.RESET for o in applied)
    read_back = 0 if after else fleet.emulator.read_back(reset)
    assert sum(o.verified_by_read for o in applied) == (len(applied) if after else read_back)
    assert set(calls.writes.values()) == {1 if after else 2}
    assert calls.operations["GetGatewayResponse"] == WRITES + read_back
    assert fleet.state() == Fleet.after()


@pytest.mark.parametrize("made", [{"own-throttled", "untouched"}, set()], ids=["made", "not made"])
async def test_what_a_dead_process_meant_to_write_is_read_before_it_is_resumed(
    fleet: Fleet, tmp_path: Path, made: Collection[str]
) -> None:
    """The journal holds intents without outcomes for two APIs in Ireland, as after a kill -9."""
    doubtful = {fleet.ids[IRELAND, kind] for kind in ("own-throttled", "untouched")}
    location = str(tmp_path / "journal.db")
    async with connected(fleet.emulator) as plane:
        with await batchgw.plan(policy(POLICY), plane=paced(plane)) as plan:
            async with open_journal(location) as journal:
                new = NewRun(
                    verb="apply",
                    policy_source=plan.header.policy_source,
                    policy_digest=plan.header.policy_digest,
                    desired=plan.header.desired,
                )
                run = await journal.begin(new)
                await import_plan(run, plan.items())
                scope = next(s for s in plan.totals.scopes if s.region == IRELAND)
                found = await run.pending(scope)
                left = sum([len(await run.pending(s)) for s in plan.totals.scopes])
                await run.intend([c.id for p in found if p.api.id in doubtful for c in p.changes])
    for kind in made:
        for response_type, put in fleets.WANTED.items():
            fleet.put((IRELAND, kind), response_type, put)
        fleet.delete((IRELAND, kind), "THROTTLED")

    calls = Calls()
    async with connected(fleet.emulator) as plane, open_journal(location) as journal:
        summary = await batchgw.resume(run.id, plane=paced(plane, observer=calls), journal=journal)

    assert (summary.exit_code, summary.total.applied) == (0, WRITES)
    in_doubt = 5  # DEFAULT_4XX, UNAUTHORIZED of both, THROTTLED of one
    assert calls.operations["GetGatewayResponses"] == left  # each API once, before it is written
    deletes = calls.operations["DeleteGatewayResponse"]
    assert calls.operations["GetGatewayResponse"] == fleet.emulator.read_back(deletes)
    assert calls.writes.total() == WRITES - (in_doubt if made else 0)
    assert fleet.state() == Fleet.after()
