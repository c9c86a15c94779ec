"""A control plane over a million APIs that takes almost no memory, and shows afterwards what was written.

Everything is calculated from an API's number. Of the writes it keeps one byte for each API and response type.
Quota buckets, latencies and answers are the simulator's. The measured run shares only immutable answers with
it, so the memory that is measured is the run's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import IntEnum
from typing import cast

import anyio

from batchgw.control_plane.classify import classify
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import GetGatewayResponses, GetRestApis, PutGatewayResponse, RestApiPage
from batchgw.errors import CallError
from batchgw.model import (
    HEADER_PREFIX,
    AccountId,
    GatewayResponse,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Settings,
)
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import QuotaRules, Quotas
from batchgw.simulator.world.customisation import customisation
from batchgw.simulator.world.organization.regions import REGIONS
from batchgw.simulator.world.world import account_id

FOREIGN = Settings(status_code="418", parameters={f"{HEADER_PREFIX}X-Origin": "'elsewhere'"})
"""What somebody else has customised before. Every tenth API-type has it."""


class State(IntEnum):
    """What a gateway response is now: the meaning of the byte of an API-type."""

    DEFAULT = 0
    OTHERS = 1  # customised to FOREIGN, before anything was written
    AS_DESIRED = 2
    WRONG = 3  # written, but not what was desired
    TWICE = 4  # written as desired more than once


class CompactPlane:
    """`apis` REST APIs, spread evenly over account-regions.

    Args:
        apis: REST APIs in all.
        accounts: accounts.
        regions: regions of each account, 17 at most.
        desired: the settings that are expected in puts, by type. Only these types can be put.
        quota: the server's buckets.
        latency: how long an answer takes.
    """

    def __init__(
        self,
        *,
        apis: int,
        accounts: int,
        regions: int,
        desired: Mapping[ResponseType, Settings],
        quota: QuotaRules | None = None,
        latency: Latency | None = None,
    ) -> None:
        self.apis = apis
        self.scopes = tuple(
            Scope(account=AccountId(account_id(account)), region=Region(region))
            for account in range(accounts)
            for region in REGIONS[:regions]
        )
        self._number = {scope: n for n, scope in enumerate(self.scopes)}
        self._share, self._rest = divmod(apis, len(self.scopes))
        self._types = tuple(desired)
        self._desired = desired
        self._offset = {t: offset for offset, t in enumerate(self._types)}
        self._states = bytearray(_initial(n) for n in range(apis * len(self._types)))
        self._quotas = Quotas(quota or QuotaRules())
        self._latency = latency or Latency()
        self._answers: dict[bytes, Mapping[ResponseType, GatewayResponse]] = {}
        self._started: float | None = None
        self.calls = 0
        self.refused = 0

    async def send(
        self,
        request: Request[T],
        execution: Execution | None = None,  # noqa: ARG002
    ) -> T:
        """Answer a call after its latency. Raises Throttled, or the CallError of an unknown API."""
        self.calls += 1
        scope = request.scope
        taken = self._quotas.admit(scope.account, scope.region, request.operation.name, self._now())
        await anyio.sleep(self._latency.draw())
        if not taken:
            self.refused += 1
            raise classify("TooManyRequestsException", 429, "Too Many Requests")
        value: object
        match request:
            case GetGatewayResponses():
                value = self._shown(self._api(scope, request.api))
            case PutGatewayResponse():
                value = self._put(self._api(scope, request.api), request.type, request.settings)
            case GetRestApis():
                value = self._page(scope, int(request.position or 0), request.limit)
            case _:
                raise TypeError(f"this plane does not answer {request.operation.name}")
        return cast("T", value)

    async def current_account(self) -> AccountId:
        """The first account."""
        return self.scopes[0].account

    def census(self) -> Counter[State]:
        """Count API-types by their state now, to compare it with the run's own result."""
        return Counter({state: self._states.count(state) for state in State})

    def first(self, scope: Scope) -> int:
        """The number of a scope's first API."""
        n = self._number[scope]
        return n * self._share + min(n, self._rest)

    def count(self, scope: Scope) -> int:
        """How many APIs a scope has."""
        return self._share + (self._number[scope] < self._rest)

    def _now(self) -> float:
        """Seconds since the first call. The buckets begin at 0."""
        now = anyio.current_time()
        if self._started is None:
            self._started = now
        return now - self._started

    def _api(self, scope: Scope, api: RestApiId) -> int:
        number = int(api, 16)
        if not 0 <= number - self.first(scope) < self.count(scope):
            raise _no_such_api(scope, api)
        return number

    def _page(self, scope: Scope, start: int, limit: int) -> RestApiPage:
        first, end = self.first(scope), min(start + limit, self.count(scope))
        return RestApiPage(
            items=tuple(_rest_api(scope, first + n) for n in range(start, end)),
            position=str(end) if end < self.count(scope) else None,
        )

    def _shown(self, number: int) -> Mapping[ResponseType, GatewayResponse]:
        begin = number * len(self._types)
        states = bytes(self._states[begin : begin + len(self._types)])
        found = self._answers.get(states)
        if found is None:
            own = {t: self._settings(t, s) for t, s in zip(self._types, states, strict=True) if s}
            found = self._answers[states] = customisation(own).answers
        return found

    def _settings(self, response_type: ResponseType, state: int) -> Settings:
        """The settings of a customised type. Wrong settings are not kept, so they cannot be shown."""
        assert state != State.WRONG  # noqa: S101 - the final census counts it
        return FOREIGN if state == State.OTHERS else self._desired[response_type]

    def _put(self, number: int, response_type: ResponseType, settings: Settings) -> GatewayResponse:
        index = number * len(self._types) + self._offset[response_type]
        before = self._states[index]
        if settings != self._desired[response_type]:
            self._states[index] = State.WRONG
            return GatewayResponse(type=response_type, settings=settings, default_response=False)
        written = before in (State.AS_DESIRED, State.TWICE)
        self._states[index] = State.TWICE if written else State.AS_DESIRED
        return self._shown(number)[response_type]


def _initial(index: int) -> int:
    return State.OTHERS if index % 10 == 0 else State.DEFAULT


def _rest_api(scope: Scope, number: int) -> RestApi:
    """An API as AWS would list it: each has a name, every third has tags."""
    tags = {"team": f"team-{number % 50}"} if number % 3 == 0 else {}
    return RestApi(
        scope=scope,
        id=RestApiId(f"{number:010x}"),
        name=f"orders-{number}",
        tags=tags,
        endpoint_types=("REGIONAL",),
        created=1_600_000_000.0 + number,
    )


def _no_such_api(scope: Scope, api: RestApiId) -> CallError:
    return classify("NotFoundException", 404, f"Invalid API identifier specified {scope.account}:{api}")
