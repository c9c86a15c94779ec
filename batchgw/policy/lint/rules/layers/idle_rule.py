"""A rule that changes nothing is a slip, or left over."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(Rule(name="idle-rule", severity="warning", summary="a rule that changes nothing"))
def idle_rule(policy: PolicyView) -> Iterator[Remark]:
    """Look for rules that say what holds already, or nothing at all."""
    if policy.idle:
        message = "this rule changes nothing of what the layers before it say; say what differs, or remove it"
        yield Remark(path=policy.layer.path, message=message)
