"""The scopes in which nothing more is tried, and why."""

from __future__ import annotations

from batchgw.errors import CallError
from batchgw.model import Scope


class CondemnedScopes:
    """Remembers the first error that condemned a scope, and answers every later call there with it."""

    def __init__(self) -> None:
        self._errors: dict[Scope, CallError] = {}

    def add(self, scope: Scope, error: CallError) -> bool:
        """Condemn a scope. Returns whether it was not condemned before."""
        return self._errors.setdefault(scope, error) is error

    def forget(self) -> None:
        """Start anew: a permission may have been given since."""
        self._errors.clear()

    def why(self, scope: Scope) -> CallError | None:
        """The error that condemned the scope, if one did."""
        return self._errors.get(scope) if self._errors else None  # asked with every call, mostly of none

    def check(self, scope: Scope) -> None:
        """Raise an error like the one that condemned the scope, if one did: no call is made."""
        error = self.why(scope)
        if error is not None:
            again = error.again()
            again.sent = False
            raise again
