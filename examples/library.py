"""batchgw as a library: plan, look, apply, and follow the outcomes, against the simulated API.

Run it: python examples/library.py    It starts the simulated API in this process and needs no AWS account.
To use it on AWS, leave out `simulated_api` and connect with your profile and region.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import anyio

import batchgw

POLICY = Path(__file__).parent / "policies/cors.yaml"


async def bring_to_policy(server: batchgw.ReadyInfo, journal: Path) -> batchgw.Summary:
    """Apply the policy to every REST API of the server's first account and region."""
    account, region = batchgw.AccountId(server.accounts[0]), batchgw.Region(server.regions[0])
    loaded = batchgw.load_policy(POLICY)
    policy = batchgw.Policy(
        desired=loaded.policy.desired, targets=batchgw.Targets(accounts=(account,), regions=(region,))
    )
    async with (
        batchgw.connect(region=region, endpoint_url=server.endpoint) as aws,
        batchgw.open_journal(str(journal)) as opened,
    ):
        plane = batchgw.PacedControlPlane(aws, pace=batchgw.Pace(rate=10, burst=40))
        with await batchgw.plan(policy, plane=plane) as plan:
            print(f"{plan.totals.total.writes} responses to write in {plan.totals.total.apis} APIs")
            async with batchgw.applying(plan, plane=plane, journal=opened) as run:
                async for outcome in run:
                    print(f"  {type(outcome).__name__:<9} {outcome.api} {outcome.target} {outcome.action}")
            return run.summary


def main() -> None:
    """Serve a small world and bring it to policy."""
    with (
        batchgw.simulated_api(batchgw.ServeOptions(apis=5, accounts=1, regions=1)) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        keys = server.keys[server.accounts[0]]
        os.environ["AWS_ACCESS_KEY_ID"] = keys["access_key_id"]
        os.environ["AWS_SECRET_ACCESS_KEY"] = keys["secret_access_key"]
        summary = anyio.run(bring_to_policy, server, Path(folder) / "journal.db")
    print(summary.arithmetic)


if __name__ == "__main__":
    main()
