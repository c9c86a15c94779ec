"""The work of `iam-policy`: from a policy and a verb to a document for IAM, CloudFormation or Terraform."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from batchgw.cli.flags.options import ConnectionFlags, OwnerFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.cli.loading import loaded
from batchgw.cli.output.console import Console
from batchgw.cli.verbs.policies.permission_flags import PermissionFlags
from batchgw.errors import UsageError
from batchgw.model import Policy, Region, Targets
from batchgw.model.fleet.partitions import named_partition, partition
from batchgw.model.shape import JSON
from batchgw.permissions import cloudformation, terraform
from batchgw.permissions.job import Needs, statements
from batchgw.permissions.organization import reading_side
from batchgw.permissions.roles import Chain, trust
from batchgw.permissions.statement import Statement, document

_FORMS = ("trust", "cloudformation", "terraform", "organization")

LONGEST = 6_144
"""Characters of a managed policy, without white space (IAM user guide, quotas)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitting:
    """Which permissions are asked for."""

    files: Sequence[Path]
    selection: SelectionFlags
    owners: OwnerFlags
    connection: ConnectionFlags
    permissions: PermissionFlags
    console: Console

    def document(self) -> str | dict[str, JSON]:
        """Give the document: text, or JSON. Raises PolicyInvalid and UsageError."""
        what = self._what()
        principals = self.permissions.principal
        source = loaded(self.files, self.console)
        targets = chosen_targets(source.policy.targets, self.selection, self.connection)
        policy = source.with_targets(targets)
        match what:
            case "trust":
                return document(trust(Chain.of(targets), self._principals()))
            case "organization":
                names = policy.rules.needs_account or targets.apis.needs_account
                tags = policy.rules.needs_account_tags or targets.apis.needs_account_tags
                return document(reading_side(targets, partition_of(targets), names=names, tags=tags))
            case "cloudformation":
                return cloudformation.template(Chain.of(targets), self._of_role(policy), principals)
            case "terraform":
                return terraform.module(Chain.of(targets), self._of_role(policy), principals)
            case _:
                return document(self._of_role(policy))

    def _of_role(self, policy: Policy) -> tuple[Statement, ...]:
        targets = policy.targets
        found = statements(
            Needs(
                job=self.permissions.job,
                apis=targets.apis,
                reach=policy.rules.reach,
                regions=targets.regions,
                partition=partition_of(targets),
                own_regions=targets.enabled_regions is not None,
                owners=self._asks_owners(policy),
                stages=self.permissions.stages,
                live=policy.rules.live_reach != (),
                live_reach=policy.rules.live_reach,
                rollout=policy.rollout,
            )
        )
        size = sum(not letter.isspace() for letter in str(document(found)))
        if size > LONGEST:
            self.console.warning(
                f"the policy has {size:,} characters, and a managed policy of IAM at most {LONGEST:,}: "
                "select APIs by tags rather than by ids, or put it into the role itself (10,240)."
            )
        return found

    def _asks_owners(self, policy: Policy) -> bool:
        by_flag = self.owners.on_managed is not None
        return by_flag or policy.rules.needs_owner or policy.targets.apis.needs_owner

    def _what(self) -> str:
        """Name the document that is asked for."""
        chosen = [name for name in _FORMS if getattr(self.permissions, name)]
        if len(chosen) > 1:
            raise UsageError(f"--{' and --'.join(chosen)} exclude each other: each prints another document.")
        return chosen[0] if chosen else "role"

    def _principals(self) -> Sequence[str]:
        if not self.permissions.principal:
            raise UsageError(
                "--trust needs --principal ARN: the role or user that runs batchgw, and may assume the role."
            )
        return self.permissions.principal


def partition_of(targets: Targets) -> str:
    """Give the partition of a policy's accounts: that of a role's ARN, else of the regions, else aws.

    Where each account says its regions itself, the region of the environment tells the partition.
    """
    links = (*targets.roles, *targets.organization_roles)
    named = map(named_partition, (targets.role or "", *[each.role for each in links]))
    if found := next(filter(None, named), None):
        return found
    here = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    regions = targets.regions or ((Region(here),) if here else ())
    within = {partition(region) for region in regions}
    return within.pop() if len(within) == 1 else "aws"
