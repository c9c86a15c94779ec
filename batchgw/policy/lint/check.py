"""What a file in `rules` defines: a rule, and the function that looks for what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from batchgw.policy.findings import Finding, Remark, Rule
from batchgw.policy.lint.view import PolicyView

Find = Callable[[PolicyView], Iterator[Remark]]
"""A pure function: a policy in, a remark for each place that breaks the rule out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A rule, and the function that looks for what breaks it."""

    rule: Rule
    find: Find

    def findings(self, policy: PolicyView) -> Iterator[Finding]:
        """Give a finding for each place in a policy that breaks the rule."""
        for remark in self.find(policy):
            yield Finding(rule=self.rule, path=remark.path, message=remark.message, at_key=remark.at_key)


def checks(rule: Rule) -> Callable[[Find], Check]:
    """Make a function the check of a rule (a decorator)."""
    return lambda find: Check(rule=rule, find=find)
