"""A run whose gate or budget says so is taken back, the last wave first; and nobody goes on with it then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from batchgw import api
from batchgw.concurrency.stop import StopSignal
from batchgw.errors import UsageError
from batchgw.events import Event, WaveEntered
from batchgw.execution.rollout.conduct import Conduct
from batchgw.execution.running import returning
from batchgw.journal import open_journal
from batchgw.journal.rollout_records import Verdict
from batchgw.model import Applied, Outcome, RestApiId, Skipped, Unchanged
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.gate import AlarmCheck, Gate, PromptCheck
from batchgw.model.rollout.limits import MaxFailures, OnFailure
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.report.summary import Summary
from tests.scenarios.deploying.staged import state
from tests.scenarios.waves.rolled import THREE, RolledEstate, Waiting, clock
from tests.unit.journal_plans import listed
from tests.virtual import virtually

ALARM = Gate(name="errors", check=AlarmCheck(alarm="api-errors"))
PROMPT = Gate(name="prompt", check=PromptCheck())


def estate(**more: Any) -> RolledEstate:
    return RolledEstate(apis=16, accounts=2, regions=2, **more)


def of_wave(world: RolledEstate, number: int) -> set[RestApiId]:
    assert world.waves is not None
    return {api for apis in world.waves.members[number - 1].values() for api in apis}


async def outcomes_of(journal: Path, run: str) -> list[Outcome]:
    async with open_journal(str(journal), clock=clock) as opened:
        return await listed(opened.run(run).outcomes())


async def taken_back(world: RolledEstate, file: Path, run: str, **how: Any) -> Summary:
    world.plane = world.paced()
    async with open_journal(str(file), clock=clock) as opened:
        with await api.rollback(run, plane=world.plane, journal=opened, **how) as plan:
            return await api.apply(
                plan, plane=world.plane, journal=opened, conduct=Conduct(clock=clock), verb="rollback"
            )


def gone_off(at: float) -> dict[str, Any]:
    """What an estate is whose alarm goes off at a time; wave 1 has passed at 700 s, wave 2 bakes at 1,000."""
    states = [{"at": at, "state": "ALARM", "reason": "5XX"}]
    return {"signals": {"alarms": [{"name": "api-errors", "states": states}]}}


def test_a_run_goes_back_in_its_waves_the_last_one_first(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"

    async def main() -> None:
        async with estate(rollout=Rollout(waves=THREE)) as world:
            before = state(world)
            first, _ = await world.roll(file)
            last = of_wave(world, 3)
            assert first.exit_code == 0
            world.seen.entered.clear()
            undone: list[set[RestApiId]] = []

            back = await taken_back(world, file, first.run)
            assert (back.exit_code, back.proves) == (0, True), back.reasons
            assert state(world) == before
            states = ["writing", "asking", "passed"]
            assert world.seen.entered == [(n, state) for n in (1, 2, 3) for state in states]
            async with open_journal(str(file)) as opened:
                (scope, *_) = [s.scope for s in back.scopes]
                traced = await opened.run(back.run).traced(scope)
                undone = [{t.api.id for t in traced if t.wave == n} for n in (1, 2, 3)]
                record = await opened.find(back.run)
            assert undone[0] <= last
            assert record.rollout is not None
            assert [str(wave) for wave in record.rollout.waves] == [f"back from wave {n}" for n in (3, 2, 1)]

    virtually(main)


def test_one_wave_of_a_run_goes_back(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"

    async def main() -> None:
        async with estate(rollout=Rollout(waves=THREE)) as world:
            before = state(world)
            first, _ = await world.roll(file)
            after = state(world)
            back = await taken_back(world, file, first.run, wave=2)
            assert (back.exit_code, back.proves) == (0, True), back.reasons
            now, second = state(world), of_wave(world, 2)
            assert all(now[id_] == (before if id_ in second else after)[id_] for id_ in before)
            with pytest.raises(UsageError, match="has the waves 1 to 3: there is no wave 4"):
                await taken_back(world, file, first.run, wave=4)
            with pytest.raises(UsageError, match="was taken back by run"):
                async with open_journal(str(file)) as opened:
                    await api.resume(first.run, plane=world.paced(), journal=opened)

    virtually(main)


@pytest.mark.parametrize(
    ("on_failure", "back_from"), [(OnFailure.ROLLBACK_WAVE, {2}), (OnFailure.ROLLBACK_RUN, {1, 2})]
)
def test_where_a_gate_fails_the_wave_or_the_run_goes_back_by_a_run_of_its_own(
    tmp_path: Path, on_failure: OnFailure, back_from: set[int]
) -> None:
    file = tmp_path / "journal.db"
    rollout = Rollout(waves=THREE, bake=600.0, gates=(ALARM,), on_failure=on_failure)

    async def main() -> None:
        async with estate(rollout=rollout, **gone_off(1_000)) as world:
            before = state(world)
            first, _ = await world.roll(file, Conduct(deadline=100_000.0))
            assert first.halted == "gate errors failed after wave 2: alarm api-errors is ALARM: 5XX"
            back = first.taken_back
            assert back is not None
            assert (first.exit_code, first.proves, first.left) == (3, True, 0)
            assert (back.exit_code, back.proves, back.verb) == (0, True, "rollback"), back.reasons
            assert first.to_json()["taken_back"] == back.to_json()
            now = state(world)
            undone = {id_ for number in back_from for id_ in of_wave(world, number)}
            written = of_wave(world, 1) | of_wave(world, 2)
            assert {id_ for id_ in now if now[id_] == before[id_]} >= undone
            assert {id_ for id_ in now if now[id_] != before[id_]} == written - undone
            outcomes = await outcomes_of(file, first.run)
            skipped = {o.api.id for o in outcomes if isinstance(o, Skipped) and o.code == "TakenBack"}
            assert skipped == of_wave(world, 3)
            assert {type(o) for o in outcomes if o.api.id in written} <= {Applied, Unchanged}
            async with open_journal(str(file)) as opened:
                assert (await opened.find(back.run)).parent == first.run
                assert await opened.unfinished() == []
                with pytest.raises(UsageError, match=f"was taken back by run {back.run}"):
                    await api.resume(first.run, plane=world.paced(), journal=opened)
                with pytest.raises(UsageError, match=f"was taken back by run {back.run}"):
                    await api.retry(first.run, plane=world.paced(), journal=opened)

    virtually(main)


def test_a_budget_that_is_exceeded_takes_the_wave_back(tmp_path: Path) -> None:
    script = [{"match": {"operation": "PutGatewayResponse", "first": 30}, "fault": "bad_request"}]
    rollout = Rollout(
        waves=THREE, max_failures=MaxFailures(run=Amount(count=0)), on_failure=OnFailure.ROLLBACK_RUN
    )

    async def main() -> None:
        async with estate(rollout=rollout, script=script) as world:
            before = state(world)
            first, _ = await world.roll(tmp_path / "journal.db")
            assert str(first.halted).startswith("1 failure in the run > 0")
            assert first.taken_back is not None
            assert (first.exit_code, first.taken_back.exit_code) == (3, 0)
            assert state(world) == before

    virtually(main)


@pytest.mark.parametrize("dies", ["before", "on its way"])
def test_a_run_that_dies_before_it_has_gone_back_goes_back_when_it_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    file = tmp_path / "journal.db"
    rollout = Rollout(waves=THREE, bake=600.0, gates=(ALARM,), on_failure=OnFailure.ROLLBACK_RUN)

    class PulledOut(BaseException):
        pass

    async def never(*_: object, **__: object) -> None:
        raise PulledOut

    async def main() -> None:
        async with estate(rollout=rollout, **gone_off(1_000)) as world:
            before = state(world)
            with monkeypatch.context() as patched:
                if dies == "before":
                    patched.setattr(returning, "plan_back", never)
                else:
                    patched.setattr("batchgw.execution.running.run._execute", after_the_first(never))
                with pytest.raises(PulledOut):
                    await world.roll(file)
            assert state(world) != before
            async with open_journal(str(file)) as opened:
                (*_, first) = await opened.runs()
                if dies != "before":
                    with pytest.raises(UsageError, match="was taken back by run"):
                        await api.resume(first.id, plane=world.paced(), journal=opened)
                again = await api.resume(
                    first.id if dies == "before" else "last", plane=world.paced(), journal=opened
                )
                if dies == "before":
                    assert (again.run, again.exit_code) == (first.id, 3)
                    assert again.taken_back is not None
                    assert str(again.halted).startswith("errors: alarm api-errors is ALARM")
                else:
                    assert (again.verb, again.exit_code) == ("rollback", 0)
                assert await opened.unfinished() == []
            assert state(world) == before

    virtually(main)


def after_the_first(never: Any) -> Any:
    """Let the first run be carried out, and not the one that takes it back."""
    from batchgw.execution.running import run  # noqa: PLC0415 - as it is before it is patched

    execute, made = run._execute, list[None]()

    async def executed(*args: Any) -> Any:
        made.append(None)
        return await (execute(*args) if len(made) == 1 else never())

    return executed


@pytest.mark.parametrize("verdict", [Verdict.ABORT, Verdict.ROLLBACK])
def test_a_held_run_that_is_aborted_ends_for_good_and_goes_back_if_that_was_said(
    tmp_path: Path, verdict: Verdict
) -> None:
    file = tmp_path / "journal.db"

    async def main() -> None:
        async with estate(rollout=Rollout(waves=THREE, gates=(PROMPT,))) as world:
            before = state(world)
            first, _ = await world.roll(file)
            async with open_journal(str(file), clock=clock) as opened:
                await opened.run(first.run).decide(1, verdict, who="ada", reason="slow")
            ended, outcomes = await world.go_on(file)
            assert ended.halted == "the run was aborted after wave 1 by ada: slow"
            assert (ended.exit_code, ended.proves, ended.left) == (3, True, 0)
            skipped = {o.code for o in outcomes if isinstance(o, Skipped)}
            assert skipped == {"Aborted" if verdict is Verdict.ABORT else "TakenBack"}
            assert (state(world) == before) == (verdict is Verdict.ROLLBACK)
            async with open_journal(str(file)) as opened:
                assert await opened.unfinished() == []

    virtually(main)


def test_where_it_cannot_go_back_yet_the_run_says_so_and_a_resume_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "journal.db"
    rollout = Rollout(waves=THREE, bake=600.0, gates=(ALARM,), on_failure=OnFailure.ROLLBACK_WAVE)

    async def held(*_: object, **__: object) -> None:
        raise UsageError("the scope is held by another run")

    async def main() -> None:
        async with estate(rollout=rollout, **gone_off(200)) as world:
            before = state(world)
            with monkeypatch.context() as patched:
                patched.setattr(returning, "plan_back", held)
                first, _ = await world.roll(file)
            assert first.exit_code == 3
            assert "could not be taken back (the scope is held by another run)" in str(first.halted)
            again, _ = await world.go_on(file)
            assert again.taken_back is not None
            assert state(world) == before

    virtually(main)


def test_a_stop_before_the_way_back_leaves_it_to_a_resume_and_says_so(tmp_path: Path) -> None:
    """The last wave fails, so nothing is left to make: only the way back."""
    file = tmp_path / "journal.db"
    whole = (Wave(rest=True),)
    rollout = Rollout(waves=whole, bake=600.0, gates=(ALARM,), on_failure=OnFailure.ROLLBACK_RUN)

    class StoppingAtTheEnd(Waiting):
        stop: StopSignal | None = None

        def notify(self, event: Event) -> None:
            if isinstance(event, WaveEntered) and event.state == "failed" and self.stop is not None:
                self.stop.request()

    async def main() -> None:
        async with estate(rollout=rollout, **gone_off(300)) as world:
            before = state(world)
            world.observer = stopping = StoppingAtTheEnd()
            world.plane = world.paced()
            stopping.stop = world.stop
            first, _ = await world.roll(file)
            assert f"It is still to be taken back: `batchgw resume {first.run}` does" in str(first.halted)
            assert (first.exit_code, first.left, first.taken_back) == (130, 0, None)
            again, _ = await world.go_on(file)
            assert again.taken_back is not None
            assert again.exit_code == 3
            assert state(world) == before

    virtually(main)
