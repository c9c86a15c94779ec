"""No wave begins before the one before has ended, baked and passed its gates; a resume goes on there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from batchgw.control_plane.stack import Pace
from batchgw.execution.rollout.conduct import Conduct
from batchgw.journal import open_journal
from batchgw.journal.rollout_records import GateResult, Verdict, WaveState
from batchgw.model import Applied, Failed, NotAttempted, Outcome, RestApiId, Unchanged
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.gate import (
    AlarmCheck,
    CommandCheck,
    Gate,
    OnInconclusive,
    PromptCheck,
)
from batchgw.model.rollout.limits import MaxFailures
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.model.rollout.window import WeekWindow
from tests.scenarios.waves.rolled import EPOCH, THREE, RolledEstate, clock
from tests.virtual import virtually

ALARM = Gate(name="errors", check=AlarmCheck(alarm="api-errors"))
PROMPT = Gate(name="prompt", check=PromptCheck())


def estate(rollout: Rollout, **more: object) -> RolledEstate:
    return RolledEstate(apis=20, accounts=2, regions=2, rollout=rollout, **more)  # type: ignore[arg-type]


def attempted(outcomes: Sequence[Outcome]) -> set[RestApiId]:
    return {o.api.id for o in outcomes if not isinstance(o, NotAttempted | Unchanged)}


def of_wave(world: RolledEstate, number: int) -> set[RestApiId]:
    assert world.waves is not None
    return {api for members in [world.waves.members[number - 1]] for apis in members.values() for api in apis}


def test_waves_follow_each_other_with_their_bakes(tmp_path: Path) -> None:
    async def main() -> None:
        async with estate(Rollout(waves=THREE, bake=600.0)) as world:
            summary, outcomes = await world.roll(tmp_path / "journal.db")
            assert (summary.exit_code, summary.proves, summary.halted) == (0, True, None), summary.reasons
            assert {type(o) for o in outcomes} <= {Applied, Unchanged}
            states = ["writing", "baking", "asking", "passed"]
            assert world.seen.entered == [(n, state) for n in (1, 2, 3) for state in states]
            at = world.seen.at
            for number in (1, 2, 3):
                assert at[number, "asking"] - at[number, "baking"] == pytest.approx(600, abs=1)
            assert len(of_wave(world, 1)) == 1
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                waves = await journal.run(summary.run).waves()
                assert [each.state for each in waves] == [WaveState.PASSED] * 3

    virtually(main)


def test_a_budget_stops_the_run_with_its_arithmetic_and_a_resume_goes_on(tmp_path: Path) -> None:
    """Two calls at a time are under way, so no more than that comes on top of the third failure."""
    script = [{"match": {"operation": "PutGatewayResponse", "first": 8}, "fault": "bad_request"}]
    rollout = Rollout(
        waves=(Wave(size=Amount(count=3)), Wave(rest=True)),
        max_failures=MaxFailures(run=Amount(count=2)),
        max_parallel_scopes=1,
    )

    async def main() -> None:
        async with estate(rollout, script=script, pace=Pace(workers=2)) as world:
            summary, outcomes = await world.roll(tmp_path / "journal.db")
            assert summary.halted is not None
            assert summary.halted.startswith("3 failures in the run > 2")
            assert (summary.exit_code, summary.proves) == (3, True)
            failed = sum(isinstance(o, Failed) for o in outcomes)
            assert 3 <= failed <= 4
            assert [o for o in outcomes if isinstance(o, NotAttempted) and o.code == "BudgetExceeded"]
            assert not attempted(outcomes) & of_wave(world, 2)
            for _ in range(3):
                summary, outcomes = await world.go_on(tmp_path / "journal.db")
            assert (summary.halted, summary.exit_code) == (None, 1)
            left = {o.code for o in outcomes if isinstance(o, NotAttempted)}
            assert left == {"BeforeNotMade"}  # the stages of APIs whose responses have failed

    virtually(main)


def test_an_alarm_in_the_bake_ends_the_run_before_the_next_wave(tmp_path: Path) -> None:
    """The world's time counts from the first call; wave one ends within a minute."""
    signals = {"alarms": [{"name": "api-errors", "states": [{"at": 200, "state": "ALARM", "reason": "5XX"}]}]}

    async def main() -> None:
        rollout = Rollout(waves=THREE, bake=600.0, gates=(ALARM,))
        async with estate(rollout, signals=signals) as world:
            summary, outcomes = await world.roll(tmp_path / "journal.db")
            assert summary.halted == "gate errors failed after wave 1: alarm api-errors is ALARM: 5XX"
            assert (summary.exit_code, summary.proves) == (3, True)
            assert attempted(outcomes) == of_wave(world, 1)
            assert {o.code for o in outcomes if isinstance(o, NotAttempted)} == {"GateFailed"}
            assert world.seen.at[1, "failed"] - world.seen.at[1, "baking"] < 300

    virtually(main)


