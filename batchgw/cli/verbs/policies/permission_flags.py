"""The flags of `iam-policy`: which job, and which document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from batchgw.cli.flags.flag import flag, repeatable
from batchgw.permissions.kinds import Job

_WHAT = "What to print"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionFlags:
    """Of which job, and in which form. Without a form it is the role's policy, as JSON."""

    job: Annotated[Job, flag("--for", "The verb.", panel=_WHAT)] = Job.APPLY
    stages: Annotated[bool, flag("--stages", "For `discover --stages`, too.", panel=_WHAT)] = False
    trust: Annotated[bool, flag("--trust", "The role's trust policy.", panel=_WHAT)] = False
    cloudformation: Annotated[
        bool, flag("--cloudformation", "The role as a template for a StackSet.", panel=_WHAT)
    ] = False
    terraform: Annotated[bool, flag("--terraform", "The role as a Terraform module.", panel=_WHAT)] = False
    organization: Annotated[
        bool, flag("--organization", "For whoever reads the organisation.", panel=_WHAT)
    ] = False
    principal: Annotated[
        list[str],
        repeatable(
            "--principal",
            "Who may assume the role; repeatable.",
            metavar="ARN",
            commas=True,
            panel=_WHAT,
        ),
    ] = field(default_factory=list)
