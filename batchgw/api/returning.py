"""The verb that plans the way back of a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from batchgw.concurrency.pool import unwrapped
from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.stack import Pace
from batchgw.events import Observer
from batchgw.execution.reading.taking_back import Meant, plan_back
from batchgw.execution.running.run import ended_run
from batchgw.execution.session import session
from batchgw.journal import JSON, Journal
from batchgw.model import ExplicitApi
from batchgw.planning.plan_file.plan import Plan


async def rollback(
    run: str,
    *,
    plane: ControlPlane,
    journal: Journal,
    wave: int | None = None,
    apis: Collection[ExplicitApi] | None = None,
    failed: bool = False,
    force: bool = False,
    redeploy: bool = False,
    out: str | Path | None = None,
    options: Mapping[str, JSON] | None = None,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> Plan:
    """Plan the way back of a run: whatever it has made is to be as it was before. Nothing is written yet.

    `apply` carries the plan out as a run of its own, which `resume`, `retry` and `rollback` know.
    What the run has made is found in the journal, and each API is read once. A target that is as before
    needs nothing. One that is as the run left it goes back; what was at its default is reset, never written
    out. One that somebody else has changed since is held: it is left alone, unless `force`.

    A stage goes back to the deployment that it showed before, first of all changes of its API and without a
    new snapshot. Where that does not exist any more, or somebody has moved the stage since, only responses go
    back, and the stage is held as configured back, not live. With `redeploy` a new snapshot of the API is
    made live there instead.

    `wave`, `apis` and `failed` choose APIs of the run: those of a wave, those named, those in which something
    has failed. `out` is as in `plan`. A run with waves goes back in waves, the last one first. Once a wave or
    all of a run goes back, nobody goes on with it: what was left of it is skipped (`TakenBack`).

    Raises RunUnknown; ScopeLocked for a run that is under way; UsageError for one that never had a plan, and
    for `apis` that it has not touched; and Stopped.
    """
    meant = Meant(wave=wave, apis=apis, failed=failed, force=force, redeploy=redeploy)
    record = await ended_run(journal, run)
    with session(plane, pace, observer, stop) as paced, unwrapped():
        return await plan_back(record, meant, paced, journal, out=out, options=options)
