"""Create, read, list, update and delete REST APIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from batchgw.simulator.operations import paging
from batchgw.simulator.operations.apigateway.patch import invalid_path, parse
from batchgw.simulator.operations.operation import Input, Operation, accepts, answers
from batchgw.simulator.operations.params import (
    all_of,
    flag,
    one_of,
    optional_text,
    require,
    string_map,
    strings,
    structure,
    text,
    whole,
)
from batchgw.simulator.reply import Body, Params, bad_request
from batchgw.simulator.world.api_state import Attributes
from batchgw.simulator.world.scope_apis import ScopeApis

ENDPOINT_TYPES = ("PRIVATE", "EDGE", "REGIONAL")  # in the service's order (recorded)
IP_ADDRESS_TYPES = ("ipv4", "dualstack")
_MAX_COMPRESSION_SIZE = 10_485_760


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The numbers of the APIs of one page, and the position of the next page; None on the last page."""

    numbers: tuple[int, ...]
    position: str | None


def page(apis: ScopeApis, *, limit: int, position: str | None) -> Page:
    """Give a page of a scope's APIs, in the order of creation. Deletions between two pages shift nothing."""
    found = tuple(islice(apis.numbers(paging.decode(position)), paging.clamp(limit) + 1))
    more = len(found) > paging.clamp(limit)
    return Page(numbers=found[:-1] if more else found, position=paging.encode(found[-1]) if more else None)


def wire(apis: ScopeApis, number: int) -> Body:
    """Render an API as JSON."""
    of = apis.attributes(number)
    optional: Body = {
        "description": of.description,
        "version": of.version,
        "binaryMediaTypes": list(of.binary_media_types) or None,
        "minimumCompressionSize": of.minimum_compression_size,
        "policy": of.policy,
        "endpointAccessMode": of.endpoint_access_mode,
        "tags": dict(of.tags) or None,
    }
    endpoint: Body = {"types": [of.endpoint_type], "ipAddressType": of.ip_address_type}
    if of.vpc_endpoint_ids:
        endpoint["vpcEndpointIds"] = list(of.vpc_endpoint_ids)
    return {
        "id": apis.id(number),
        "name": of.name,
        "createdDate": int(of.created),
        "apiKeySource": of.api_key_source,
        "endpointConfiguration": endpoint,
        "disableExecuteApiEndpoint": of.disable_execute_api_endpoint,
        "rootResourceId": apis.root(number),
        **{k: v for k, v in optional.items() if v is not None},
    }


def create(apis: ScopeApis, params: Params, now: float) -> int:
    """Add an API; return its number."""
    return apis.create(_attributes(params, now))


def _attributes(params: Params, now: float) -> Attributes:
    """Check in the order that was seen at the service: the model, the description, the endpoint, the rest."""
    endpoint = structure(params, "endpointConfiguration") or {}
    types = strings(endpoint, "types")
    ip_address_type = optional_text(endpoint, "ipAddressType")
    where = "createRestApiInput.endpointConfiguration"
    require(
        all_of(types or (), f"{where}.types", ENDPOINT_TYPES)
        + one_of(ip_address_type, f"{where}.ipAddressType", IP_ADDRESS_TYPES)
    )
    if params.get("description") == "":
        raise bad_request("Description cannot be an empty string")
    kind = _single_type(types)
    return Attributes(
        name=_name(params),
        created=now,
        description=optional_text(params, "description"),
        version=optional_text(params, "version"),
        tags=string_map(params, "tags"),
        endpoint_type=kind,
        ip_address_type=_ip_address_type(kind, ip_address_type),
        vpc_endpoint_ids=tuple(strings(endpoint, "vpcEndpointIds") or ()),
        binary_media_types=tuple(strings(params, "binaryMediaTypes") or ()),
        minimum_compression_size=_compression_size(params),
        api_key_source=optional_text(params, "apiKeySource") or "HEADER",
        disable_execute_api_endpoint=bool(flag(params, "disableExecuteApiEndpoint")),
        policy=optional_text(params, "policy"),
    )


def _single_type(types: list[str] | None) -> str:
    if types is None:
        return "EDGE"
    if not types:
        raise bad_request("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    if len(types) > 1:
        raise bad_request("Cannot create an api with multiple Endpoint Types.")
    return types[0]


def _ip_address_type(kind: str, wanted: str | None) -> str:
    if kind != "PRIVATE":
        return wanted or "ipv4"
    if wanted == "ipv4":
        raise bad_request("Only dualstack ipAddressType is supported for Private APIs.")
    return "dualstack"


def _name(params: Params) -> str:
    name = text(params, "name")
    if not name.strip():
        raise bad_request("API name cannot be empty")
    return name


def _compression_size(params: Params) -> int | None:
    size = whole(params, "minimumCompressionSize")
    if size is not None and not 0 <= size <= _MAX_COMPRESSION_SIZE:
        raise bad_request(f"Invalid minimum compression size, must be between 0 and {_MAX_COMPRESSION_SIZE}")
    return size


_EDITABLE: Mapping[str, tuple[str, Callable[[str], str | bool]]] = {
    "name": ("name", str),
    "description": ("description", str),
    "version": ("version", str),
    "policy": ("policy", str),
    "disableExecuteApiEndpoint": ("disable_execute_api_endpoint", lambda value: value.lower() == "true"),
    "endpointAccessMode": ("endpoint_access_mode", str),
}
"""What UpdateRestApi replaces here: the field of `Attributes`, and how its value is read."""


def update(apis: ScopeApis, params: Params) -> int:
    """Apply patch operations to an API: all of them or none. Return its number."""
    operations, violations = parse(params, "updateRestApiInput")
    require(violations)
    number = apis.require(text(params, "restApiId"))
    detail = apis.detail(number)
    changed: dict[str, Any] = {}
    for operation in operations:
        match operation.steps:
            case [member] if operation.op == "replace" and member in _EDITABLE:
                field, read = _EDITABLE[member]
                changed[field] = read(operation.value or "")
            case _:
                raise invalid_path(operation)
    detail.attributes = replace(detail.attributes, **changed)
    apis.keep(number, detail)
    return number


def _list(given: Input) -> Body:
    found = page(
        given.apis, limit=paging.limit(given.params), position=optional_text(given.params, "position")
    )
    out: Body = {"item": [wire(given.apis, n) for n in found.numbers]}
    if found.position is not None:
        out["position"] = found.position
    return out


OPERATIONS: Mapping[str, Operation] = {
    "CreateRestApi": answers(lambda i: wire(i.apis, create(i.apis, i.params, i.now)), 201),
    "GetRestApi": answers(lambda i: wire(i.apis, i.apis.require(i.api))),
    "GetRestApis": answers(_list),
    "UpdateRestApi": answers(lambda i: wire(i.apis, update(i.apis, i.params))),
    "DeleteRestApi": accepts(lambda i: i.apis.delete(i.apis.require(i.api))),
}
