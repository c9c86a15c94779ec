"""Every rule. Those of lint are found by listing the folder `rules`, so a new one is a new file there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import walk_packages

from batchgw.policy.findings import Finding, Rule
from batchgw.policy.form_rules import FORM_RULES
from batchgw.policy.lint import rules
from batchgw.policy.lint.check import Check
from batchgw.policy.lint.view import PolicyView


@cache
def all_checks() -> tuple[Check, ...]:
    """Give the checks of all files in `rules`, in the order of the files' names."""
    names = sorted(module.name for module in walk_packages(rules.__path__, f"{rules.__name__}."))
    values = (value for name in names for value in vars(import_module(name)).values())
    return tuple(value for value in values if isinstance(value, Check))


def all_rules() -> Mapping[str, Rule]:
    """Give every rule by its name, in the order of the names."""
    found = (*FORM_RULES.values(), *(check.rule for check in all_checks()))
    return {rule.name: rule for rule in sorted(found, key=lambda rule: rule.name)}


def lint(policy: PolicyView) -> Iterator[Finding]:
    """Give everything that the rules say about a policy."""
    for check in all_checks():
        yield from check.findings(policy)
