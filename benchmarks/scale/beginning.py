"""How long the event loop is held up while thousands of account-regions begin: `... SCOPES URL`.

It plans in accounts with a role and four regions each, in a loop that times every step. Measured is from the
call of `plan` until the APIs of every account-region are listed: roles, listings and first reads. Prints one
line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from batchgw import api
from batchgw.cli.garbage import collect_rarely
from batchgw.control_plane.aws import connect
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.events import ApisListed, Event
from batchgw.model import AccountId, Region, Scope
from benchmarks.fleet.size import ROLE, Size
from benchmarks.harness.cores import pin
from benchmarks.scale.policy import policy
from benchmarks.scale.timed_loop import TimedLoop, figures

STS_RATE = 1_000.0
"""Calls/second to STS: more than a core can make, so nothing spreads the beginning."""


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


async def plan(loop: TimedLoop, scopes: tuple[Scope, ...], url: str) -> None:
    """Plan, timed from its beginning on."""
    async with connect(endpoint_url=url, role=ROLE, sts_rate=STS_RATE) as plane:
        collect_rarely()  # as the command line does when it is set up
        paced = PacedControlPlane(plane, observer=Listed(loop, len(scopes)))
        with tempfile.TemporaryDirectory() as folder:
            loop.watch()
            await api.plan(policy(scopes, types=1), plane=paced, out=Path(folder) / "plan")


def main(number: int, url: str) -> None:
    """Plan in so many account-regions, and print what the loop has measured."""
    size = Size(accounts=number // 4, regions=4, apis=1)
    scopes = tuple(
        Scope(account=AccountId(account), region=Region(region))
        for account in size.account_ids
        for region in size.region_names
    )
    loop = TimedLoop(connections=False)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(plan(loop, scopes, url))
    print(json.dumps(figures(loop)))


if __name__ == "__main__":
    pin("client")
    main(int(sys.argv[1]), sys.argv[2])
