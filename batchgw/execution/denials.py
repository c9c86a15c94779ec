"""Denials of single APIs, held until it is known whether they were the scope's.

Two APIs that are denied may be the only ones, and have failed then. When a third follows in a row, the
permission is missing in the whole scope: nothing was wrong with these two, and a resume takes them up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

from batchgw.control_plane.condemned import CondemnedScopes
from batchgw.errors import AccessDenied, ApiDenied
from batchgw.journal import PendingChange
from batchgw.model import Applied, Failed, NotAttempted, Outcome, Scope

Decide = Callable[[PendingChange, Outcome], None]


def is_denial(outcome: Outcome) -> TypeGuard[Failed]:
    """Tell whether a change failed because its API is denied."""
    return isinstance(outcome, Failed) and outcome.code == ApiDenied.__name__


class HeldDenials:
    """Passes outcomes on to `decide`, denials of single APIs not before it is known what they are."""

    def __init__(self, condemned: CondemnedScopes, decide: Decide) -> None:
        self._condemned = condemned
        self._decide = decide
        self._held: dict[Scope, list[tuple[PendingChange, Failed]]] = {}

    def take(self, pending: PendingChange, outcome: Outcome) -> None:
        """Take an outcome. A success tells that what was denied before it was denied alone."""
        scope = outcome.api.scope
        if is_denial(outcome):
            self._held.setdefault(scope, []).append((pending, outcome))
            return
        if self._held and isinstance(outcome, Applied):
            self.settle(scope)
        self._decide(pending, outcome)

    def settle(self, scope: Scope) -> None:
        """Decide what is held of a scope, by whether it was given up for want of a permission."""
        given_up = isinstance(self._condemned.why(scope), AccessDenied)
        for pending, outcome in self._held.pop(scope, ()):
            self._decide(pending, _of_scope(outcome) if given_up else outcome)


def _of_scope(outcome: Failed) -> NotAttempted:
    return NotAttempted(
        api=outcome.api,
        type=outcome.type,
        action=outcome.action,
        code=AccessDenied.__name__,
        message=outcome.message,
        effort=outcome.effort,
    )
