"""The simulated service: operations on a world, by their names and wire parameters.

It answers at once. Quota, latency and faults are the engine's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from batchgw.model import Settings
from batchgw.simulator.operations import (
    deployments,
    export,
    gateway_responses,
    mapping,
    organizations,
    patch,
    resources,
    rest_apis,
    stages,
    sts,
)
from batchgw.simulator.operations.paging import limit
from batchgw.simulator.operations.params import Params, optional_text, require, string_map, text
from batchgw.simulator.reply import Body, Reply, ServiceFault
from batchgw.simulator.world.cell import Cell
from batchgw.simulator.world.customisation import wire
from batchgw.simulator.world.keys import Key
from batchgw.simulator.world.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """An operation's parameters, and all that answering it may need. `now` is seconds since the epoch."""

    world: World
    trust: sts.Trust
    account: str
    region: str
    params: Params
    caller: Key
    now: float

    @property
    def cell(self) -> Cell:
        return self.world.cell(self.account, self.region)

    @property
    def api(self) -> str:
        return text(self.params, "restApiId")


class Service:
    """Answers operations on a world."""

    def __init__(
        self, world: World, *, now: Callable[[], float] = time.time, trust: sts.Trust | None = None
    ) -> None:
        """`now` tells the time in seconds since the epoch, for dates and credentials."""
        self.world = world
        self.now = now
        self.trust = trust or sts.Trust()

    def dispatch(
        self,
        operation: str,
        account: str,
        region: str,
        params: Mapping[str, object],
        *,
        caller: Key | None = None,
    ) -> Reply:
        """Carry out an operation.

        Args:
            operation: AWS's name of it, such as "PutGatewayResponse".
            account: whose credentials signed the call.
            region: the endpoint's.
            params: under botocore's member names ("restApiId", "patchOperations", "RoleArn", ...).
            caller: whose key signed; the account's own when it is not given.

        Raises:
            ServiceFault: the service refuses; UnknownOperationException (404) for what it does not know.
            KeyError: the account is not in the world and no `caller` was given.
        """
        answer = _OPERATIONS.get(operation)
        if answer is None:
            raise ServiceFault(
                "UnknownOperationException", 404, f"Unknown operation: {operation}", modelled=False
            )
        return answer(
            _Asked(
                world=self.world,
                trust=self.trust,
                account=account,
                region=region,
                params=params,
                caller=caller or self.world.keys.long_term(account),
                now=self.now(),
            )
        )


_Answer = Callable[[_Asked], Reply]


def _ok(body: Callable[[_Asked], Body], status: int = 200) -> _Answer:
    return lambda asked: Reply(status=status, body=body(asked))


def _gone(act: Callable[[_Asked], None]) -> _Answer:
    """Deletions are accepted (202) and answered with an empty body."""

    def answer(asked: _Asked) -> Reply:
        act(asked)
        return Reply(status=202)

    return answer


def _list_apis(asked: _Asked) -> Body:
    page = rest_apis.page(
        asked.cell, limit=limit(asked.params), position=optional_text(asked.params, "position")
    )
    out: Body = {"item": [rest_apis.wire(asked.cell, n) for n in page.numbers]}
    if page.position is not None:
        out["position"] = page.position
    return out


def _create_api(asked: _Asked) -> Body:
    return rest_apis.wire(asked.cell, rest_apis.create(asked.cell, asked.params, asked.now))


def _get_gateway_response(asked: _Asked) -> Body:
    kind = mapping.response_type(optional_text(asked.params, "responseType"))
    return wire([gateway_responses.read(asked.cell, asked.api, kind)])[0]


def _get_gateway_responses(asked: _Asked) -> Body:
    cell = asked.cell
    return {"item": cell.customisation(cell.require(asked.api)).wire_items}


def _put_gateway_response(asked: _Asked) -> Body:
    status = optional_text(asked.params, "statusCode")
    kind = mapping.response_type(
        optional_text(asked.params, "responseType"),
        *mapping.status_violations(status, "putGatewayResponseInput.statusCode"),
    )
    settings = Settings(
        status_code=status,
        parameters=string_map(asked.params, "responseParameters"),
        templates=string_map(asked.params, "responseTemplates"),
    )
    return wire([gateway_responses.put(asked.cell, asked.api, kind, settings)])[0]


