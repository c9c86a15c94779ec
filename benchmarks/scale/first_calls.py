"""How long the event loop is held up by the first call of each service beside API Gateway and STS: `... URL`.

botocore reads a service's model when it is first called, and makes a client of it. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from batchgw.cli.garbage import collect_rarely
from batchgw.control_plane.aws import connect
from batchgw.control_plane.operations.account import ListRegions
from batchgw.control_plane.operations.cloudformation import DescribeStackResources
from batchgw.control_plane.operations.ec2 import DescribeRegions
from batchgw.control_plane.operations.organizations import ListRoots
from batchgw.model import AccountId, Region, Scope
from benchmarks.harness.cores import pin
from benchmarks.scale.server import BASE_ACCOUNT
from benchmarks.scale.timed_loop import STEPS, TimedLoop, figures, shown

HERE = Scope(account=AccountId(BASE_ACCOUNT), region=Region("eu-west-1"))


async def calls(loop: TimedLoop, url: str) -> None:
    """Call each service once, timed after start-up."""
    async with connect(endpoint_url=url) as plane:
        await plane.current_account()
        collect_rarely()
        loop.watch()
        await plane.send(ListRoots(scope=HERE))
        await plane.send(ListRegions(scope=HERE))
        await plane.send(DescribeRegions(scope=HERE))
        await plane.send(DescribeStackResources(scope=HERE, physical_id="a1b2c3d4e5"))
        loop.unwatch()


def main(url: str) -> None:
    """Make the calls, and print what the loop has measured."""
    loop = TimedLoop(connections=False)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(calls(loop, url))
    if os.environ.get(STEPS):
        shown(loop)
    print(json.dumps(figures(loop)))


if __name__ == "__main__":
    pin("client")
    main(sys.argv[1])
