"""Asks the gates of a rollout about a wave. What follows from an answer is the business of `waves`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from subprocess import PIPE, STDOUT
from typing import Final, assert_never

import anyio
from anyio.abc import Process

from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import CallError
from batchgw.execution import signals
from batchgw.execution.rollout.answer import Answer, inconclusive
from batchgw.execution.rollout.measuring import measured
from batchgw.execution.rollout.probing import probed
from batchgw.journal import JournalRun
from batchgw.journal.rollout_records import GateResult
from batchgw.model import Scope
from batchgw.model.rollout.gate import (
    AlarmCheck,
    CalendarCheck,
    CommandCheck,
    Gate,
    MetricCheck,
    ProbeCheck,
    PromptCheck,
)
from batchgw.model.shape import JSON
from batchgw.redaction import redacted
from batchgw.times import duration

LONGEST_OUTPUT: Final = 16 * 1024
"""Characters of a command's output that are kept: its end, where commands say what was wrong."""

CANNOT_TELL: Final = 75
"""Exit code of a command that cannot tell: EX_TEMPFAIL of sysexits.h."""

IN_ALARM: Final = "ALARM"
"""CloudWatch's word for an alarm that has gone off."""

FINE: Final = "OK"
"""Its word for one that has not."""


class Gates:
    """Asks gates that need no person.

    Args:
        plane: alarms, metrics and calendars are asked through it.
        run: the run, in the journal.
        here: where alarms and calendars are that are named without an ARN.
        bake: seconds for which each wave is watched.
        clock: seconds since the epoch.
        data_plane: stages are asked through it; None where nothing can ask them.
    """

    def __init__(
        self,
        plane: PacedControlPlane,
        run: JournalRun,
        *,
        here: Scope,
        bake: float,
        clock: Callable[[], float],
        data_plane: DataPlane | None,
    ) -> None:
        self._plane = plane
        self._run = run
        self._here = here
        self._bake = bake
        self._clock = clock
        self._data_plane = data_plane

    async def ask(self, gate: Gate, wave: int, summary: Mapping[str, JSON]) -> Answer:
        """Ask a gate about a wave that has ended; `summary` is what became of it.

        Raises Stopped, and nothing of calls.
        """
        match gate.check:
            case PromptCheck():
                return inconclusive("a person decides")
            case CommandCheck():
                command = partial(self._command, gate.check, wave, summary)
                return await self._plane.stop.heeded(command)
            case AlarmCheck():
                return await self.alarm(gate.check)
            case CalendarCheck():
                return await self._calendar(gate.check)
            case ProbeCheck():
                return await probed(
                    self._run, wave, gate.check, plane=self._plane, data_plane=self._data_plane
                )
            case MetricCheck():
                return await measured(
                    self._run, wave, gate.check, plane=self._plane, bake=self._bake, clock=self._clock
                )
            case _:
                assert_never(gate.check)

    async def alarm(self, check: AlarmCheck) -> Answer:
        """Ask for the state of an alarm."""
        try:
            found = (await signals.alarms(self._plane, [check.alarm], self._here))[check.alarm]
        except (CallError, ValueError) as error:
            return inconclusive(f"the alarm {check.alarm} cannot be asked: {error}")
        if found is None:
            return inconclusive(f"there is no alarm {check.alarm} in {self._here}")
        said = f"alarm {found.name} is {found.state}" + (f": {found.reason}" if found.reason else "")
        results = {IN_ALARM: GateResult.FAIL, FINE: GateResult.PASS}
        return Answer(result=results.get(found.state, GateResult.INCONCLUSIVE), said=said)

    async def _calendar(self, check: CalendarCheck) -> Answer:
        try:
            found = await signals.calendar(self._plane, check.calendar, self._here)
        except (CallError, ValueError) as error:
            return inconclusive(f"the calendar {check.calendar} cannot be read: {error}")
        result = GateResult.PASS if found.open else GateResult.FAIL
        return Answer(result=result, said=f"{check.calendar} is {'open' if found.open else 'closed'}")

    async def _command(self, check: CommandCheck, wave: int, summary: Mapping[str, JSON]) -> Answer:
        """Run a command, without a shell. Its output is kept, without secrets."""
        environment = {**os.environ, "BATCHGW_RUN": self._run.id, "BATCHGW_WAVE": str(wave)}
        shown = check.argv[0]
        output = b""
        try:
            with anyio.move_on_after(check.timeout) as time:
                async with await anyio.open_process(
                    check.argv, stdin=PIPE, stdout=PIPE, stderr=STDOUT, env=environment
                ) as process:
                    output = await _spoken(process, json.dumps(dict(summary)).encode())
                    code = await process.wait()
        except OSError as error:
            said = f"the command {shown} cannot be run: {error.strerror or error}"
            return Answer(result=GateResult.FAIL, said=said)
        told = redacted(output.decode("utf-8", "replace")[-LONGEST_OUTPUT:]).strip()
        if time.cancelled_caught:
            said = f"the command {shown} did not end within {duration(check.timeout)}"
            return inconclusive(_with(said, told))
        results = {0: GateResult.PASS, CANNOT_TELL: GateResult.INCONCLUSIVE}
        said = f"the command {shown} ended with exit code {code}"
        return Answer(result=results.get(code, GateResult.FAIL), said=_with(said, told))


def _with(said: str, output: str) -> str:
    return f"{said}: {output}" if output else said


async def _spoken(process: Process, given: bytes) -> bytes:
    """Give a process its input, and read what it says to the end, of which the last part is kept."""
    output = bytearray()

    async def give() -> None:
        if process.stdin is not None:
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # it need not read
                await process.stdin.send(given)
            await process.stdin.aclose()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(give)
        if process.stdout is not None:
            async for part in process.stdout:
                output += part
                del output[: -4 * LONGEST_OUTPUT]
    return bytes(output)