def _update_gateway_response(asked: _Asked) -> Body:
    operations, violations = patch.parse(asked.params, "updateGatewayResponseInput")
    require(violations)
    kind = mapping.response_type(optional_text(asked.params, "responseType"))
    return wire([gateway_responses.update(asked.cell, asked.api, kind, operations)])[0]


def _delete_gateway_response(asked: _Asked) -> None:
    kind = mapping.response_type(optional_text(asked.params, "responseType"))
    gateway_responses.delete(asked.cell, asked.api, kind)


def _get_stage(asked: _Asked) -> Body:
    detail = asked.cell.detail(asked.cell.require(asked.api))
    return stages.wire(stages.find(detail, text(asked.params, "stageName")))


def _get_deployment(asked: _Asked) -> Body:
    detail = asked.cell.detail(asked.cell.require(asked.api))
    return deployments.wire(deployments.find(detail, text(asked.params, "deploymentId")))


def _get_resource(asked: _Asked) -> Body:
    detail = asked.cell.detail(asked.cell.require(asked.api))
    return resources.wire(resources.find(detail, text(asked.params, "resourceId")))


def _get_export(asked: _Asked) -> Reply:
    document, headers = export.export(asked.cell, asked.params)
    return Reply(status=200, body=document, headers=headers)


_OPERATIONS: Mapping[str, _Answer] = {
    "CreateRestApi": _ok(_create_api, 201),
    "GetRestApi": _ok(lambda a: rest_apis.wire(a.cell, a.cell.require(a.api))),
    "GetRestApis": _ok(_list_apis),
    "DeleteRestApi": _gone(lambda a: a.cell.delete(a.cell.require(a.api))),
    "GetGatewayResponse": _ok(_get_gateway_response),
    "GetGatewayResponses": _ok(_get_gateway_responses),
    "PutGatewayResponse": _ok(_put_gateway_response, 201),
    "UpdateGatewayResponse": _ok(_update_gateway_response),
    "DeleteGatewayResponse": _gone(_delete_gateway_response),
    "GetResources": _ok(lambda a: resources.list_page(a.cell, a.params)),
    "GetResource": _ok(_get_resource),
    "CreateResource": _ok(lambda a: resources.create(a.cell, a.params), 201),
    "DeleteResource": _gone(lambda a: resources.delete(a.cell, a.params)),
    "PutMethod": _ok(lambda a: resources.put_method(a.cell, a.params), 201),
    "GetMethod": _ok(lambda a: resources.get_method(a.cell, a.params)),
    "DeleteMethod": _gone(lambda a: resources.delete_method(a.cell, a.params)),
    "PutMethodResponse": _ok(lambda a: resources.put_method_response(a.cell, a.params), 201),
    "PutIntegration": _ok(lambda a: resources.put_integration(a.cell, a.params), 201),
    "GetIntegration": _ok(lambda a: resources.get_integration(a.cell, a.params)),
    "PutIntegrationResponse": _ok(lambda a: resources.put_integration_response(a.cell, a.params), 201),
    "UpdateIntegrationResponse": _ok(lambda a: resources.update_integration_response(a.cell, a.params)),
    "CreateDeployment": _ok(lambda a: deployments.create(a.cell, a.params, a.now), 201),
    "GetDeployment": _ok(_get_deployment),
    "GetDeployments": _ok(lambda a: deployments.list_page(a.cell, a.params)),
    "DeleteDeployment": _gone(lambda a: deployments.delete(a.cell, a.params)),
    "CreateStage": _ok(lambda a: stages.create(a.cell, a.params, a.now), 201),
    "GetStage": _ok(_get_stage),
    "GetStages": _ok(lambda a: stages.list_all(a.cell, a.params)),
    "UpdateStage": _ok(lambda a: stages.update(a.cell, a.params, a.now)),
    "DeleteStage": _gone(lambda a: stages.delete(a.cell, a.params)),
    "GetExport": _get_export,
    "AssumeRole": _ok(lambda a: sts.assume_role(a.world, a.trust, a.caller, a.params, a.now)),
    "GetCallerIdentity": _ok(lambda a: sts.caller_identity(a.caller)),
    "ListAccounts": _ok(lambda a: organizations.list_accounts(a.world, a.account, a.params)),
    "DescribeOrganization": _ok(lambda a: organizations.describe_organization(a.world)),
}

OPERATIONS = frozenset(_OPERATIONS)
"""Names of what the service answers."""
