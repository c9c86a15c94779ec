"""What a preset is: parameters that people can set, and what it contributes to each type that it covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from batchgw.model import ResponseType
from batchgw.policy.fields import CUSTOMISED, MIN_ONE, NOT_EMPTY, Strict, TypeWord
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import SCHEMA

JSON = "application/json"
"""The content type of the service's own template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What a preset sets on one response type.

    `headers` maps names to expressions as the service takes them. `message` replaces
    $context.error.messageString in the template that all presets together give the type. So a preset that
    hides the message and one that wraps it in an envelope can be combined in any order.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    status: str | None = None
    message: str | None = None


TYPES: Final = "The types to cover, instead of those it covers by default"
TYPES_OF_ANY: Final = f"{TYPES}; `{CUSTOMISED}` stands for those that an API customised itself."


def _listed(value: object) -> object:
    return [value] if value == CUSTOMISED else value


class PresetSpec(Strict):
    """A preset in use. Its fields are its parameters."""

    title: ClassVar[str]
    what: ClassVar[str]
    own_types: ClassVar[tuple[ResponseType, ...] | None] = None
    """The types it covers by default. None: DEFAULT_4XX, DEFAULT_5XX and every type the policy customises."""

    covers_customised: ClassVar[bool] = False
    """Whether it also covers the types that an API customised, by default. Only harmless presets do."""

    types: Annotated[list[TypeWord], BeforeValidator(_listed), NOT_EMPTY] | None = Field(
        default=None,
        description=TYPES_OF_ANY,
        json_schema_extra=MIN_ONE,
    )

    @model_validator(mode="after")
    def _is_made_for_any_type(self) -> Self:
        if self.own_types and CUSTOMISED in (self.types or ()):
            raise reject(
                SCHEMA,
                f"this preset is made for {', '.join(self.own_types)}: name the types it shall cover, since"
                f" `{CUSTOMISED}` would put it on all types that an API customised",
            )
        return self

    @property
    def name(self) -> str:
        """The name that policies use."""
        return str(type(self).model_fields["preset"].default)

    @property
    def named_types(self) -> tuple[ResponseType, ...] | None:
        """The types that `types` names, each once. None if `types` is left out."""
        if self.types is None:
            return None
        return tuple(dict.fromkeys(t for t in self.types if isinstance(t, ResponseType)))

    def contribution(self, type_: ResponseType) -> Contribution:
        """Give what this preset sets on a type that it covers."""
        raise NotImplementedError
