"""Whose status code a plan changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from batchgw.model import Change
from batchgw.model.inheritance import effective
from batchgw.model.response_change import responses
from batchgw.planning.diff import leaves


def status_changes(changes: Iterable[Change]) -> int:
    """Count the response types that answer with another status code once their changes are made.

    What a type inherits after a reset is taken to be the service's default.
    """
    return sum(
        effective(change.type, leaves(change)).status_code
        != effective(change.type, change.before.settings).status_code
        for change in responses(changes)
    )
