"""GetExport: a deployed snapshot as OpenAPI 3.0 or Swagger 2.0, its own gateway responses included."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from operator import itemgetter

from batchgw.simulator.operations.apigateway.deployments import find as find_deployment
from batchgw.simulator.operations.apigateway.stages import find as find_stage
from batchgw.simulator.operations.operation import Input, Operation
from batchgw.simulator.operations.params import structure, text
from batchgw.simulator.reply import Body, Params, Reply, bad_request
from batchgw.simulator.world.api_state import DeployedMethod, Deployment
from batchgw.simulator.world.scope_apis import ScopeApis

GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"

_AUTH_TYPE = "x-amazon-apigateway-authtype"
_HEADER: Body = {"type": "apiKey", "in": "header"}


def export(apis: ScopeApis, params: Params) -> tuple[bytes, dict[str, str]]:
    """Give the document of the deployment that a stage serves, and the headers of the answer."""
    number = apis.require(text(params, "restApiId"))
    detail = apis.detail(number)
    stage = find_stage(detail, text(params, "stageName"))
    kind = text(params, "exportType")
    if kind not in ("oas30", "swagger"):
        raise bad_request(f"{kind} is not a supported export type. Must be one of [oas30, swagger]")
    if text(params, "accepts") not in ("", "*/*", "application/json"):
        raise bad_request(f"{text(params, 'accepts')} is not a supported accepts of this simulated service")
    deployment = find_deployment(detail, stage.deployment)
    api = apis.id(number)
    host = f"{api}.execute-api.{apis.region}.amazonaws.com"
    document = (
        _oas30(deployment, host, stage.name) if kind == "oas30" else _swagger(deployment, host, stage.name)
    )
    extensions = text(structure(params, "parameters") or {}, "extensions")
    if extensions == "apigateway":
        document |= _gateway_responses(deployment)
    name = f"{kind}_{datetime.fromtimestamp(deployment.created, UTC):%Y%m%d}.json"
    return json.dumps(document, indent=2, separators=(",", " : ")).encode(), {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{name}"',
    }


def _oas30(deployment: Deployment, host: str, stage: str) -> Body:
    server = {"url": f"https://{host}/{{basePath}}", "variables": {"basePath": {"default": stage}}}
    return {
        "openapi": "3.0.1",
        "info": _info(deployment),
        "servers": [server],
        "paths": _paths(deployment),
        "components": {"securitySchemes": schemes} if (schemes := _schemes(deployment)) else {},
    }


def _swagger(deployment: Deployment, host: str, stage: str) -> Body:
    return {
        "swagger": "2.0",
        "info": _info(deployment),
        "host": host,
        "basePath": f"/{stage}",
        "schemes": ["https"],
        "paths": _paths(deployment),
        **({"securityDefinitions": schemes} if (schemes := _schemes(deployment)) else {}),
    }


def _info(deployment: Deployment) -> Body:
    of = deployment.attributes
    made = f"{datetime.fromtimestamp(of.created, UTC):%Y-%m-%dT%H:%M:%SZ}"
    described = {} if of.description is None else {"description": of.description}
    return {"title": of.name, **described, "version": of.version or made}


def _paths(deployment: Deployment) -> Body:
    verbs = {"ANY": "x-amazon-apigateway-any-method"}
    return {
        path: {verbs.get(verb, verb.lower()): _method(method) for verb, method in methods.items()}
        for path, methods in deployment.paths.items()
    }


def _method(method: DeployedMethod) -> Body:
    out: Body = {"responses": {}}
    if names := [name for name, _ in _security(method)]:
        out["security"] = [{name: [] for name in names}]
    return out


def _schemes(deployment: Deployment) -> Body:
    """Give the security schemes that the methods name, by their names."""
    found = (scheme for ms in deployment.paths.values() for m in ms.values() for scheme in _security(m))
    return dict(sorted(found, key=itemgetter(0)))


def _security(method: DeployedMethod) -> Iterator[tuple[str, Body]]:
    """Give the security schemes of a method: who may call it, and the key that it asks for."""
    match method.authorization:
        case "NONE":
            pass
        case "AWS_IAM":
            yield "sigv4", {**_HEADER, "name": "Authorization", _AUTH_TYPE: "awsSigv4"}
        case other:
            kind = "cognito_user_pools" if other == "COGNITO_USER_POOLS" else "custom"
            yield method.authorizer or kind, {**_HEADER, "name": "Authorization", _AUTH_TYPE: kind}
    if method.api_key_required:
        yield "api_key", {**_HEADER, "name": "x-api-key"}


def _gateway_responses(deployment: Deployment) -> Body:
    """Render what was set, by type. The status code is a number here, as in exports that people published."""
    found: Body = {}
    for kind, own in deployment.gateway_responses.own.items():
        entry: Body = {} if own.status_code is None else {"statusCode": int(own.status_code)}
        if own.parameters:
            entry["responseParameters"] = dict(own.parameters)
        if own.templates:
            entry["responseTemplates"] = dict(own.templates)
        found[kind.value] = entry
    return {GATEWAY_RESPONSES: found} if found else {}


def _get_export(given: Input) -> Reply:
    document, headers = export(given.apis, given.params)
    return Reply(status=200, body=document, headers=headers)


OPERATIONS: Mapping[str, Operation] = {"GetExport": _get_export}
