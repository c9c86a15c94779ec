"""Which types presets cover, worked out over all layers that match an API together.

So a type that a later layer customises also gets what an earlier one puts on every customised type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from batchgw.model import Mode, ResponseType
from batchgw.policy.fields import CUSTOMISED
from batchgw.policy.findings import Path
from batchgw.policy.meaning.folding.layer import Layer
from batchgw.policy.meaning.folding.locks import Conflict, Lock
from batchgw.policy.presets.contribution import PresetSpec

FAMILIES = (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What layers say together of which types.

    Attributes:
        customised: the types that the policy customises in every API.
        reset: the last layer that says `default` of a type, by its number.
        pins: what is locked of that.
        conflicts: what layers say against it.
    """

    customised: frozenset[ResponseType]
    reset: Mapping[ResponseType, int]
    pins: tuple[Pin, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

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
        return type_ in named_by(use) and self.counts(layer, type_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A lock on whether a type is customised: `default` tells that it shall be the service's default.

    `path` is where the layer says so.
    """

    type: ResponseType
    default: bool
    lock: Lock
    path: Path


def coverage(layers: Sequence[Layer]) -> Coverage:
    """Work out what layers, the weakest first, say together of which types."""
    customised: set[ResponseType] = set()
    reset: dict[ResponseType, int] = {}
    pins: list[Pin] = []
    conflicts: list[Conflict] = []
    for layer in layers:
        says = [(t, path, False) for t, path in named(layer)]
        says += [(t, ("responses", t.value), True) for t in layer.responses if layer.resets(t)]
        for type_, path, default in says:
            against = [pin for pin in pins if pin.type is type_ and pin.default is not default]
            conflicts += [_conflict(pin, layer, path) for pin in against]
            if against:
                continue
            if default:
                customised.discard(type_)
                reset[type_] = layer.number
            else:
                customised.add(type_)
        pins += _pins(layer)
    return Coverage(
        customised=frozenset(customised), reset=reset, pins=tuple(pins), conflicts=tuple(conflicts)
    )


def widest(layers: Sequence[Layer]) -> Coverage:
    """Give what layers may cover together, whichever of them match: no `default` takes a type away."""
    together = coverage(layers)
    return replace(together, customised=frozenset(t for layer in layers for t, _ in named(layer)), reset={})


def _pins(layer: Layer) -> Iterator[Pin]:
    """Give what a layer locks of which types are customised."""
    if not layer.locked:
        return
    for index, use in enumerate(layer.use):
        for type_ in named_by(use):
            lock = layer.lock(layer.locked.preset(use) or layer.locked.type(type_))
            if lock is not None and not layer.resets(type_):
                yield Pin(type=type_, default=False, lock=lock, path=(*layer.path, "use", index))
    for type_ in layer.responses:
        lock = layer.lock(layer.locked.type(type_))
        if lock is not None:
            path = (*layer.path, "responses", type_.value)
            yield Pin(type=type_, default=layer.resets(type_), lock=lock, path=path)


def _conflict(pin: Pin, layer: Layer, path: Path) -> Conflict:
    what = "a customisation" if pin.default else "`default`"
    return Conflict(
        what=what,
        type=pin.type.value,
        lock=pin.lock,
        layer=layer.number,
        path=(*layer.path, *path),
        kept=pin.path,
    )


def named(layer: Layer) -> Iterator[tuple[ResponseType, Path]]:
    """Give the types that a layer customises by itself, by a response or by a preset, and where it does."""
    for type_ in layer.responses:
        if layer.response(type_) is not None:
            yield type_, ("responses", type_.value)
    for index, use in enumerate(layer.use):
        for type_ in named_by(use):
            yield type_, ("use", index)


def named_by(use: PresetSpec) -> tuple[ResponseType, ...]:
    """Give the types that a preset customises by itself: those it names, or those that it is made for."""
    return (use.own_types or FAMILIES) if use.named_types is None else use.named_types


def names(layer: Layer, type_: ResponseType) -> bool:
    """Tell whether a layer customises a type by itself."""
    return any(type_ is each for each, _ in named(layer))


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
