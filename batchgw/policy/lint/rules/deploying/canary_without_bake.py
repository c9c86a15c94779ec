"""Steps of a canary that follow each other at once show nothing: nobody looks between them."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model.deploy import NAME, Deploy
from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.schema.deploy import DeploySpec


@checks(
    Rule(
        name="canary-without-bake",
        severity="warning",
        summary="the steps of a canary follow each other at once",
    )
)
def canary_without_bake(policy: PolicyView) -> Iterator[Remark]:
    """Look for a canary of several steps without a time between them."""
    deploy, said = policy.desired.parts.get(NAME), policy.layer.deploy
    if not isinstance(deploy, Deploy) or not isinstance(said, DeploySpec):
        return
    if len(deploy.canary) > 1 and deploy.bake == 0 and (said.canary or said.bake):
        key = "canary" if said.canary else "bake"
        message = "nothing is watched between the steps of this canary: say how long, as in `bake: 10m`"
        yield Remark(path=policy.at("deploy", key), message=message)
