"""A customised type inherits nothing from its DEFAULT_* family. What it does not repeat, is lost."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import HEADER_PREFIX, Mode, ResponseType, Settings
from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView

_HOLDS_DESPITE = frozenset({"targets", "version"})


@checks(
    Rule(
        name="detached-headers",
        severity="warning",
        summary="a specific type customised without the headers of its DEFAULT_* family",
        holds_despite=_HOLDS_DESPITE,
    )
)
def detached_headers(policy: PolicyView) -> Iterator[Remark]:
    """Look for headers of the family that a type loses."""
    for type_, own, family in _detached(policy):
        kept = {key.lower() for key in own.parameters}
        lost = [key.removeprefix(HEADER_PREFIX) for key in family.parameters if key.lower() not in kept]
        if lost:
            message = (
                f"a customised {type_} inherits nothing from {type_.family}, so it is sent without"
                f" {', '.join(lost)}; repeat what it shall have"
            )
            yield Remark(path=policy.path_of(type_), at_key=True, message=message)


@checks(
    Rule(
        name="detached-template",
        severity="warning",
        summary="a specific type customised without the template of its family",
        holds_despite=_HOLDS_DESPITE,
    )
)
def detached_template(policy: PolicyView) -> Iterator[Remark]:
    """Look for a template of the family that a type loses."""
    for type_, own, family in _detached(policy):
        if family.templates and not own.templates:
            message = (
                f"a customised {type_} inherits nothing from {type_.family}, so its body is the service's"
                " default; repeat the template if that is not the point"
            )
            yield Remark(path=policy.path_of(type_), at_key=True, message=message)


def _detached(policy: PolicyView) -> Iterator[tuple[ResponseType, Settings, Settings]]:
    """Give types that lose what their family has, and both settings. In mode merge a type keeps it."""
    for type_, own in policy.desired.rules.items():
        family = policy.desired.rules.get(type_.family) if type_.family is not None else None
        if own.settings is None or family is None or family.settings is None or own.mode is Mode.MERGE:
            continue
        if policy.touches(type_) or (type_.family is not None and policy.touches(type_.family)):
            yield type_, own.settings, family.settings
