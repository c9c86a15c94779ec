"""What is not live yet, in one sentence for each ending: batchgw configures, and a deployment makes it live.

Source: the API Gateway developer guide: a changed gateway response takes effect when the API is deployed to a
stage.
"""

from __future__ import annotations

from typing import Final

WRITTEN: Final = "Configured, not live: an API answers with this after its next deployment to a stage."
"""At the end of a run."""

PLANNED: Final = (
    "An apply configures: an API answers with this after its next deployment to a stage, which batchgw does"
    " not make."
)
"""At the end of a plan."""

CHECKED: Final = (
    "Checked is what is configured, not what is live: an API answers with it after its next deployment to a"
    " stage."
)
"""At the end of a check."""
