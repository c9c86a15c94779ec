"""Stages may stand on different deployments on purpose: test first, then prod."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.schema.deploy import DeploySpec


@checks(Rule(name="every-stage", severity="warning", summary="every stage of an API is made live"))
def every_stage(policy: PolicyView) -> Iterator[Remark]:
    """Look for globs that match every stage."""
    said = policy.layer.deploy
    for index, stage in enumerate((said.stages or ()) if isinstance(said, DeploySpec) else ()):
        if stage and not stage.strip("*"):
            message = (
                "this moves every stage to the newest deployment, also those that stand on an older one on"
                " purpose; name the stages that are meant"
            )
            yield Remark(path=policy.at("deploy", "stages", index), message=message)
