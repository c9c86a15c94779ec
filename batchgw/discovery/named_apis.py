"""APIs that are named by id: where each may be, and whether it was found there. Nothing is read here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from batchgw.control_plane.operations import UnreadableApi
from batchgw.errors import CallError, ExpressionFailed
from batchgw.model import (
    AccountId,
    ExplicitApi,
    Region,
    RestApi,
    RestApiId,
    Scope,
    Selection,
    Target,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.change import NO_SUCH_API, NOT_A_TARGET

ANY = "*"
"""Stands for an account or region that was not named, in the scope of an API that was not found.

As a region it also stands for all of an account whose regions nobody could tell.
"""


def may_be_in(named: ExplicitApi, scope: Scope) -> bool:
    """Tell whether a named API may be in the scope, which may be a whole account."""
    return named.account in (None, scope.account) and (
        named.region in (None, scope.region) or scope.region == ANY
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Why:
    """Why something was not read: an error's class name and message."""

    code: str
    message: str


def _why(error: CallError | ExpressionFailed) -> _Why:
    return _Why(code=type(error).__name__, message=error.message)


class NamedApis:
    """The APIs a selection names, each of which must be found in one of the scopes.

    One that is found anywhere is not looked for in scopes that cannot be read: an id names one API.
    """

    def __init__(self, selection: Selection) -> None:
        included = (ExplicitApi(id=s.id) for s in selection.include if s.id is not None)
        self._named = tuple(dict.fromkeys((*selection.explicit, *included)))
        self._only = bool(selection.explicit)
        self._ids = frozenset(n.id for n in self._named)
        self._found: dict[RestApiId, set[Scope]] = {}
        self._unlisted: dict[Scope, _Why] = {}
        self._unread: dict[tuple[Scope, RestApiId], _Why] = {}

    def found(self, api: RestApi) -> None:
        """Note an API that is there, whether or not it could be read."""
        if api.id in self._ids:
            self._found.setdefault(api.id, set()).add(api.scope)

    def not_listed(self, scope: Scope, error: CallError | ExpressionFailed) -> None:
        """Note that any API may be in the scope: it was not listed to its end, or one has no id."""
        self._unlisted[scope] = _why(error)

    def not_looked_into(self, unread: UnreadScope) -> None:
        """Note that any API may be in a scope, or in an account, into which nobody could look."""
        self._unlisted[unread.scope] = _Why(code=unread.code, message=unread.message)

    def not_read(self, api: RestApi, error: CallError) -> None:
        """Note that this API may be in its scope: the answer was neither yes nor no."""
        self._unread[api.scope, api.id] = _why(error)

    def odd(self, listed: UnreadableApi) -> bool:
        """Note an API of which the service says something impossible. Returns whether it is a target itself.

        An API without an id may be any that is named and not found. If only named APIs are meant, those are
        the targets, and this one is not.
        """
        if listed.unnamed:
            self.not_listed(listed.api.scope, listed.error)
            return not self._only
        self.found(listed.api)
        return True

    def concerned(self, scope: Scope) -> bool:
        """Whether it matters that the scope could not be listed to its end.

        It does not if only named APIs are meant, and all that may be in it were found.
        """
        return not self._only or any(
            may_be_in(named, scope) and not self._is_found(named) for named in self._named
        )

    def missing(self, scopes: tuple[Scope, ...], targets: tuple[Target, ...]) -> Iterator[UnreadApi]:
        """Give each API that was found in none of the scopes, once, and why.

        `targets` were expected of it.
        """
        given: set[tuple[Scope, RestApiId]] = set()
        for named in self._named:
            if self._is_found(named):
                continue
            scope, code, message = self._why(named, scopes)
            if (scope, named.id) not in given:  # it can be named in two ways
                given.add((scope, named.id))
                api = RestApi(scope=scope, id=named.id)
                yield UnreadApi(api=api, targets=targets, code=code, message=message)

    def _is_found(self, named: ExplicitApi) -> bool:
        return any(may_be_in(named, scope) for scope in self._found.get(named.id, ()))

    def _why(self, named: ExplicitApi, scopes: tuple[Scope, ...]) -> tuple[Scope, str, str]:
        anywhere = Scope(account=named.account or AccountId(ANY), region=named.region or Region(ANY))
        expected = dict.fromkeys((*scopes, *self._unlisted))
        possible = [scope for scope in expected if may_be_in(named, scope)]
        if not possible:
            return anywhere, NOT_A_TARGET, _elsewhere(named)
        errors = {scope: error for scope in possible if (error := self._error(scope, named.id))}
        if not errors:
            looked = str(possible[0]) if len(possible) == 1 else f"any of {len(possible)} account-regions"
            return anywhere, NO_SUCH_API, f"no REST API {named.id} in {looked}"
        scope, error = next(iter(errors.items()))
        if len(errors) == 1:
            return scope, error.code, error.message
        maybe = f"it may be in any of {len(errors)} account-regions that could not be read"
        return anywhere, error.code, f"{maybe}; in {scope}: {error.message}"

    def _error(self, scope: Scope, api: RestApiId) -> _Why | None:
        return self._unlisted.get(scope) or self._unread.get((scope, api))


def _elsewhere(named: ExplicitApi) -> str:
    places = {"account": named.account, "region": named.region}
    where = " in ".join(f"{kind} {name}" for kind, name in places.items() if name)
    return (
        f"{named} is named, but {where} is not among the targets of this run: add it there "
        "(--region, --account, or targets in the policy), or correct the name"
    )
