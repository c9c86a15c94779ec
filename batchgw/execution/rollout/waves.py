"""Wave after wave: what may begin is made, it is watched while it bakes, and its gates are asked.

The journal says how far each wave is, so that a resume goes on there. A gate is asked again then, and never
taken to have passed because it was asked once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import anyio

from batchgw.concurrency.pool import unwrapped
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import GateFailed, GateHeld, HeldBack, RunAborted, Stopped, WaveReached
from batchgw.events import GateAnswered, GateAsked, WaveEntered, WavesEnded
from batchgw.execution.rollout.answer import Answer
from batchgw.execution.rollout.conduct import Conduct
from batchgw.execution.rollout.gates import Gates
from batchgw.execution.rollout.opening import Opening
from batchgw.execution.rollout.within import Refusing, WithinWave
from batchgw.execution.schedule import AllAtOnce, Schedule
from batchgw.execution.writing.recorder import HEARTBEAT
from batchgw.journal import JournalRun, ScopeCounts
from batchgw.journal.records import COUNTS, Tally
from batchgw.journal.rollout_records import GateResult, Verdict, WaveDecision, WaveRecord, WaveState
from batchgw.model import Scope
from batchgw.model.rollout.gate import AlarmCheck, Gate, MetricCheck, OnInconclusive, PromptCheck
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.shape import JSON
from batchgw.planning.rollout.budgets import Budgets

LOOK = 30.0
"""Seconds between two looks at the alarms while a wave bakes: half of CloudWatch's minute."""

LISTEN = 5.0
"""Seconds between two looks whether somebody has answered for a wave that is held."""

Make = Callable[[int, Schedule], Awaitable[None]]
"""Makes what is left of a wave, as a schedule lets it begin."""

Count = Callable[[int | None], Awaitable[list[ScopeCounts]]]
"""Counts the outcomes of a wave; of all the run for None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Why a rollout has ended before its end, and at which wave. What follows is up to `returning`."""

    why: HeldBack
    wave: int


