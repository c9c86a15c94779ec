"""Of two presets that set the same thing, the later wins, which may not be what was meant."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(
    Rule(
        name="preset-conflict",
        severity="warning",
        summary="two presets set the same thing differently; the later wins",
    )
)
def preset_conflict(policy: PolicyView) -> Iterator[Remark]:
    """Tell what a preset sets differently from one before it."""
    for override in policy.overrides:
        yield Remark(
            path=policy.at("use", override.use),
            message=f"this preset sets {override.what} of {', '.join(override.types)} differently from one"
            " before it, and wins; drop one, or say by `types` where this one is meant",
        )
