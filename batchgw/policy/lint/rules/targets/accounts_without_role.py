"""Credentials reach their own account only. For any other, a role must be assumed."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model.fleet.targets import CURRENT
from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(
    Rule(
        name="accounts-without-role",
        severity="warning",
        summary="accounts are listed, but no role to reach them",
        holds_despite=frozenset({"responses", "use", "mode", "unlisted", "version", "wherever_customised"}),
    )
)
def accounts_without_role(policy: PolicyView) -> Iterator[Remark]:
    """Look for accounts beside `current` where no role is named."""
    targets = policy.file.targets
    accounts = targets.accounts if isinstance(targets.accounts, list) else [targets.accounts]
    if any(account != CURRENT for account in accounts) and targets.role is None:
        message = (
            "accounts are listed without a `role` to reach them: only the account of the credentials"
            " will work"
        )
        yield Remark(path=("targets", "accounts"), at_key=True, message=message)
