"""The policy of the benchmarks of size: the same settings for a number of response types."""

from __future__ import annotations

from collections.abc import Iterable

from batchgw.model import (
    DEFAULT_TEMPLATES,
    HEADER_PREFIX,
    Desired,
    Policy,
    ResponseType,
    Rule,
    Scope,
    Settings,
    Targets,
)

SETTINGS = Settings(
    parameters={
        f"{HEADER_PREFIX}Access-Control-Allow-Origin": "'*'",
        f"{HEADER_PREFIX}Access-Control-Allow-Headers": "'*'",
    },
    templates=DEFAULT_TEMPLATES,
)
"""The settings of every type: the headers that browsers need."""


def desired(types: int) -> Desired:
    """A rule for each of the first `types` response types."""
    return Desired(rules={kind: Rule(settings=SETTINGS) for kind in tuple(ResponseType)[:types]})


def policy(scopes: Iterable[Scope], types: int) -> Policy:
    """A policy for these scopes: every account among them, in every region among them."""
    targets = tuple(scopes)
    return Policy(
        desired=desired(types),
        targets=Targets(
            accounts=tuple(dict.fromkeys(scope.account for scope in targets)),
            regions=tuple(dict.fromkeys(scope.region for scope in targets)),
        ),
    )
