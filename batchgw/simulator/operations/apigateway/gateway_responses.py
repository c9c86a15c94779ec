"""Get, put, patch and delete gateway responses: typed functions, and the operations that call them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from batchgw.model import GatewayResponse, ResponseType, Settings
from batchgw.simulator.operations.apigateway import mapping, patch
from batchgw.simulator.operations.apigateway.patch import PatchOperation, invalid_path
from batchgw.simulator.operations.operation import Input, Operation, accepts, answers
from batchgw.simulator.operations.params import optional_text, require, string_map
from batchgw.simulator.reply import Body, bad_request, not_found
from batchgw.simulator.world.customisation import SettingsKey, filled, settings_key, wire
from batchgw.simulator.world.scope_apis import ScopeApis

_EDITABLE = ("responseParameters", "responseTemplates")
_UNKNOWN = {
    "responseParameters": "Invalid parameter name specified",
    "responseTemplates": "Content-Type specified was not found",
}


def read(apis: ScopeApis, api: str, kind: ResponseType) -> GatewayResponse:
    """Give one response as it is in effect."""
    return apis.customisation(apis.require(api)).answers[kind]


def read_all(apis: ScopeApis, api: str) -> Mapping[ResponseType, GatewayResponse]:
    """Give all 21 responses in effect, in the service's order."""
    return apis.customisation(apis.require(api)).answers


def put(apis: ScopeApis, api: str, kind: ResponseType, settings: Settings) -> GatewayResponse:
    """Replace a whole response, and give what is in effect. What is left out goes back to the default."""
    key = settings_key(settings)
    _check_model(settings.status_code)
    number = apis.require(api)
    _check(key)
    apis.customise(number, apis.customisation(number).put(kind, settings))
    return apis.customisation(number).answers[kind]


def delete(apis: ScopeApis, api: str, kind: ResponseType) -> None:
    """Remove a customisation. Refuses if there is none."""
    number = apis.require(api)
    before = apis.customisation(number)
    if kind not in before.own:
        raise not_found("Gateway response type not defined on api")
    apis.customise(number, before.delete(kind))


def update(
    apis: ScopeApis, api: str, kind: ResponseType, operations: list[PatchOperation]
) -> GatewayResponse:
    """Apply patch operations, all or none. On an uncustomised type they make a customisation."""
    number = apis.require(api)
    before = apis.customisation(number)
    if not operations:
        return before.answers[kind]
    after = _patched(kind, before.own.get(kind, Settings()), operations)
    return put(apis, api, kind, after)


def _patched(kind: ResponseType, own: Settings, operations: list[PatchOperation]) -> Settings:
    """Edit what is shown, except for the status: a default that nobody set must not become a setting."""
    shown = filled(kind, own)
    status = own.status_code
    maps = {"responseParameters": dict(shown.parameters), "responseTemplates": dict(shown.templates)}
    for operation in operations:
        steps = operation.steps
        if steps == ["statusCode"] and operation.op == "replace":
            status = _status(operation)
        elif len(steps) == 2 and steps[0] in _EDITABLE:  # noqa: PLR2004 - the member, the key
            _edit(maps[steps[0]], steps[0], steps[1], operation)
        else:
            raise invalid_path(operation)
    return Settings(
        status_code=status, parameters=maps["responseParameters"], templates=maps["responseTemplates"]
    )


def _status(operation: PatchOperation) -> str:
    require(mapping.status_violations(operation.value or "", "statusCode"))
    return operation.value or ""


def _edit(entries: dict[str, str], member: str, key: str, operation: PatchOperation) -> None:
    if operation.op not in ("add", "replace", "remove"):
        raise bad_request("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
    if operation.op != "add" and key not in entries:
        raise not_found(_UNKNOWN[member])
    if operation.op == "remove":
        del entries[key]
    elif not operation.value:
        raise bad_request(f"Invalid null or empty value in {member}")
    else:
        entries[key] = operation.value


def _check_model(status: str | None) -> None:
    """Refuse what the model forbids, before it is known whether the API exists."""
    require(mapping.status_violations(status, "putGatewayResponseInput.statusCode"))


@lru_cache(maxsize=4096)
def _check(key: SettingsKey) -> None:
    """Check settings once, however many APIs they are put on. A refusal is not remembered."""
    _, parameters, templates = key
    mapping.check(
        Settings(
            parameters=MappingProxyType(dict(parameters)),
            templates=MappingProxyType(dict(templates)),
        )
    )


def _get(given: Input) -> Body:
    kind = mapping.response_type(optional_text(given.params, "responseType"))
    return wire([read(given.apis, given.api, kind)])[0]


def _list(given: Input) -> Body:
    apis = given.apis
    return {"item": apis.customisation(apis.require(given.api)).wire_items}


def _put(given: Input) -> Body:
    status = optional_text(given.params, "statusCode")
    kind = mapping.response_type(
        optional_text(given.params, "responseType"),
        *mapping.status_violations(status, "putGatewayResponseInput.statusCode"),
    )
    settings = Settings(
        status_code=status,
        parameters=string_map(given.params, "responseParameters"),
        templates=string_map(given.params, "responseTemplates"),
    )
    return wire([put(given.apis, given.api, kind, settings)])[0]


def _update(given: Input) -> Body:
    operations, violations = patch.parse(given.params, "updateGatewayResponseInput")
    require(violations)
    kind = mapping.response_type(optional_text(given.params, "responseType"))
    return wire([update(given.apis, given.api, kind, operations)])[0]


def _delete(given: Input) -> None:
    delete(given.apis, given.api, mapping.response_type(optional_text(given.params, "responseType")))


OPERATIONS: Mapping[str, Operation] = {
    "GetGatewayResponse": answers(_get),
    "GetGatewayResponses": answers(_list),
    "PutGatewayResponse": answers(_put, 201),
    "UpdateGatewayResponse": answers(_update),
    "DeleteGatewayResponse": accepts(_delete),
}
