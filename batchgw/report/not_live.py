"""What is not live yet, in a sentence for each kind of run: batchgw configures, a deployment makes it live.

Source: the API Gateway developer guide: a changed gateway response takes effect when the API is deployed to a
stage.
"""

from __future__ import annotations

from typing import Final

from batchgw.wording import amount

PLANNED: Final = (
    "An apply configures: an API answers with this after its next deployment to a stage. batchgw does not"
    " deploy."
)
"""At the end of a plan, and before a run is agreed to."""

CHECKED: Final = (
    "Checked is what is configured, not what is live: an API answers with it after its next deployment to a"
    " stage."
)
"""At the end of a check."""


def written(applied: int, noun: str) -> str | None:
    """Give the sentence for the end of a run that applied so many of `noun`; None for none."""
    if not applied:
        return None
    return (
        f"Configured, not live: {amount(applied, noun)}. An API answers with what is configured after"
        " its next deployment to a stage."
    )
