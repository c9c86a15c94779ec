"""What is not live yet, in a sentence for each kind of run: an apply configures, a deployment makes it live.

Source: the API Gateway developer guide: a changed gateway response takes effect when the API is deployed to a
stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from batchgw.journal import Tally
from batchgw.model import Desired
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.kinds import KINDS
from batchgw.wording import amount

PLANNED: Final = (
    "An apply configures: an API answers with this after its next deployment to a stage. This policy deploys"
    " nothing: `deploy:` names the stages that batchgw makes live."
)
"""At the end of a plan, and before a run is agreed to, where the policy says nothing of stages."""

CHECKED: Final = (
    "Checked is what is configured, not what is live: an API answers with it after its next deployment to a"
    " stage."
)
"""At the end of a check of such a policy."""


def deploys(variants: Iterable[Desired]) -> bool:
    """Tell whether any of the things that APIs shall be says something of their stages."""
    return any(STAGE in desired.parts for desired in variants)


def written(by_kind: Mapping[str, Tally]) -> str | None:
    """Give the sentence for the end of a run, from its targets by kind; None where nothing is to be said."""
    stages = by_kind.get(STAGE)
    if stages is not None:
        left = stages.failed + stages.held + stages.not_attempted + stages.undecided
        return f"Not live: {amount(left, KINDS[STAGE].counted)}; the reasons are above." if left else None
    of_run = {kind: tally for kind, tally in by_kind.items() if tally.applied}
    if not of_run:
        return None
    noun = KINDS[next(iter(of_run))].counted if len(of_run) == 1 else "target"
    applied = sum(tally.applied for tally in of_run.values())
    return (
        f"Configured, not live: {amount(applied, noun)}. An API answers with what is configured after"
        " its next deployment to a stage."
    )
