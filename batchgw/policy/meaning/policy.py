"""What policy files mean together: which APIs are meant, and what each of them shall be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from batchgw.model import Policy, RoleLink
from batchgw.model.rollout.rollout import Rollout
from batchgw.policy.meaning.exemptions import exemptions_of
from batchgw.policy.meaning.rollout import rollout_of
from batchgw.policy.meaning.rulebook import LayeredRulebook
from batchgw.policy.meaning.source import Source, chief_of, layers_of
from batchgw.policy.meaning.targets import organization_roles, targets_of


def rulebook_of(sources: Sequence[Source], *, today: date) -> LayeredRulebook:
    """Give what decides what each API shall be. `today` is a day in UTC."""
    return LayeredRulebook(layers_of(sources), exemptions_of(sources), files=len(sources), today=today)


def policy_of(sources: Sequence[Source], rulebook: LayeredRulebook) -> Policy:
    """Give what files mean, the first of which is the weakest."""
    chief = sources[chief_of(sources)]
    targets = targets_of(chief.file, chief.where)
    return Policy(
        desired=rulebook.desired,
        targets=replace(targets, organization_roles=_organization_roles(sources)),
        source=", ".join(source.name for source in sources),
        rulebook=rulebook,
        rollout=_rollout(sources),
    )


def _rollout(sources: Sequence[Source]) -> Rollout | None:
    """Give how the first file that says it is rolled out."""
    for source in sources:
        if source.file.rollout is not None:
            return rollout_of(source.file.rollout, file=source.name)
    return None


def _organization_roles(sources: Sequence[Source]) -> tuple[RoleLink, ...]:
    """Give the roles of the first file that says how the organisation is read."""
    return next(filter(None, (organization_roles(source.file) for source in sources)), ())
