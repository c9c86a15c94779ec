"""The presets by name: how a policy uses them, and what `batchgw presets` shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Union

from pydantic import BeforeValidator, Field

from batchgw.model import ResponseType
from batchgw.model.shape import JSON
from batchgw.policy.presets import catalogue
from batchgw.policy.presets.contribution import PresetSpec


def presets_in(module: ModuleType) -> Mapping[str, type[PresetSpec]]:
    """Give the presets that a module defines, by the names that policies use, in their order there."""
    classes = (each for each in vars(module).values() if isinstance(each, type))
    presets = (each for each in classes if issubclass(each, PresetSpec) and each is not PresetSpec)
    return {str(preset.model_fields["preset"].default): preset for preset in presets}


PRESETS = presets_in(catalogue)
"""Every preset by the name that policies use. A new one is a class in `catalogue`, and nothing else."""

if TYPE_CHECKING:
    AnyPreset = PresetSpec
else:
    AnyPreset = Union[tuple(PRESETS.values())]  # noqa: UP007 - made of a table, which `|` cannot be


def _spell_out(value: object) -> object:
    return {"preset": value} if isinstance(value, str) else value


PresetUse = Annotated[
    Annotated[AnyPreset, Field(discriminator="preset")],
    BeforeValidator(_spell_out),
]
"""A preset's name, or a mapping with `preset`, perhaps `types`, and the preset's parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterInfo:
    """A parameter of a preset. `default` is its value when it is left out."""

    name: str
    description: str
    default: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetInfo:
    """A preset as it is shown: its purpose, what it sets by default, and how it can be changed.

    `types` are the types it covers by default; None means DEFAULT_4XX, DEFAULT_5XX and every type the policy
    customises. `customised` tells whether it also covers the types that an API customised itself. `status`,
    `headers` and `templates` are what it sets with its default parameters. `message` is what it shows instead
    of the service's messages.
    """

    name: str
    title: str
    what: str
    types: tuple[str, ...] | None
    customised: bool
    headers: Mapping[str, str]
    templates: Mapping[str, str]
    status: str | None
    message: str | None
    parameters: tuple[ParameterInfo, ...]

    def to_json(self) -> dict[str, JSON]:
        """Render for JSON."""
        return asdict(self)


def describe() -> list[PresetInfo]:
    """Describe every preset."""
    return [_describe(name, preset) for name, preset in PRESETS.items()]


def _describe(name: str, preset: type[PresetSpec]) -> PresetInfo:
    types = preset.own_types
    sets = preset().contribution(types[0] if types else ResponseType.DEFAULT_4XX)
    return PresetInfo(
        name=name,
        title=preset.title,
        what=preset.what,
        types=tuple(t.value for t in types) if types else None,
        customised=preset.covers_customised,
        headers=dict(sets.headers),
        templates=dict(sets.templates),
        status=sets.status,
        message=sets.message,
        parameters=_parameters(preset),
    )


def _parameters(preset: type[PresetSpec]) -> tuple[ParameterInfo, ...]:
    return tuple(
        ParameterInfo(name=name, description=field.description or "", default=field.default)
        for name, field in preset.model_fields.items()
        if name != "preset"
    )
