"""A customised type inherits nothing from its family, so customising it with nothing still changes it."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import Settings
from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(
    Rule(
        name="empty-response",
        severity="warning",
        summary="a customisation that sets nothing but detaches the type from its family",
        holds_despite=frozenset({"targets", "version"}),
    )
)
def empty_response(policy: PolicyView) -> Iterator[Remark]:
    """Look for types that are customised with nothing."""
    for type_, settings in policy.customised():
        if settings == Settings():
            family = type_.family
            message = "this customises the type with the service's defaults" + (
                f" and so cuts it off from {family}; write `default` to take a customisation away"
                if family
                else ""
            )
            yield Remark(path=policy.path_of(type_), message=message)
