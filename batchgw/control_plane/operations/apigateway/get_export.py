"""GetExport: what a stage serves, as an OpenAPI document with API Gateway's extensions.

It is of the deployment that the stage is on. A deployment never changes, and the API may have been edited
since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchgw.control_plane.interface import Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.gateway_response import read_response
from batchgw.control_plane.operations.apigateway.get_stages import STAGE_PATH, StageRequest
from batchgw.control_plane.operations.checks import is_text
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.model import GatewayResponse, ResponseType
from batchgw.model.completion import complete
from batchgw.model.inheritance import Observed, effective

RESPONSES = "x-amazon-apigateway-gateway-responses"
"""Where an export has the gateway responses (developer guide, "OpenAPI extensions")."""

ANY = "x-amazon-apigateway-any-method"
"""How an export calls the method ANY (same source)."""

_VERBS: Mapping[str, str] = {
    ANY: "ANY",
    **{name: name.upper() for name in ("get", "put", "post", "delete", "options", "head", "patch", "trace")},
}
"""HTTP methods, by the names of operations within a path (OpenAPI 3.0, "Path Item Object")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedApi:
    """What a stage serves.

    Attributes:
        responses: all types, as GetGatewayResponses would show them if the API were as the deployment is.
        paths: each path with its HTTP methods, sorted. API Gateway's own method for all others is "ANY".
    """

    responses: Observed
    paths: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetExport(StageRequest[ExportedApi]):
    """Export what a stage serves, as JSON.

    The service cannot export an API that has a model which is not JSON: it then refuses, or fails. An export
    is read up to the bound of every answer (`aws.connections`), and none of AWS's is as long.
    """

    operation = Operation(
        name="GetExport",
        method="get_export",
        http="GET",
        path=f"{STAGE_PATH}/exports/{{exportType}}",
        stream="body",
    )

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {
            "restApiId": self.api,
            "stageName": self.stage,
            "exportType": "oas30",
            "parameters": {"extensions": "apigateway"},
            "accepts": "application/json",
        }

    def read(self, answer: Wire, reading: Reading) -> ExportedApi:
        """Read the document. Raises a `CallError` for one that is no export."""
        document = _document(answer.get("body"))
        if not is_text(document.get("openapi")):
            raise unreadable_answer("it is no OpenAPI document, as an export is")
        responses = _responses(document.get(RESPONSES), reading)
        return ExportedApi(responses=complete(responses), paths=_paths(document.get("paths")))


def _document(body: object) -> Mapping[str, Any]:
    try:
        content = json.loads(body) if isinstance(body, str | bytes) else None
    except (ValueError, RecursionError) as error:
        raise unreadable_answer("the export is not JSON, which was asked for") from error
    if not isinstance(content, dict):
        raise unreadable_answer("the export is not a JSON object")
    return content


_TYPES: Mapping[str, ResponseType] = {kind.value: kind for kind in ResponseType}


def _responses(found: object, reading: Reading) -> dict[ResponseType, GatewayResponse]:
    """Read the types that the export names, in effective form: it may leave out what is at its default.

    A type that is not customised need not be there. If it is, what it says is what is in effect.
    """
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise unreadable_answer(f"{RESPONSES} of the export is no JSON object")
    read: dict[ResponseType, GatewayResponse] = {}
    for name, members in found.items():
        kind = _TYPES.get(name)
        if kind is None:
            reading.unknown(name)
            continue
        if not isinstance(members, dict):
            raise unreadable_answer(f"{name} of the export is no gateway response")
        own = read_response(kind, members)
        read[kind] = GatewayResponse(
            type=kind, settings=effective(kind, own.settings), default_response=False
        )
    return read


def _paths(found: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(found, dict):
        raise unreadable_answer("the export has no paths")
    paths: dict[str, tuple[str, ...]] = {}
    for path, members in found.items():
        if not is_text(path) or not isinstance(members, dict):
            raise unreadable_answer("a path of the export is not as OpenAPI has it")
        paths[path] = tuple(sorted(_VERBS[name] for name in members if name in _VERBS))
    return paths
