"""Reading a JSON body as the service does: members it does not know are passed over, wrong kinds refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from botocore.model import ListShape, MapShape, Shape, StructureShape

from batchgw.simulator.reply import ServiceFault

_JAVA_NAMES: Mapping[type, str] = {
    bool: "java.lang.Boolean",
    int: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    float: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
}
"""What the service calls a JSON value it cannot turn into a string (recorded)."""


def read_json(body: bytes) -> Mapping[str, object]:
    """Read a body that must be a JSON object; an empty one is an empty object. Raises ServiceFault."""
    if not body:
        return {}
    try:
        value = json.loads(body)
    except ValueError:
        raise _refused("The request body is not valid JSON") from None
    return _map(value)


def read_members(value: Mapping[str, object], members: Mapping[str, tuple[str, Shape]]) -> dict[str, object]:
    """Take members, by wire name, out of a JSON object; null counts as absent. Raises ServiceFault."""
    return {
        members[name][0]: _read(item, members[name][1])
        for name, item in value.items()
        if name in members and item is not None
    }


def number_or_text(value: str, shape: Shape) -> object:
    """Read a query parameter. Raises ServiceFault when a number is wanted and this is none."""
    if shape.type_name == "boolean":
        return value == "true"
    if shape.type_name != "integer":
        return value
    try:
        return int(value)
    except ValueError:
        raise _refused(f"{value} can not be converted to an Integer") from None


def _read(value: object, shape: Shape) -> object:
    if value is None:
        return None
    if isinstance(shape, StructureShape):
        return read_members(_map(value), _members(shape))
    if isinstance(shape, MapShape):
        return {key: _read(item, shape.value) for key, item in _map(value).items()}
    if isinstance(shape, ListShape):
        return [_read(item, shape.member) for item in _list(value)]
    if shape.type_name == "string" and not isinstance(value, str):
        raise _refused(_not_a_string(value))
    return value


@cache
def _members(shape: StructureShape) -> Mapping[str, tuple[str, Shape]]:
    return {s.serialization.get("name", member): (member, s) for member, s in shape.members.items()}


def _map(value: object) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    raise _refused("Expected map or null")


def _list(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    raise _refused("Expected list or null")


def _not_a_string(value: object) -> str:
    name = _JAVA_NAMES.get(type(value))
    if name is None:
        return "Start of structure or map found where not expected."
    return f"class {name} can not be converted to an String"


def _refused(message: str) -> ServiceFault:
    return ServiceFault("SerializationException", 400, message, modelled=False)
