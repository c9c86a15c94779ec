"""A selector that no API can match is a slip: what it was to do is not done, and nobody hears of it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from batchgw.model import Selector
from batchgw.policy.findings import Path, Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.meaning.disjoint import disjoint, is_empty
from batchgw.policy.meaning.selectors import selector_of


@checks(Rule(name="never-matches", severity="warning", summary="a rule or exemption that can match no API"))
def never_matches(policy: PolicyView) -> Iterator[Remark]:
    """Look for selectors whose words contradict each other, or the targets."""
    if not policy.is_top:
        return
    specs = [(("rules", n, "match"), rule.match) for n, rule in enumerate(policy.file.rules)]
    specs += [(("exemptions", n, "match"), each.match) for n, each in enumerate(policy.file.exemptions)]
    for path, spec in specs:
        for step, why in _contradictions(policy, selector_of(spec, "")):
            yield Remark(path=(*path, *step), message=f"this matches no API: {why}")
            break


def _contradictions(policy: PolicyView, match: Selector) -> Iterator[tuple[Path, str]]:
    targets = policy.file.targets
    if match.created is not None and is_empty(match.created):
        yield ("created",), f"nothing is created {match.created}"
    regions = targets.regions if isinstance(targets.regions, list) else []
    if match.region is not None and regions and not fnmatch.filter(regions, match.region):
        yield ("region",), f"the targets are in {', '.join(regions)}"
    if match.account is not None and match.account.isdigit() and isinstance(targets.accounts, list):
        ids = [each for each in targets.accounts if isinstance(each, str) and each.isdigit()]
        if len(ids) == len(targets.accounts) and match.account not in ids:
            yield ("account",), "that account is not among the targets"
    include = [selector_of(each, "") for each in targets.apis.include or ()]
    if include and all(disjoint(match, each) for each in include):
        yield (), f"the targets are those with {' or '.join(map(str, include))}"
    if match in [selector_of(each, "") for each in targets.apis.exclude]:
        yield (), "the targets exclude exactly those"
