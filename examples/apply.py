"""Bring what a policy selects to it, and see each outcome."""

import anyio

import batchgw


async def main() -> None:
    policy = batchgw.load_policy("policy.yaml").policy
    async with (
        batchgw.connect(profile="audit", region="eu-west-1") as aws,
        batchgw.open_journal() as journal,
    ):
        plane = batchgw.PacedControlPlane(aws)
        with await batchgw.plan(policy, plane=plane) as plan:
            async with batchgw.applying(plan, plane=plane, journal=journal) as run:
                async for outcome in run:
                    print(outcome)
    print(run.summary.arithmetic)


anyio.run(main)
