"""Outcomes of single APIs that are held back while they may concern the whole scope.

When one or two APIs are denied, they have failed. When a third follows in a row, the permission is missing in
the whole scope: nothing is wrong with the first two, so they are not attempted, and a resume takes them up.
All of the scope then has one reason, that of the third: what else was denied there says the same of others.

When one API is gone, it was deleted since it was planned, and is skipped. When no API of a scope is found,
somebody may have deleted them all; but more likely the calls go to another account or endpoint than the
plan's. So they are not attempted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeGuard

from batchgw.errors import AccessDenied, ApiDenied, ApiNotFound, CallError
from batchgw.execution.writing.writer import CHANGED_MEANWHILE
from batchgw.journal import PendingChange
from batchgw.model import Applied, Failed, NotAttempted, Outcome, Scope, Skipped
from batchgw.model.change import ALL_GONE, all_gone, codes

_DENIALS = codes(AccessDenied, lambda _error: True)
"""Codes of changes that were not attempted because their scope is denied."""

REACHED = codes(CallError, lambda error: error.reached_api) | {CHANGED_MEANWHILE}
"""Codes of changes that failed although their API is there."""

Decide = Callable[[PendingChange, Outcome], None]


def is_denial(outcome: Outcome) -> TypeGuard[Failed]:
    """Tell whether a change failed because its API is denied."""
    return isinstance(outcome, Failed) and outcome.code == ApiDenied.__name__


def is_gone(outcome: Outcome) -> TypeGuard[Skipped]:
    """Tell whether a change was skipped because its API is gone."""
    return isinstance(outcome, Skipped) and outcome.code == ApiNotFound.__name__


class HeldOutcomes:
    """Passes outcomes on to `decide`. It holds those back that may concern the whole scope.

    `why_given_up` and `counts_denials` are those of a `PacedControlPlane`. `found_in` are scopes in which
    APIs of the plan are known to be there.
    """

    def __init__(
        self,
        why_given_up: Callable[[Scope], CallError | None],
        counts_denials: Callable[[Scope], bool],
        decide: Decide,
        *,
        found_in: Collection[Scope] = (),
    ) -> None:
        self._why_given_up = why_given_up
        self._counts_denials = counts_denials
        self._decide = decide
        self._found_in = set(found_in)
        self._held: dict[Scope, list[tuple[PendingChange, Failed | Skipped]]] = {}

    def take(self, pending: PendingChange, outcome: Outcome) -> None:
        """Take an outcome, and decide those that are now known to concern their API alone.

        A denial concerns its API alone once another call of its kind was allowed; an API that is gone, once
        another API was found. A call that failed on its way shows neither.
        """
        scope = outcome.api.scope
        if is_denial(outcome) or (is_gone(outcome) and scope not in self._found_in):
            self._held.setdefault(scope, []).append((pending, outcome))
            return
        if isinstance(outcome, Applied) or (isinstance(outcome, Failed) and outcome.code in REACHED):
            self._found_in.add(scope)
        if scope in self._held:
            self._release(scope)
        given_up = self._why_given_up(scope)
        if (
            isinstance(given_up, AccessDenied)
            and isinstance(outcome, NotAttempted)
            and outcome.code in _DENIALS
        ):  # it was under way when its scope was given up: its own denial is not told beside the scope's
            outcome = _not_attempted(outcome, type(given_up).__name__, given_up.message)
        self._decide(pending, outcome)

    def end_scope(self, scope: Scope) -> None:
        """Decide what is held back of a scope, for which no more outcomes will come."""
        held = self._held.pop(scope, [])
        given_up = self._why_given_up(scope)
        gone = {outcome.api.id for _, outcome in held if is_gone(outcome)}
        lost = scope not in self._found_in and all_gone(len(gone))
        for pending, outcome in held:
            if is_denial(outcome) and isinstance(given_up, AccessDenied):
                self._decide(pending, _not_attempted(outcome, type(given_up).__name__, given_up.message))
            elif is_gone(outcome) and lost:
                self._decide(pending, _not_attempted(outcome, ALL_GONE, lost))
            else:
                self._decide(pending, outcome)

    def _release(self, scope: Scope) -> None:
        """Decide what is held back of a scope and cannot concern all of it any more."""
        denials_count = self._counts_denials(scope) or self._why_given_up(scope) is not None
        still: list[tuple[PendingChange, Failed | Skipped]] = []
        for pending, outcome in self._held.pop(scope):
            if denials_count if is_denial(outcome) else scope not in self._found_in:
                still.append((pending, outcome))
            else:
                self._decide(pending, outcome)
        if still:
            self._held[scope] = still


def _not_attempted(outcome: Failed | Skipped | NotAttempted, code: str, message: str) -> NotAttempted:
    return NotAttempted(
        api=outcome.api,
        target=outcome.target,
        action=outcome.action,
        code=code,
        message=message,
        effort=outcome.effort,
    )
