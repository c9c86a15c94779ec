"""A control plane that answers from two tables: pages of REST APIs, and errors in place of answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import GetGatewayResponses, GetRestApis, RestApiPage
from batchgw.errors import ApiNotFound, CallError
from batchgw.model import (
    AccountId,
    GatewayResponse,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Settings,
)

DUBLIN = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
OHIO = Scope(account=AccountId("111111111111"), region=Region("us-east-2"))
TOKYO = Scope(account=AccountId("222222222222"), region=Region("ap-northeast-1"))

FOR_EVER = 1_000
"""Calls that no test here needs."""

DEFAULTS = {t: GatewayResponse(type=t, settings=Settings(), default_response=True) for t in ResponseType}


def api(name: str, scope: Scope = DUBLIN, *, exempt: bool = False) -> RestApi:
    tags = {"exempt": "true"} if exempt else {}
    return RestApi(scope=scope, id=RestApiId(name), name=f"the {name}", tags=tags)


class ListedApis:
    """The service.

    Args:
        pages: the answer to each (scope, position), None being the first: its APIs and the next position.
        there: APIs that can be read; others are not found. None means those in `pages`.
        refused: errors for a scope, whatever is asked there, or for reading one API in it.
    """

    def __init__(
        self,
        pages: Mapping[tuple[Scope, str | None], tuple[Collection[RestApi], str | None]] | None = None,
        *,
        there: Collection[RestApi] | None = None,
        refused: Mapping[Scope | tuple[Scope, str], CallError] | None = None,
    ) -> None:
        self.pages = pages or {}
        listed = [each for items, _ in self.pages.values() for each in items]
        self.there = {(a.scope, a.id) for a in (listed if there is None else there)}
        self.refused = refused or {}
        self.asked: list[Request[object]] = []

    async def current_account(self) -> AccountId:
        return DUBLIN.account

    async def send(
        self,
        request: Request[T],
        execution: Execution | None = None,  # noqa: ARG002
    ) -> T:
        self.asked.append(request)
        assert len(self.asked) < FOR_EVER, "it never ends"
        if request.scope in self.refused:
            raise self.refused[request.scope].again()
        return cast("T", self._value(request))

    def listings(self, scope: Scope) -> int:
        """How often a page of the scope was asked for."""
        return sum(isinstance(r, GetRestApis) and r.scope == scope for r in self.asked)

    def _value(self, request: Request[T]) -> object:
        if isinstance(request, GetRestApis):
            items, position = self.pages.get((request.scope, request.position), ((), None))
            return RestApiPage(items=tuple(items), position=position)
        assert isinstance(request, GetGatewayResponses)
        if error := self.refused.get((request.scope, request.api)):
            raise error.again()
        if (request.scope, request.api) not in self.there:
            raise ApiNotFound(f"no {request.api} here")
        return DEFAULTS
