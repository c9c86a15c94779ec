"""Every call of some runs in virtual time, one JSON line a run: made by the code of the current directory.

    python -P recorded_runs.py '[["alone", 200, 2000]]'

`benchmarks.virtual.same_traces` runs this file with another revision's code too. So it uses only the few
names that every revision of the benchmark has.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import anyio

import batchgw
from batchgw.control_plane.interface import Request, T
from batchgw.errors import CallError
from batchgw.model import AccountId, Scope
from benchmarks.virtual.run import measure
from benchmarks.virtual.scenarios import scenario
from benchmarks.virtual.stage import Stage

if TYPE_CHECKING:  # other revisions do not have these names
    from batchgw.control_plane.interface import Execution
    from benchmarks.virtual.call_log import CallLog

ACCEPTED, REFUSED, FAILED = "accepted", "refused", "failed"


class Call(NamedTuple):
    """One call. Times are virtual seconds, exact; `result` is one of the three words above."""

    left: float
    came_back: float
    region: str
    operation: str
    api: str
    kind: str
    result: str


class Recorder:
    """A control plane that writes down every call. Calls stand in the order in which they came back."""

    def __init__(self, inner: CallLog) -> None:
        self._inner = inner
        self.calls: list[Call] = []

    async def send(self, request: Request[T], *execution: Execution | None) -> T:
        """Pass a call on: with its execution, in the revisions that have one."""
        left, result = anyio.current_time(), FAILED
        try:
            answer = await self._inner.send(request, *execution)
            result = ACCEPTED
        except CallError as error:
            result = REFUSED if error.is_throttle else FAILED
            raise
        finally:
            self._record(request, left, result)
        return answer

    async def current_account(self) -> AccountId:
        """Pass it on."""
        return await self._inner.current_account()

    async def prefetch_credentials(self, scope: Scope) -> None:
        """Have none to prefetch, but let each revision start its tasks for it.

        Trio shuffles the tasks that are due at one moment. With a task more in one revision, it shuffles
        differently there: of several regions under one quota, another one calls first.
        """

    reach = prefetch_credentials  # the name in revisions before 2026-11-30

    def _record(self, request: Request[T], left: float, result: str) -> None:
        api, kind = (str(getattr(request, name, "")) for name in ("api", "type"))
        operation, region = type(request).__name__, str(request.scope.region)
        self.calls.append(Call(left, anyio.current_time(), region, operation, api, kind, result))


class RecordedStage(Stage):
    """A stage whose calls are written down."""

    def begin(self) -> CallLog:
        """Set the service up, and write down what is sent to it."""
        self.recorder = Recorder(super().begin())
        return self.recorder  # type: ignore[return-value]  # it is used as a control plane alone


def record(key: str, calls: int, seed: int) -> Iterator[list[object]]:
    """Make one run. Yields every call, then the run's figures: the neighbour's calls are among them."""
    stage = RecordedStage(scenario(key), calls, seed)
    figures = asdict(measure(stage))
    del figures["cpu"]  # the only one that is not virtual
    yield from map(list, stage.recorder.calls)
    yield [figures]


def main() -> None:
    """Make the runs that are named, in their order."""
    if Path.cwd() not in Path(batchgw.__file__).parents:
        raise SystemExit(f"{batchgw.__file__} is not the code of {Path.cwd()}")
    for key, calls, seed in json.loads(sys.argv[1]):
        print(json.dumps(list(record(key, calls, seed))), flush=True)


if __name__ == "__main__":
    main()
