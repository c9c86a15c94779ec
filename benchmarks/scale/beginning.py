"""How long the event loop is held up while thousands of account-regions begin: `... VERB SCOPES URL FILE...`.

It plans or applies in accounts with a role and four regions each, in a loop that times every step. Measured
is:

- `plan`: from its call until the APIs of every account-region are listed: roles, listings and first reads.
- `apply`: of a saved plan, from its call to the end of its new journal: locks, import, roles, writes, counts.

Prints one line of JSON. `save` makes a plan for that, and measures nothing: what planning leaves in memory is
not there when a saved plan is applied.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from batchgw import api
from batchgw.cli.garbage import collect_rarely
from batchgw.concurrency.time_slices import TimeSlices
from batchgw.control_plane.aws import connect
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.events import ApisListed, Event
from batchgw.journal import open_journal
from batchgw.model import AccountId, Region, Scope
from batchgw.planning.plan_file.plan import Plan
from benchmarks.fleet.size import ROLE, Size
from benchmarks.harness.cores import pin
from benchmarks.scale.policy import policy
from benchmarks.scale.timed_loop import STEPS, TimedLoop, figures, shown

STS_RATE = 1_000.0
"""Calls/second to STS: more than a core can make, so nothing spreads the beginning."""

Scopes = Sequence[Scope]
Measured = Callable[[TimedLoop], Awaitable[None]]


@dataclass(slots=True)
class Listed:
    """An observer that stops the loop's watch when all account-regions are listed."""

    loop: TimedLoop
    left: int

    def notify(self, event: Event) -> None:
        """Count listings that are at their end."""
        if isinstance(event, ApisListed) and event.last_page:
            self.left -= 1
            if not self.left:
                self.loop.unwatch()


async def plan(scopes: Scopes, url: str, loop: TimedLoop) -> None:
    """Plan, timed from its beginning on."""
    async with connect(endpoint_url=url, role=ROLE, sts_rate=STS_RATE) as plane:
        collect_rarely()  # as the command line does when it is set up
        paced = PacedControlPlane(plane, observer=Listed(loop, len(scopes)))
        with tempfile.TemporaryDirectory() as folder:
            loop.watch()
            await api.plan(policy(scopes, types=1), plane=paced, out=Path(folder) / "plan")


async def save(scopes: Scopes, url: str, path: str, _loop: TimedLoop) -> None:
    """Save a plan, not timed."""
    async with connect(endpoint_url=url, role=ROLE, sts_rate=STS_RATE) as plane:
        await api.plan(policy(scopes, types=1), plane=plane, out=path)


async def apply(scopes: Scopes, url: str, path: str, store: str, loop: TimedLoop) -> None:
    """Apply a saved plan, timed from its beginning to the journal's end."""
    saved = Plan.open(path)
    async with (
        connect(endpoint_url=url, role=ROLE, sts_rate=STS_RATE) as plane,
        open_journal(store) as journal,
    ):
        collect_rarely()
        loop.watch()
        summary = await api.apply(saved, plane=plane, journal=journal, recheck=False)
        await TimeSlices().yield_shielded()  # as the command line does before it closes the journal
    loop.unwatch()
    if summary.total.applied != len(scopes):
        raise AssertionError(f"an apply in {len(scopes)} account-regions: {summary.arithmetic}")


def scopes_of(number: int) -> Scopes:
    """Give so many account-regions, four in each account."""
    size = Size(accounts=number // 4, regions=4, apis=1)
    return tuple(
        Scope(account=AccountId(account), region=Region(region))
        for account in size.account_ids
        for region in size.region_names
    )


def main(measured: Measured) -> None:
    """Do something in a timed loop, and print what that has measured, if it did."""
    loop = TimedLoop(connections=False)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(measured(loop))  # type: ignore[arg-type]  # all of them are coroutines
    if os.environ.get(STEPS):
        shown(loop)
    print(json.dumps(figures(loop) if loop.steps else {}))


VERBS: dict[str, Callable[..., Awaitable[None]]] = {"plan": plan, "save": save, "apply": apply}


if __name__ == "__main__":
    pin("client")
    verb, number, *places = sys.argv[1:]
    main(partial(VERBS[verb], scopes_of(int(number)), *places))
