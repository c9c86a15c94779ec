"""Reads the parameters of a call from a form, as the query protocol and EC2's dialect of it send them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from botocore.model import ListShape, OperationNotFoundError, ServiceModel, Shape, StructureShape

from batchgw.simulator.over_http.call import HttpCall
from batchgw.simulator.reply import ServiceFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How fields are named.

    Attributes:
        member: gives the name of a structure's member, from the model's name and its shape.
        items: what stands between the name of a list and the number of an item.
    """

    member: Callable[[str, Shape], str]
    items: str


def _ec2_name(name: str, shape: Shape) -> str:
    """Give a member's name on EC2's wire: `queryName`, else the wire's name with a capital letter."""
    stated = shape.serialization.get("queryName")
    if stated is not None:
        return str(stated)
    written = str(shape.serialization.get("name", name))
    return written[:1].upper() + written[1:]


QUERY = Dialect(member=lambda name, _: name, items=".member.")
"""`Tags.member.1.Key`"""

EC2 = Dialect(member=_ec2_name, items=".")
"""`Filter.1.Value.1`: lists are flat, and their names those of the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields of a call, and how their names are made."""

    fields: Mapping[str, str]
    dialect: Dialect

    @classmethod
    def of(cls, call: HttpCall, dialect: Dialect) -> Form:
        """Read the body; the query string where there is none."""
        text = call.body.decode(errors="replace") or call.query
        return cls(fields=dict(parse_qsl(text, keep_blank_values=True)), dialect=dialect)

    def operation(self, model: ServiceModel) -> tuple[str, dict[str, object]]:
        """Tell the operation and its parameters. Raises ServiceFault for one the service does not have."""
        action = self.fields.get("Action", "")
        try:
            shape = model.operation_model(action).input_shape
        except OperationNotFoundError:
            version = self.fields.get("Version", "NO_VERSION_SPECIFIED")
            unknown = f"Could not find operation {action} for version {version}"
            raise ServiceFault("InvalidAction", 400, unknown, modelled=False) from None
        return action, {} if shape is None else self._members("", shape)

    def _members(self, prefix: str, shape: StructureShape) -> dict[str, object]:
        found = {
            name: self._value(prefix + self.dialect.member(name, member), member)
            for name, member in shape.members.items()
        }
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, key: str, shape: Shape) -> object | None:
        """Read what stands under a key: a field, or fields below it."""
        if isinstance(shape, ListShape):
            return self._list(key, shape)
        if isinstance(shape, StructureShape):
            return self._members(f"{key}.", shape) or None
        value = self.fields.get(key)
        if value is not None and shape.type_name == "integer":
            return int(value) if value.lstrip("-").isdigit() else value
        return value

    def _list(self, key: str, shape: ListShape) -> list[object] | None:
        items: list[object] = []
        while (item := self._value(f"{key}{self.dialect.items}{len(items) + 1}", shape.member)) is not None:
            items.append(item)
        return items or None
