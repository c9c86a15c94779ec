"""A policy that asks for nothing is probably unfinished, and a run with it would seem to succeed."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(
    Rule(
        name="empty-policy",
        severity="error",
        summary="the policy asks for nothing",
        holds_despite=frozenset({"targets", "version"}),
    )
)
def empty_policy(policy: PolicyView) -> Iterator[Remark]:
    """Look whether anything at all can change."""
    asks = policy.desired.of_responses or policy.desired.parts or policy.file.rules
    if policy.is_top and not asks:
        yield Remark(
            path=(),
            message="the policy asks for nothing: name response types under `responses`, or presets under"
            " `use`",
        )
