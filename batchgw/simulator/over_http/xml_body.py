"""Writes the body of an answer as XML, after the shape that botocore's model gives it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement

from botocore.model import ListShape, Shape, StructureShape


def write(parent: Element, value: Mapping[str, object], shape: StructureShape) -> None:
    """Add the members of a structure to an element. What the model does not know is passed over."""
    for name, member in shape.members.items():
        item = value.get(name)
        if item is not None:
            _add(parent, str(member.serialization.get("name", name)), item, member)


def _add(parent: Element, name: str, value: object, shape: Shape) -> None:
    here = SubElement(parent, name)
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        write(here, value, shape)
    elif isinstance(shape, ListShape) and isinstance(value, list | tuple):
        for item in value:
            _add(here, str(shape.member.serialization.get("name", "member")), item, shape.member)
    else:
        here.text = _text(value, shape)


def _text(value: object, shape: Shape) -> str:
    if shape.type_name == "timestamp" and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value).lower() if isinstance(value, bool) else str(value)
