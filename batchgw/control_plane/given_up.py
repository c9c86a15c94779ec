"""The scopes in which nothing more is tried, and why; and denials that may yet lead to that."""

from __future__ import annotations

from batchgw.control_plane.advice import for_one_api
from batchgw.control_plane.interface import Request
from batchgw.errors import AccessDenied, ApiDenied, CallError
from batchgw.model import RestApiId, Scope

DENIALS = 3
"""Different APIs of a scope that are denied in a row until the scope is given up.

A policy may deny one API by its id or its tags, and two such APIs may follow one another by chance. Three say
that the permission is missing everywhere; to ask for all 600 would only raise alarms over there.
"""


class GivenUpScopes:
    """Remembers the first error that ended a scope, and answers every later call there with it."""

    def __init__(self) -> None:
        self._errors: dict[Scope, CallError] = {}
        self._denied: dict[tuple[Scope, str], set[RestApiId]] = {}

    def add(self, scope: Scope, error: CallError) -> bool:
        """Give a scope up. Returns whether it was not given up before."""
        return self._errors.setdefault(scope, error) is error

    def judged(self, request: Request[object], error: AccessDenied) -> AccessDenied | ApiDenied:
        """Tell whose denial it is: of one API, or of the scope when it is a listing's or the third in a row.

        Operations are counted apart: who may read all APIs may still not write to any.
        """
        api = request.api_id
        if api is None or request.scope in self._errors:
            return error
        denied = self._denied.setdefault((request.scope, request.operation.name), set())
        denied.add(api)
        return error if len(denied) >= DENIALS else for_one_api(error)

    def allowed(self, request: Request[object]) -> None:
        """Note a call whose answer shows that its caller may make it: denials before it were not in a row."""
        if self._denied:  # asked with every call, mostly of none
            self._denied.pop((request.scope, request.operation.name), None)

    def counts(self, scope: Scope) -> bool:
        """Tell whether denials were met in a scope that may still turn out to be the scope's."""
        return bool(self._denied) and any(where == scope for where, _ in self._denied)

    def forget(self) -> None:
        """Forget all scopes that were given up: a permission may have been given since."""
        self._errors.clear()
        self._denied.clear()

    def why(self, scope: Scope) -> CallError | None:
        """The error that ended the scope, if one did."""
        return self._errors.get(scope) if self._errors else None  # asked with every call, mostly of none

    def check(self, scope: Scope) -> None:
        """Raise an error like the one that ended the scope, if one did: no call is made."""
        error = self.why(scope)
        if error is not None:
            raise error.again(sent=False)
