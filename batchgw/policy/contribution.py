"""What a preset is: parameters that people may set, and what it then contributes to each type it covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import Field

from batchgw.model import ResponseType
from batchgw.policy.fields import MIN_ONE, NOT_EMPTY, Strict

JSON = "application/json"
"""The content type of the service's own template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What a preset wants of one response type.

    `headers` maps names to raw expressions. `message` replaces $context.error.messageString in whatever
    template the presets together give the type, so that hiding a message and wrapping it in an envelope
    combine in any order.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    status: str | None = None
    message: str | None = None


class PresetSpec(Strict):
    """A preset in use. Its fields are its parameters."""

    title: ClassVar[str]
    what: ClassVar[str]
    own_types: ClassVar[tuple[ResponseType, ...] | None] = None
    """The types it is made for; None: DEFAULT_4XX, DEFAULT_5XX and every type the policy customises."""

    types: Annotated[list[ResponseType], NOT_EMPTY] | None = Field(
        default=None,
        description="The types to cover, instead of those it covers by itself.",
        json_schema_extra=MIN_ONE,
    )

    def contribution(self, type_: ResponseType) -> Contribution:
        """Say what this preset wants of a type it covers."""
        raise NotImplementedError
