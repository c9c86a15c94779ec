"""Names of scopes and APIs for people.

An API that was named by id and not found has the account "*". An account whose regions nobody can tell has
the region "*".
"""

from __future__ import annotations

from batchgw.model import RestApi, Scope

ANYWHERE = "*"
"""Stands for an account or region that was not given."""


def scope_name(scope: Scope) -> str:
    """Name a scope."""
    return "(not found)" if scope.account == ANYWHERE else str(scope)


def api_name(api: RestApi) -> str:
    """Name an API with its scope, as far as that is known."""
    return "/".join(p for p in (api.scope.account, api.scope.region, api.id) if p != ANYWHERE)
