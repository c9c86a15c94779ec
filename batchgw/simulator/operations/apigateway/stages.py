"""Create, read, list, update and delete stages: the names under which deployments are served."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy

from batchgw.simulator.operations.apigateway.deployments import existing
from batchgw.simulator.operations.apigateway.patch import parse
from batchgw.simulator.operations.apigateway.stage_patch import apply
from batchgw.simulator.operations.operation import Operation, accepts, answers
from batchgw.simulator.operations.params import (
    decimal,
    flag,
    optional_text,
    require,
    string_map,
    structure,
    text,
)
from batchgw.simulator.reply import Body, Params, bad_request, conflict, not_found
from batchgw.simulator.world.api_state import Canary, Detail, Stage
from batchgw.simulator.world.scope_apis import ScopeApis


def wire(stage: Stage) -> Body:
    """Render a stage as JSON."""
    optional: Body = {
        "description": stage.description,
        "variables": dict(stage.variables) or None,
        "documentationVersion": stage.documentation_version,
        "cacheClusterSize": stage.cache_cluster_size,
        "clientCertificateId": stage.client_certificate,
        "accessLogSettings": dict(stage.access_log) or None,
        "canarySettings": None if stage.canary is None else _wire_canary(stage.canary),
        "tags": dict(stage.tags) or None,
    }
    return {
        "stageName": stage.name,
        "deploymentId": stage.deployment,
        "cacheClusterEnabled": stage.cache_cluster_enabled,
        "cacheClusterStatus": "AVAILABLE" if stage.cache_cluster_enabled else "NOT_AVAILABLE",
        "methodSettings": {path: dict(s) for path, s in stage.method_settings.items()},
        "tracingEnabled": stage.tracing,
        "createdDate": int(stage.created),
        "lastUpdatedDate": int(stage.updated),
        **{k: v for k, v in optional.items() if v is not None},
    }


def _wire_canary(canary: Canary) -> Body:
    out: Body = {
        "deploymentId": canary.deployment,
        "percentTraffic": canary.percent,
        "useStageCache": canary.use_stage_cache,
    }
    if canary.overrides:
        out["stageVariableOverrides"] = dict(canary.overrides)
    return out


def get(apis: ScopeApis, params: Params) -> Body:
    """Answer a stage by its name."""
    detail = apis.detail(apis.require(text(params, "restApiId")))
    return wire(find(detail, text(params, "stageName")))


def find(detail: Detail, name: str) -> Stage:
    """Give the stage of a name."""
    if name not in detail.stages:
        raise not_found("Invalid stage identifier specified")
    return detail.stages[name]


def list_all(apis: ScopeApis, params: Params) -> Body:
    """Give all stages of an API, or those that serve one deployment. There are no pages."""
    stages = apis.detail(apis.require(text(params, "restApiId"))).stages.values()
    deployment = optional_text(params, "deploymentId")
    return {"item": [wire(s) for s in stages if deployment in (None, s.deployment)]}


def create(apis: ScopeApis, params: Params, now: float) -> Body:
    """Serve a deployment under a new name."""
    number = apis.require(text(params, "restApiId"))
    detail = apis.detail(number)
    name = text(params, "stageName")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name):
        raise bad_request("Stage name only allows a-zA-Z0-9_-")
    if name in detail.stages:
        raise conflict("Stage already exists")
    stage = Stage(
        name=name,
        deployment=existing(detail, text(params, "deploymentId")),
        created=now,
        updated=now,
        description=optional_text(params, "description"),
        variables=string_map(params, "variables"),
        canary=_canary(detail, params),
        documentation_version=optional_text(params, "documentationVersion"),
        tracing=bool(flag(params, "tracingEnabled")),
        cache_cluster_enabled=bool(flag(params, "cacheClusterEnabled")),
        cache_cluster_size=optional_text(params, "cacheClusterSize"),
        tags=string_map(params, "tags"),
    )
    detail.stages[name] = stage
    detail.stage_changed()
    apis.keep(number, detail)
    return wire(stage)


def _canary(detail: Detail, params: Params) -> Canary | None:
    found = structure(params, "canarySettings")
    if found is None:
        return None
    return Canary(
        deployment=existing(detail, text(found, "deploymentId")),
        percent=decimal(found, "percentTraffic") or 0.0,
        overrides=string_map(found, "stageVariableOverrides"),
        use_stage_cache=bool(flag(found, "useStageCache")),
    )


def update(apis: ScopeApis, params: Params, now: float) -> Body:
    """Apply patch operations to a stage: all of them or none."""
    operations, violations = parse(params, "updateStageInput")
    require(violations)
    number = apis.require(text(params, "restApiId"))
    detail = apis.detail(number)
    stage = deepcopy(find(detail, text(params, "stageName")))
    for operation in operations:
        apply(detail, stage, operation)
    stage.updated = now
    detail.stages[stage.name] = stage
    detail.stage_changed()
    apis.keep(number, detail)
    return wire(stage)


def delete(apis: ScopeApis, params: Params) -> None:
    """Delete a stage."""
    number = apis.require(text(params, "restApiId"))
    detail = apis.detail(number)
    del detail.stages[find(detail, text(params, "stageName")).name]
    apis.keep(number, detail)


OPERATIONS: Mapping[str, Operation] = {
    "CreateStage": answers(lambda i: create(i.apis, i.params, i.now), 201),
    "GetStage": answers(lambda i: get(i.apis, i.params)),
    "GetStages": answers(lambda i: list_all(i.apis, i.params)),
    "UpdateStage": answers(lambda i: update(i.apis, i.params, i.now)),
    "DeleteStage": accepts(lambda i: delete(i.apis, i.params)),
}
