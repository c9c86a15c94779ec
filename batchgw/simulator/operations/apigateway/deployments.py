"""Create, read, list and delete deployments: snapshots of a whole API."""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.simulator.operations import paging
from batchgw.simulator.operations.operation import Operation, accepts, answers
from batchgw.simulator.operations.params import (
    decimal,
    flag,
    optional_text,
    string_map,
    strings,
    structure,
    text,
)
from batchgw.simulator.reply import Body, Params, bad_request, not_found
from batchgw.simulator.world.api_state import Canary, Deployment, Detail, Stage
from batchgw.simulator.world.scope_apis import ScopeApis


def wire(deployment: Deployment, *, summary: bool = False) -> Body:
    """Render a deployment as JSON; with `summary`, what each of its methods asks of callers."""
    out: Body = {"id": deployment.id, "createdDate": int(deployment.created)}
    if deployment.description is not None:
        out["description"] = deployment.description
    if summary:
        out["apiSummary"] = _summary(deployment)
    return out


def _summary(deployment: Deployment) -> Body:
    return {
        path: {
            verb: {"authorizationType": method.authorization, "apiKeyRequired": method.api_key_required}
            for verb, method in methods.items()
        }
        for path, methods in deployment.paths.items()
    }


def get(apis: ScopeApis, params: Params) -> Body:
    """Answer a deployment by its id."""
    detail = apis.detail(apis.require(text(params, "restApiId")))
    found = find(detail, text(params, "deploymentId"))
    return wire(found, summary="apisummary" in (strings(params, "embed") or ()))


def find(detail: Detail, deployment: str) -> Deployment:
    """Give the deployment of an id."""
    if deployment not in detail.deployments:
        raise not_found("Invalid Deployment identifier specified")
    return detail.deployments[deployment]


def existing(detail: Detail, deployment: str) -> str:
    """Check the id of the deployment that a stage or canary is to serve."""
    if deployment not in detail.deployments:
        raise bad_request("Deployment id does not exist")
    return deployment


def list_page(apis: ScopeApis, params: Params) -> Body:
    """Give a page of an API's deployments, the oldest first."""
    found = list(apis.detail(apis.require(text(params, "restApiId"))).deployments.values())
    start, limit = paging.start(params), paging.limit(params)
    out: Body = {"item": [wire(d) for d in found[start : start + limit]]}
    if start + limit < len(found):
        out["position"] = paging.encode(start + limit)
    return out


def create(apis: ScopeApis, params: Params, now: float) -> Body:
    """Take a snapshot. With a stage's name, let that stage serve it; the stage is made if there is none."""
    number = apis.require(text(params, "restApiId"))
    detail = apis.detail(number)
    stage = detail.stages.get(text(params, "stageName"))
    canary = structure(params, "canarySettings")
    _check_stage(params, stage, canary)
    _check_methods(detail)
    deployment = Deployment(
        id=apis.inner_id(number, detail),
        created=now,
        gateway_responses=apis.customisation(number),
        paths=detail.paths,
        attributes=detail.attributes,
        description=optional_text(params, "description"),
    )
    detail.deployments[deployment.id] = deployment
    if stage is not None and canary is not None:
        stage.canary = _canary(canary, deployment.id)
        stage.updated = now
    elif text(params, "stageName"):
        _put_on_stage(detail, deployment, params, now)
    if text(params, "stageName"):
        detail.stage_changed()
    apis.keep(number, detail)
    return wire(deployment)


def delete(apis: ScopeApis, params: Params) -> None:
    """Delete a snapshot. Refuses if a stage serves it."""
    number = apis.require(text(params, "restApiId"))
    detail = apis.detail(number)
    deployment = find(detail, text(params, "deploymentId"))
    if any(deployment.id in _used_by(stage) for stage in detail.stages.values()):
        raise bad_request("Active stages pointing to this deployment must be moved or deleted")
    del detail.deployments[deployment.id]
    apis.keep(number, detail)


def _used_by(stage: Stage) -> tuple[str, ...]:
    return (stage.deployment,) if stage.canary is None else (stage.deployment, stage.canary.deployment)


def _check_stage(params: Params, stage: Stage | None, canary: Params | None) -> None:
    name = optional_text(params, "stageName")
    if canary is not None:
        invalid = "Invalid deployment content specified."
        if not name:
            raise bad_request(
                f"{invalid}Non null and non empty stageName must be provided for canary deployment. "
                f"Provided value is {'null' if name is None else name}"
            )
        if stage is None:
            raise bad_request(
                f"{invalid}Stage {name} must already be created before making a canary release deployment"
            )
    elif stage is not None and stage.canary is not None:
        raise bad_request(
            f"Non canary deployment not supported on stage {stage.name} because Canary is enabled"
        )


def _check_methods(detail: Detail) -> None:
    methods = [m for r in detail.resources.values() for m in r.methods.values()]
    if not methods:
        raise bad_request("The REST API doesn't contain any methods")
    if any("methodIntegration" not in m for m in methods):
        raise bad_request("No integration defined for method")


def _canary(params: Params, deployment: str) -> Canary:
    return Canary(
        deployment=deployment,
        percent=decimal(params, "percentTraffic") or 0.0,
        overrides=string_map(params, "stageVariableOverrides"),
        use_stage_cache=bool(flag(params, "useStageCache")),
    )


def _put_on_stage(detail: Detail, deployment: Deployment, params: Params, now: float) -> None:
    name = text(params, "stageName")
    stage = detail.stages.get(name)
    if stage is None:
        stage = detail.stages[name] = Stage(name=name, deployment=deployment.id, created=now, updated=now)
    stage.deployment, stage.updated = deployment.id, now
    if params.get("variables"):
        stage.variables = string_map(params, "variables")
    if params.get("stageDescription"):
        stage.description = optional_text(params, "stageDescription")
    if params.get("tracingEnabled") is not None:
        stage.tracing = bool(flag(params, "tracingEnabled"))
    if params.get("cacheClusterEnabled") is not None:
        stage.cache_cluster_enabled = bool(flag(params, "cacheClusterEnabled"))
        stage.cache_cluster_size = optional_text(params, "cacheClusterSize")


OPERATIONS: Mapping[str, Operation] = {
    "CreateDeployment": answers(lambda i: create(i.apis, i.params, i.now), 201),
    "GetDeployment": answers(lambda i: get(i.apis, i.params)),
    "GetDeployments": answers(lambda i: list_page(i.apis, i.params)),
    "DeleteDeployment": accepts(lambda i: delete(i.apis, i.params)),
}