@pytest.mark.parametrize(
    ("state", "on_inconclusive", "halted"),
    [
        ("ALARM", OnInconclusive.PASS, "wave 1 has not begun: gate errors is not good before it"),
        ("INSUFFICIENT_DATA", OnInconclusive.FAIL, "wave 1 has not begun"),
        ("INSUFFICIENT_DATA", OnInconclusive.PASS, None),
    ],
)
def test_an_alarm_must_be_ok_before_the_first_write_of_a_wave(
    tmp_path: Path, state: str, on_inconclusive: OnInconclusive, halted: str | None
) -> None:
    signals = {"alarms": [{"name": "api-errors", "states": [{"state": state}]}]}
    gate = replace(ALARM, on_inconclusive=on_inconclusive)

    async def main() -> None:
        async with estate(Rollout(waves=THREE, gates=(gate,)), signals=signals) as world:
            before = world.customisations()
            summary, outcomes = await world.roll(tmp_path / "journal.db")
            assert str(summary.halted).startswith(halted or "None")
            if halted:
                assert world.customisations() == before
                assert not attempted(outcomes)

    virtually(main)


def test_without_a_terminal_a_prompt_ends_the_run_at_once_and_a_promotion_lets_it_go_on(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with estate(Rollout(waves=THREE, gates=(PROMPT,))) as world:
            file = tmp_path / "journal.db"
            summary, outcomes = await world.roll(file)
            assert "wave 1 is held at gate prompt" in str(summary.halted)
            assert f"batchgw promote {summary.run}" in str(summary.halted)
            assert summary.exit_code == 3
            assert attempted(outcomes) == of_wave(world, 1)
            again, outcomes = await world.go_on(file)
            assert again.exit_code == 3  # it is asked again, and nobody has answered
            assert attempted(outcomes) == of_wave(world, 1)
            for number in (1, 2):
                async with open_journal(str(file), clock=clock) as journal:
                    await journal.run(summary.run).decide(number, Verdict.PROMOTE, who="ada", reason="fine")
                again, outcomes = await world.go_on(file)
            assert (again.exit_code, again.left) == (0, 0)
            async with open_journal(str(file)) as journal:
                checks = await journal.run(summary.run).checks()
                assert [c.said for c in checks if c.result is GateResult.PASS] == [
                    "promoted by ada: fine",
                    "promoted by ada: fine",
                ]

    virtually(main)


@pytest.mark.parametrize("yes", [True, False])
def test_a_person_at_the_terminal_decides(tmp_path: Path, *, yes: bool) -> None:
    asked: list[str] = []

    async def ask(question: str) -> bool:
        asked.append(question)
        return yes

    async def main() -> None:
        async with estate(Rollout(waves=THREE, gates=(PROMPT,))) as world:
            summary, outcomes = await world.roll(tmp_path / "journal.db", Conduct(ask=ask, who="ada"))
            assert asked == [
                f"Wave {n} of 3 has ended. Go on with the next one?" for n in ((1, 2) if yes else (1,))
            ]
            assert summary.exit_code == (0 if yes else 3)
            if not yes:
                assert str(summary.halted).startswith("wave 1 is held at gate prompt")
                assert {o.code for o in outcomes if isinstance(o, NotAttempted)} == {"GateHeld"}

    virtually(main)


def test_a_hold_has_a_deadline_and_ends_as_soon_as_somebody_elsewhere_decides(tmp_path: Path) -> None:
    """An alarm without data holds the wave; here nobody sits at the terminal."""
    signals = {"alarms": [{"name": "api-errors", "states": [{"at": 100, "state": "INSUFFICIENT_DATA"}]}]}
    gate = replace(ALARM, hold_for=1800.0)

    async def main() -> None:
        rollout = Rollout(waves=THREE, bake=300.0, gates=(gate,))
        async with estate(rollout, signals=signals) as world:
            summary, _ = await world.roll(tmp_path / "journal.db")
            assert summary.exit_code == 3
            assert "nobody has decided" in str(summary.halted)
            assert summary.elapsed == pytest.approx(300 + 1800, abs=120)

    virtually(main)


def test_a_skipped_gate_is_told_with_its_reason(tmp_path: Path) -> None:
    async def main() -> None:
        async with estate(Rollout(waves=THREE, gates=(PROMPT,))) as world:
            conduct = Conduct(skip={"prompt": "incident 7"}, who="ada")
            summary, _ = await world.roll(tmp_path / "journal.db", conduct)
            assert summary.exit_code == 0
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                checks = await journal.run(summary.run).checks()
                assert {(c.result, c.said) for c in checks} == {
                    (GateResult.SKIPPED, "skipped by ada: incident 7")
                }

    virtually(main)


def test_a_run_stops_after_the_wave_that_was_named(tmp_path: Path) -> None:
    async def main() -> None:
        async with estate(Rollout(waves=THREE)) as world:
            summary, outcomes = await world.roll(tmp_path / "journal.db", Conduct(stop_after=2))
            assert summary.exit_code == 3
            assert "wave 2 has passed" in str(summary.halted)
            assert attempted(outcomes) == of_wave(world, 1) | of_wave(world, 2)
            summary, _ = await world.go_on(tmp_path / "journal.db")
            assert (summary.exit_code, summary.left) == (0, 0)

    virtually(main)


NIGHT = WeekWindow(days=(0, 1, 2, 3, 4, 5, 6), opens=9 * 60, closes=16 * 60, zone="UTC")


def test_outside_of_its_window_a_run_does_not_begin_or_waits_for_it(tmp_path: Path) -> None:
    """Virtual time begins at 00:53."""

    async def main() -> None:
        async with estate(Rollout(waves=THREE, windows=(NIGHT,))) as world:
            before = world.customisations()
            summary, _ = await world.roll(tmp_path / "one.db")
            assert summary.exit_code == 3
            assert "next at 2026-11-30T09:00:00Z" in str(summary.halted)
            assert world.customisations() == before
            summary, _ = await world.roll(tmp_path / "two.db", Conduct(wait_for_window=True))
            assert summary.exit_code == 0
            assert world.seen.at[1, "writing"] + EPOCH >= 1_796_029_200  # nine o'clock

    virtually(main)


def test_a_deadline_ends_the_run_and_what_is_left_is_resumed(tmp_path: Path) -> None:
    async def main() -> None:
        async with estate(Rollout(waves=THREE, bake=600.0)) as world:
            summary, outcomes = await world.roll(tmp_path / "journal.db", Conduct(deadline=900.0))
            assert summary.exit_code == 3
            assert "--deadline" in str(summary.halted)
            assert summary.proves
            assert not attempted(outcomes) & of_wave(world, 3)
            summary, _ = await world.go_on(tmp_path / "journal.db")
            assert summary.exit_code == 0

    virtually(main)


COMMAND = (
    "import json, os, sys; told = json.load(sys.stdin); print(told['wave'], os.environ['BATCHGW_WAVE']); "
)


@pytest.mark.parametrize(
    ("code", "exit_code", "said"),
    [(0, 0, "ended with exit code 0"), (3, 3, "ended with exit code 3: 1 1"), (75, 3, "nobody has decided")],
)
def test_a_command_is_told_of_the_wave_and_its_exit_code_decides(
    tmp_path: Path, code: int, exit_code: int, said: str
) -> None:
    argv = (sys.executable, "-c", f"{COMMAND}sys.exit({code})")
    gate = Gate(name="smoke", check=CommandCheck(argv=argv), hold_for=0.1)

    async def main() -> None:
        async with estate(Rollout(waves=THREE, gates=(gate,))) as world:
            summary, _ = await world.roll(tmp_path / "journal.db")
            assert summary.exit_code == exit_code
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                first = (await journal.run(summary.run).checks())[0]
            assert said in f"{first.said} {summary.halted}"

    anyio.run(main)


def test_a_stop_does_not_wait_for_a_command(tmp_path: Path) -> None:
    """The command would take a minute; it is ended with the run, and asked again by a resume."""
    begun = tmp_path / "begun"
    argv = (sys.executable, "-c", f"import time; open({str(begun)!r}, 'w'); time.sleep(60)")
    gate = Gate(name="smoke", check=CommandCheck(argv=argv, timeout=120.0))

    async def main() -> None:
        async with estate(Rollout(waves=THREE, gates=(gate,))) as world:
            with anyio.fail_after(30):
                async with anyio.create_task_group() as tasks:

                    async def stop() -> None:
                        while not begun.exists():  # noqa: ASYNC110 - it is another process that makes it
                            await anyio.sleep(0.02)
                        world.stop.request()

                    tasks.start_soon(stop)
                    summary, outcomes = await world.roll(tmp_path / "journal.db")
            assert summary.exit_code == 130
            assert attempted(outcomes) == of_wave(world, 1)
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                assert (await journal.run(summary.run).waves())[-1].state is WaveState.ASKING

    anyio.run(main)


def test_a_stop_in_the_last_bake_is_not_done(tmp_path: Path) -> None:
    """All is written by then, and nobody has seen it through its bake."""

    async def main() -> None:
        async with estate(Rollout(waves=(Wave(rest=True),), bake=600.0)) as world:

            async def stop_in_the_bake() -> None:
                await anyio.sleep(300)  # all is written within a minute or two
                assert world.seen.entered[-1] == (1, "baking")
                world.stop.request()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stop_in_the_bake)
                summary, _ = await world.roll(tmp_path / "journal.db")
            assert (summary.exit_code, summary.left) == (130, 0)
            assert "before its last wave had passed" in str(summary.halted)
            summary, _ = await world.go_on(tmp_path / "journal.db")
            assert summary.exit_code == 0
            assert world.seen.entered[-1] == (1, "passed")

    virtually(main)
