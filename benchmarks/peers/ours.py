"""batchgw itself, as a library, with everything a run has: plan file, limiter, retries, locks, journal.

Two processes, as with `batchgw plan --out` and `batchgw apply --plan`. The second knows nothing that the
first has learned. It sets Python's garbage collector as the command does. Its report counts the puts that
were not applied.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import anyio

import batchgw
from batchgw.cli.garbage import collect_rarely
from batchgw.control_plane.aws.plane import AwsControlPlane
from batchgw.model import (
    AccountId,
    Desired,
    Region,
    ResponseType,
    Rule,
    Settings,
    Targets,
)
from benchmarks.peers.job import Job, Report

PLAN = "puts.plan"


def plan(job: Job) -> Report:
    """Read every API and write the plan. It must have exactly the job's puts."""
    return anyio.run(_plan, job)


def apply(job: Job) -> Report:
    """Apply the plan."""
    return anyio.run(_apply, job)


async def _plan(job: Job) -> Report:
    async with _connected(job) as aws:
        plane = batchgw.PacedControlPlane(aws, pace=_pace(job))
        with await batchgw.plan(_policy(job), plane=plane, out=Path(job.folder) / PLAN) as made:
            writes = made.totals.total.writes
    if writes != job.puts:
        raise RuntimeError(f"the plan has {writes} puts, not {job.puts}: the task is not the same")
    return Report()


async def _apply(job: Job) -> Report:
    folder = Path(job.folder)
    async with _connected(job) as aws:
        collect_rarely()
        plane = batchgw.PacedControlPlane(aws, pace=_pace(job))
        with batchgw.Plan.open(folder / PLAN) as made:
            async with batchgw.open_journal(str(folder / "journal.db")) as journal:
                summary = await batchgw.apply(made, plane=plane, journal=journal, recheck=False)
    given_up: Counter[str] = Counter()
    for reason in summary.reasons:
        given_up[reason.code] += reason.count
    if lost := job.puts - summary.total.applied - summary.total.unchanged - given_up.total():
        given_up["no outcome"] = lost
    return Report(given_up=given_up, note=summary.arithmetic)


def _connected(job: Job) -> AbstractAsyncContextManager[AwsControlPlane]:
    """Connect to the server. Keys come from the environment, as for every AWS tool."""
    os.environ["AWS_ACCESS_KEY_ID"] = job.keys.access_key_id
    os.environ["AWS_SECRET_ACCESS_KEY"] = job.keys.secret_access_key
    return batchgw.connect(region=job.targets[0].region, endpoint_url=job.endpoint, role=job.role)


def _pace(job: Job) -> batchgw.Pace:
    return batchgw.Pace(rate=job.rate, burst=job.burst)


def _policy(job: Job) -> batchgw.Policy:
    """The job's put on every API of its accounts and regions."""
    rule = Rule(settings=Settings.from_json(job.put))
    return batchgw.Policy(
        desired=Desired(rules={ResponseType(job.response_type): rule}),
        targets=Targets(
            accounts=tuple(AccountId(a) for a in dict.fromkeys(t.account for t in job.targets)),
            regions=tuple(Region(r) for r in dict.fromkeys(t.region for t in job.targets)),
            role=job.role,
        ),
    )
