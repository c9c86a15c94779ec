"""A value that is listed twice is probably a slip: another was meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from batchgw.policy.findings import Path, Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.schema.selectors import AccountSelectorSpec
from batchgw.policy.schema.targets import AccountsSpec, EnabledRegionsSpec


@checks(Rule(name="repeated", severity="warning", summary="a value stands twice in a list"))
def repeated(policy: PolicyView) -> Iterator[Remark]:
    """Look for regions and accounts that are listed twice."""
    targets = policy.file.targets
    if isinstance(targets.regions, list):
        yield from _second_times(targets.regions, ("targets", "regions"))
    if isinstance(targets.regions, EnabledRegionsSpec):
        yield from _second_times(targets.regions.exclude, ("targets", "regions", "exclude"))
        yield from _second_times(targets.regions.order, ("targets", "regions", "order"))
    if isinstance(targets.accounts, list):
        yield from _second_times(targets.accounts, ("targets", "accounts"))
    if isinstance(targets.accounts, AccountsSpec):
        if isinstance(targets.accounts.include, list):
            yield from _second_times(targets.accounts.include, ("targets", "accounts", "include"))
        yield from _second_times(targets.accounts.exclude, ("targets", "accounts", "exclude"))


def _second_times(items: Sequence[str | AccountSelectorSpec], path: Path) -> Iterator[Remark]:
    seen = Counter[str]()
    for index, item in enumerate(items):
        if not isinstance(item, str):
            continue
        seen[item] += 1
        if seen[item] == 2:  # noqa: PLR2004 - said once, however often it stands there
            yield Remark(path=(*path, index), message=f"{item} stands in this list already")
