"""A policy that asks for nothing is probably unfinished, and a run with it would seem to succeed."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark
from batchgw.policy.form_rules import EMPTY, EMPTY_POLICY
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(EMPTY_POLICY)
def empty_policy(policy: PolicyView) -> Iterator[Remark]:
    """Look whether anything at all can change."""
    asks = policy.desired.of_responses or policy.desired.parts or policy.file.rules
    if policy.is_top and not asks:
        yield Remark(path=(), message=EMPTY)
