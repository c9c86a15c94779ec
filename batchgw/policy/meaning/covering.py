"""Which types presets cover, worked out over all layers that match an API together.

So a type that a later layer customises also gets what an earlier one puts on every customised type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchgw.model import Mode, ResponseType
from batchgw.policy.fields import CUSTOMISED
from batchgw.policy.meaning.layer import Layer
from batchgw.policy.presets.contribution import PresetSpec

FAMILIES = (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What layers say together of which types.

    Attributes:
        customised: the types that the policy customises in every API.
        reset: the last layer that says `default` of a type, by its number.
    """

    customised: frozenset[ResponseType]
    reset: Mapping[ResponseType, int]

    def is_default(self, type_: ResponseType) -> bool:
        """Tell whether a type shall be `default` after all."""
        return type_ in self.reset and type_ not in self.customised

    def counts(self, layer: Layer, type_: ResponseType) -> bool:
        """Tell whether what a layer says of a type by its name stands: no later layer makes it `default`."""
        return layer.number > self.reset.get(type_, -1)

    def covers(self, layer: Layer, use: PresetSpec, type_: ResponseType) -> bool:
        """Tell whether a preset of a layer covers a type in every API."""
        if type_ not in self.customised:
            return False
        if is_general(use) or names_customised(use):
            return True
        named = use.own_types if use.named_types is None else use.named_types
        return type_ in (named or ()) and self.counts(layer, type_)


def coverage(layers: Sequence[Layer]) -> Coverage:
    """Work out what layers, the weakest first, say together of which types."""
    customised: set[ResponseType] = set()
    reset: dict[ResponseType, int] = {}
    for layer in layers:
        customised.update(named(layer))
        for type_ in filter(layer.resets, layer.responses):
            customised.discard(type_)
            reset[type_] = layer.number
    return Coverage(customised=frozenset(customised), reset=reset)


def named(layer: Layer) -> Iterator[ResponseType]:
    """Give the types that a layer customises by itself: by a response, or by a preset."""
    yield from filter(layer.response, layer.responses)
    for use in layer.use:
        yield from (use.own_types or FAMILIES) if use.named_types is None else use.named_types


def is_general(use: PresetSpec) -> bool:
    """Tell whether a preset covers every type that the policy customises, without being told which."""
    return use.types is None and use.own_types is None


def names_customised(use: PresetSpec) -> bool:
    """Tell whether the word `customised` stands among a preset's types."""
    return CUSTOMISED in (use.types or ())


def covers_customised(use: PresetSpec, mode: Mode) -> bool:
    """Tell whether a preset covers a type of some mode where an API customised it itself.

    Mode fill leaves customised types alone, so there a preset covers them only when its `types` say so.
    """
    return names_customised(use) or (use.types is None and use.covers_customised and mode is not Mode.FILL)