class Waves:
    """The waves of one run.

    Args:
        rollout: how it is rolled out.
        run: the run, in the journal.
        plane: gates ask through it.
        conduct: how people take part.
        here: where alarms and calendars are that are named without an ARN.
        data_plane: takes the probes of gates.
        make: makes what is left of a wave.
        count: counts its outcomes.
    """

    def __init__(
        self,
        rollout: Rollout,
        run: JournalRun,
        *,
        plane: PacedControlPlane,
        conduct: Conduct,
        here: Scope,
        data_plane: DataPlane | None,
        make: Make,
        count: Count,
    ) -> None:
        self._rollout = rollout
        self._run = run
        self._plane = plane
        self._conduct = conduct
        self._make = make
        self._count = count
        self._gates = Gates(
            plane, run, here=here, bake=rollout.bake, clock=conduct.clock, data_plane=data_plane
        )
        self._opening = Opening(rollout.windows, conduct, plane=plane, here=here, stop=plane.stop)
        self._records: dict[int, WaveRecord] = {}
        self._next = 1  # the first wave of which nothing was made yet
        self._since = 0.0  # since when a decision is about the wave that is held
        self._budgets = Budgets(max_failures=rollout.max_failures, scopes={})

    async def run(self) -> Halt | None:
        """Go through the waves; give why it ended early, None where it did not.

        What is left after that is turned away, with the reason, so that every target has an outcome.
        """
        counts = await self._count(None)
        self._budgets = Budgets(
            max_failures=self._rollout.max_failures,
            scopes={each.scope: _targets([each]) for each in counts},
        )
        self._records = {each.number: each for each in await self._run.waves()}
        await self._opening.refresh()
        halt: Halt | None = None
        try:
            async with _in_background(self._opening.keep_fresh), _in_background(self._keep_alive):
                with suppress(Stopped):
                    halt = await self._through()
        finally:
            why = "" if halt is None else str(halt.why)
            self._plane.observer.notify(WavesEnded(run=self._run.id, why=why))
        for later in range(self._next, len(self._rollout.waves) + 1):
            await self._make(later, AllAtOnce() if halt is None else Refusing(_later(halt, later)))
        passed = [number for number, each in self._records.items() if each.state is WaveState.PASSED]
        if halt is None and self._plane.stop.requested and len(passed) < len(self._records):
            said = "the run was asked to stop before its last wave had passed: a resume asks its gates"
            return Halt(why=RunAborted(said), wave=max(self._records))
        return halt

    async def _through(self) -> Halt | None:
        for number in range(1, len(self._rollout.waves) + 1):
            halt = await self._wave(number)
            if halt is not None:
                return halt
        self._next = len(self._rollout.waves) + 1
        return None

    async def _wave(self, number: int) -> Halt | None:
        counts = await self._count(number)
        left = sum(each.tally.left for each in counts)
        before = self._records.get(number)
        if not left and (not _targets(counts) or (before and before.state is WaveState.PASSED)):
            self._next = number + 1
            return None
        if left:
            halt = await self._written(number, counts)
            if halt is not None:
                return halt
        if before is None or left or before.state in (WaveState.WRITING, WaveState.BAKING):
            halt = await self._baked(number)
            if halt is not None:
                return halt
        return await self._asked(number)

    async def _written(self, number: int, counts: list[ScopeCounts]) -> Halt | None:
        """Make what is left of a wave, if it may begin."""
        await self._opening.wait()
        why = self._opening.why_not() or await self._alarms_first(number)
        if why is not None:
            return Halt(why=why, wave=number)
        await self._enter(number, WaveState.WRITING)
        self._budgets.begin_wave(number, _targets(counts))
        within = WithinWave(
            self._budgets,
            self._opening,
            most=self._rollout.max_parallel_scopes,
            regions=self._rollout.regions,
        )
        await self._make(number, within)
        self._next = number + 1
        self._plane.stop.check()
        if within.why is None:
            return None
        if self._budgets.exceeded() is not None:
            await self._enter(number, WaveState.FAILED, str(within.why))
        return Halt(why=within.why, wave=number)

    async def _baked(self, number: int) -> Halt | None:
        """Watch the alarms for as long as the wave bakes."""
        if not self._rollout.bake:
            return None
        await self._enter(number, WaveState.BAKING, lasts=self._rollout.bake)
        over = anyio.current_time() + self._rollout.bake
        while (left := over - anyio.current_time()) > 0:
            await self._plane.stop.sleep(min(LOOK, left) if self._alarms else left)
            for gate, check in self._alarms:
                answer = await self._gates.alarm(check)
                if answer.result is GateResult.FAIL:
                    return await self._failed(number, gate, answer)
        return None

    async def _asked(self, number: int) -> Halt | None:
        """Ask the gates.

        After the last wave no person is asked: nothing would follow from the answer. And no metric is
        compared: there are no waves to come.
        """
        last = number == len(self._rollout.waves)
        before = self._records.get(number)
        was_held = before is not None and before.state is WaveState.HELD
        self._since = before.since if before is not None and was_held else self._conduct.clock()
        decided = await self._answered(number) if was_held else None
        if decided is not None and decided.verdict is not Verdict.PROMOTE:
            return await self._aborted(number, decided)
        await self._enter(number, WaveState.ASKING)
        for gate in self._rollout.gates:
            if last and isinstance(gate.check, PromptCheck | MetricCheck):
                continue
            halt = await self._passed(number, gate)
            if halt is not None:
                return halt
        await self._enter(number, WaveState.PASSED)
        if self._conduct.stop_after == number and not last:
            said = f"wave {number} has passed, after which the run was to stop (--stop-after). Resume it"
            return Halt(why=WaveReached(said), wave=number)
        return None

    async def _passed(self, number: int, gate: Gate) -> Halt | None:
        if gate.name in self._conduct.skip:
            reason = f"skipped by {self._conduct.who}: {self._conduct.skip[gate.name]}"
            await self._note(number, gate.name, GateResult.SKIPPED, said=reason)
            return None
        self._plane.observer.notify(GateAsked(number=number, of=self._of, gate=gate.name))
        answer = await self._gates.ask(gate, number, await self._summary(number))
        if answer.result is GateResult.INCONCLUSIVE and gate.on_inconclusive is OnInconclusive.HOLD:
            return await self._held(number, gate, answer)
        if answer.result is GateResult.FAIL:
            return await self._failed(number, gate, answer)
        await self._note(number, gate.name, answer.result, said=answer.said)
        passes = answer.result is GateResult.PASS or (
            answer.result is GateResult.INCONCLUSIVE and gate.on_inconclusive is OnInconclusive.PASS
        )
        return None if passes else await self._failed(number, gate, answer)

    async def _held(self, number: int, gate: Gate, answer: Answer) -> Halt | None:
        """Wait for a person: at the terminal, or in another process that shares the journal."""
        await self._note(number, gate.name, GateResult.INCONCLUSIVE, said=answer.said)
        decided = await self._answered(number)
        if decided is None:
            waits = gate.hold_for if self._may_be_answered(gate) else None
            await self._enter(number, WaveState.HELD, f"{gate.name}: {answer.said}", lasts=waits)
            decided = await self._decision(number, gate)
        if decided is None:
            said = (
                f"wave {number} is held at gate {gate.name} ({answer.said}), and nobody has decided. "
                f"Look at it; `batchgw promote {self._run.id}` lets the run go on, then resume it; `batchgw "
                f"abort {self._run.id}` ends it, and with --rollback takes it back"
            )
            return Halt(why=GateHeld(said), wave=number)
        if decided.verdict is not Verdict.PROMOTE:
            return await self._aborted(number, decided)
        said = f"promoted by {decided.who}" + (f": {decided.reason}" if decided.reason else "")
        await self._note(number, gate.name, GateResult.PASS, said=said)
        await self._enter(number, WaveState.ASKING)
        return None

    async def _aborted(self, number: int, decided: WaveDecision) -> Halt:
        by = f"by {decided.who}" + (f": {decided.reason}" if decided.reason else "")
        await self._enter(number, WaveState.FAILED, f"aborted {by}")
        return Halt(why=RunAborted(f"the run was aborted after wave {number} {by}"), wave=number)

    async def _decision(self, number: int, gate: Gate) -> WaveDecision | None:
        """Give what a person decides about a wave, within the time that it is held."""
        ask = self._conduct.ask
        if not self._may_be_answered(gate):
            return await self._answered(number)
        found: list[WaveDecision] = []
        with unwrapped(), anyio.move_on_after(gate.hold_for):  # a stop is one, whoever hears of it first
            async with anyio.create_task_group() as tasks:

                async def listen() -> None:
                    while (answer := await self._answered(number)) is None:
                        await self._plane.stop.sleep(LISTEN)
                    found.append(answer)
                    tasks.cancel_scope.cancel()

                async def at_terminal() -> None:
                    if ask is None:
                        return
                    yes = await ask(f"Wave {number} of {self._of} has ended. Go on with the next one?")
                    if yes:  # to end a run for good takes more than a slip of the finger: `abort`
                        await self._run.decide(number, Verdict.PROMOTE, who=self._conduct.who)
                        found.extend(await self._run.decisions())
                    tasks.cancel_scope.cancel()

                tasks.start_soon(listen)
                tasks.start_soon(at_terminal)
        return found[-1] if found else None

    def _may_be_answered(self, gate: Gate) -> bool:
        """Tell whether a hold is worth waiting for: without a terminal nobody answers a prompt here."""
        return self._conduct.ask is not None or not isinstance(gate.check, PromptCheck)

    async def _answered(self, number: int) -> WaveDecision | None:
        decisions = await self._run.decisions()
        of_wave = [each for each in decisions if each.wave == number and each.at >= self._since]
        return of_wave[-1] if of_wave else None

    async def _failed(self, number: int, gate: Gate, answer: Answer) -> Halt:
        await self._note(number, gate.name, GateResult.FAIL, said=answer.said)
        await self._enter(number, WaveState.FAILED, f"{gate.name}: {answer.said}")
        said = f"gate {gate.name} failed after wave {number}: {answer.said}"
        return Halt(why=GateFailed(said), wave=number)

    async def _alarms_first(self, number: int) -> HeldBack | None:
        """Say which alarm is not OK before the first write of a wave: then it does not begin."""
        for gate, check in self._alarms:
            answer = await self._gates.alarm(check)
            passes = answer.result is GateResult.PASS or (
                answer.result is GateResult.INCONCLUSIVE and gate.on_inconclusive is OnInconclusive.PASS
            )
            if not passes:
                await self._note(number, gate.name, answer.result, said=f"before: {answer.said}")
                return GateFailed(
                    f"wave {number} has not begun: gate {gate.name} is not good before it ({answer.said}), "
                    "so it could not tell what the wave does. Resume when it is, or skip it "
                    f"(--skip-gate {gate.name} --reason TEXT)"
                )
        return None

    @property
    def _alarms(self) -> list[tuple[Gate, AlarmCheck]]:
        return [
            (gate, gate.check)
            for gate in self._rollout.gates
            if isinstance(gate.check, AlarmCheck) and gate.name not in self._conduct.skip
        ]

    async def _enter(
        self, number: int, state: WaveState, said: str = "", *, lasts: float | None = None
    ) -> None:
        await self._run.set_wave(number, state, said=said)
        self._records = {each.number: each for each in await self._run.waves()}
        self._plane.observer.notify(
            WaveEntered(
                number=number,
                of=self._of,
                state=state.value,
                said=said,
                run=self._run.id,
                unit=str(self._rollout.waves[number - 1]),
                lasts=lasts,
            )
        )

    async def _note(self, number: int, gate: str, result: GateResult, *, said: str) -> None:
        """Write down what a gate says, and tell it."""
        await self._run.note_check(number, gate, result, said=said)
        answered = GateAnswered(number=number, of=self._of, gate=gate, result=result.value, said=said)
        self._plane.observer.notify(answered)

    @property
    def _of(self) -> int:
        return len(self._rollout.waves)

    async def _summary(self, number: int) -> Mapping[str, JSON]:
        """Give what became of a wave, for the commands that are asked about it."""
        counts = await self._count(number)
        total = Tally.added_up(each.tally for each in counts)
        kinds = dict.fromkeys(kind for each in counts for kind in each.by_kind)
        by_kind = {
            kind: Tally.added_up(each.by_kind[kind] for each in counts if kind in each.by_kind)
            for kind in kinds
        }
        return {
            "run": self._run.id,
            "wave": number,
            "waves": len(self._rollout.waves),
            "expected": total.expected,
            **_counts(total),
            "kinds": {kind: _counts(tally) for kind, tally in by_kind.items()},
        }

    async def _keep_alive(self) -> None:
        """Renew the run's locks, also while nothing is written. Runs until cancelled."""
        while True:
            await anyio.sleep(HEARTBEAT)
            await self._run.heartbeat()


@asynccontextmanager
async def _in_background(work: Callable[[], Coroutine[object, object, None]]) -> AsyncGenerator[None, None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


def _later(halt: Halt, number: int) -> HeldBack:
    """Say why a wave has not begun: the reason itself where that is its own, else in short."""
    if number == halt.wave:
        return halt.why
    return type(halt.why)(f"wave {number} has not begun, because the run was halted at wave {halt.wave}")


def _targets(counts: list[ScopeCounts]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in counts:
        for kind, tally in each.by_kind.items():
            found[kind] = found.get(kind, 0) + tally.expected
    return found


def _counts(tally: Tally) -> dict[str, JSON]:
    return {name: getattr(tally, name) for name in COUNTS}
