"""`current` is an account without an id until the run begins; the organisation knows its accounts by ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchgw.model.fleet.targets import CURRENT
from batchgw.policy.findings import Path, Remark
from batchgw.policy.form_rules import SCHEMA
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.meaning.targets import is_id
from batchgw.policy.schema.selectors import AccountSelectorSpec
from batchgw.policy.schema.targets import AccountsSpec


@checks(SCHEMA)
def current_among(policy: PolicyView) -> Iterator[Remark]:
    """Look for `current` beside OUs and selectors of accounts."""
    accounts = policy.file.targets.accounts
    if isinstance(accounts, AccountsSpec):
        if isinstance(accounts.include, list):
            yield from _current(accounts.include, ("targets", "accounts", "include"))
        yield from _current(accounts.exclude, ("targets", "accounts", "exclude"))
    elif isinstance(accounts, list) and not all(map(is_id, accounts)):
        yield from _current(accounts, ("targets", "accounts"))


def _current(items: Sequence[str | AccountSelectorSpec], path: Path) -> Iterator[Remark]:
    for index, item in enumerate(items):
        if item == CURRENT:
            message = "`current` cannot stand among accounts of the organisation: write the account's id"
            yield Remark(path=(*path, index), message=message)
