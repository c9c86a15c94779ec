"""Peak memory of plan and apply over many simulated APIs, in one process and in virtual time.

    python benchmarks/memory.py [--apis 100000]

The simulated world is in the same process, so the figures include it; its part is printed. Memory is the
resident set that the kernel reports. Goal: under 300 MB for 100,000 APIs.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import trio.testing

from batchgw import api
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.journal import open_journal
from batchgw.model import AccountId, Policy, Region, Targets
from batchgw.policy.loader import load_policy
from batchgw.simulator.plane import simulate
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import QuotaRules
from batchgw.simulator.world.world import World

GOAL = 300.0  # MB
ACCOUNTS, REGIONS = 20, 10
POLICY = Path(__file__).parent.parent / "examples/policies/demo.yaml"


def resident() -> float:
    """Megabytes resident now."""  # not from benchmarks.harness: this file also runs as a script
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def peak() -> float:
    """Megabytes resident at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Print what a stage took: real seconds, virtual seconds, memory now and its peak (MB)."""
    began, virtual = time.perf_counter(), anyio.current_time()
    yield
    print(
        f"{name:<8}{time.perf_counter() - began:>10.1f}{anyio.current_time() - virtual:>12,.0f}"
        f"{resident():>10.0f}{peak():>10.0f}",
        flush=True,
    )


def policy(world: World) -> Policy:
    """The demo's policy, for every account and region of the world."""
    return Policy(
        desired=load_policy(POLICY).policy.desired,
        targets=Targets(
            accounts=tuple(AccountId(a) for a in world.accounts),
            regions=tuple(Region(r) for r in world.regions),
        ),
    )


async def measure(apis: int) -> float:
    """Plan and apply. Gives the peak in MB."""
    before = resident()
    world = World.generate(apis=apis, accounts=ACCOUNTS, regions=REGIONS, seed=7)
    print(
        f"{apis:,} APIs in {ACCOUNTS * REGIONS} account-regions; the world takes {resident() - before:.0f} MB"
    )
    print(f"{'stage':<8}{'real s':>10}{'virtual s':>12}{'MB now':>10}{'MB peak':>10}")
    plane = PacedControlPlane(simulate(world, quota=QuotaRules(), latency=Latency()))
    with tempfile.TemporaryDirectory() as folder:
        with stage("plan"):
            plan = await api.plan(policy(world), plane=plane, out=Path(folder) / "plan")
        with stage("apply"):
            async with open_journal(str(Path(folder) / "journal.db")) as journal:
                summary = await api.apply(plan, plane=plane, journal=journal)
        print(f"        {summary.arithmetic}")
    if summary.exit_code != 0 or not summary.proves:
        sys.exit(f"the run did not end well: exit code {summary.exit_code}")
    return peak()


def main() -> None:
    """Measure, print, and exit 1 when the goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--apis", type=int, default=100_000)
    apis = parser.parse_args().apis
    clock = trio.testing.MockClock(autojump_threshold=0)
    most = anyio.run(measure, apis, backend="trio", backend_options={"clock": clock})
    verdict = "within" if most <= GOAL else "OVER"
    print(f"peak {most:.0f} MB, {verdict} the goal of {GOAL:.0f} MB")
    sys.exit(most > GOAL)


if __name__ == "__main__":
    main()
