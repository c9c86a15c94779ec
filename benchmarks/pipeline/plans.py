"""A plan for the pipeline and the journal: APIs with five changes each, and before-images of fifty kinds."""

from __future__ import annotations

from batchgw.journal import NewRun
from batchgw.model import (
    AccountId,
    Action,
    Desired,
    GatewayResponse,
    PlannedApi,
    Region,
    ResponseChange,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Settings,
)

TYPES = tuple(ResponseType)[:5]
SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
NEW_RUN = NewRun(verb="apply", policy_source="", policy_digest="", desired=Desired(rules={}))


def planned(number: int, scope: Scope = SCOPE) -> PlannedApi:
    """An API with a change of each of `TYPES`."""
    api = RestApi(
        scope=scope, id=RestApiId(f"{number:010x}"), name=f"orders-{number}", tags={"tier": "public"}
    )
    return PlannedApi(api=api, changes=tuple(change(type_, number % 50) for type_ in TYPES))


def change(type_: ResponseType, kind: int) -> ResponseChange:
    """An update with objects of its own, as when a plan is read from its file."""
    before = Settings(status_code="403", parameters={"gatewayresponse.header.X-Kind": f"'{kind}'"})
    after = Settings(
        status_code="403",
        parameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        templates={"application/json": '{"message":$context.error.messageString}'},
    )
    observed = GatewayResponse(type=type_, settings=before, default_response=False)
    return ResponseChange(type=type_, action=Action.UPDATE, before=observed, after=after)
