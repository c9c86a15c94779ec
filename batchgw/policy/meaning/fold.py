"""Folds layers into one: what they set together on each type, the later over the earlier.

Within a layer, from the weakest: the presets in the order of `use`, `wherever_customised`, the response
itself. Header names are compared without case, as HTTP does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from batchgw.model import Mode, ResponseType, Unlisted
from batchgw.policy.meaning.covering import Coverage, coverage, covers_customised
from batchgw.policy.meaning.layer import Layer, Origin
from batchgw.policy.meaning.values import Stack, Value, put

_CUSTOMISED_TYPES = "types that an API customised itself"
_NAMES = [t.value for t in ResponseType]


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Something that a preset sets differently from an earlier one of its layer, other than as an exception.

    Attributes:
        layer: number of the layer.
        use: number of the preset in its `use`, from 0.
        what: what it sets, in words, such as "the header Vary".
        types: the types for which it does, in words.
    """

    layer: int
    use: int
    what: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedType:
    """What layers say together of one type.

    Attributes:
        reset: what says that it shall be `default`; None where nothing does, or a later layer overrules it.
        sets: what it is customised to in every API; None where the policy does not customise it.
        mode: its mode, if a layer says one.
        adds: what is merged into it where an API customised it itself.
    """

    reset: Value | None
    sets: Stack | None
    mode: Value | None
    adds: Stack

    @property
    def mode_used(self) -> Mode:
        """The mode, that of the format's default included."""
        return Mode.REPLACE if self.mode is None else Mode(self.mode.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What layers say together."""

    types: Mapping[ResponseType, FoldedType]
    mode: Value | None
    unlisted: Value | None
    overrides: tuple[Override, ...]

    @property
    def unlisted_used(self) -> Unlisted:
        """What happens to types that are not named, the format's default included."""
        return Unlisted.LEAVE if self.unlisted is None else Unlisted(self.unlisted.text)


def fold(layers: Sequence[Layer]) -> Folded:
    """Fold layers, the weakest first."""
    general = _last(layers, "mode", lambda layer: layer.mode)
    together = coverage(layers)
    overrides = _Overrides()
    return Folded(
        types={t: _type(layers, t, together, general, overrides) for t in ResponseType},
        mode=general,
        unlisted=_last(layers, "unlisted", lambda layer: layer.unlisted),
        overrides=tuple(overrides),
    )


def _last(layers: Sequence[Layer], key: str, get: Callable[[Layer], Mode | Unlisted | None]) -> Value | None:
    found: dict[str, Value] = {}
    for layer in layers:
        value = get(layer)
        if value is not None:
            origin = Origin(layer=layer.number, path=(*layer.path, key))
            put(found, key, Value(name=key, text=value.value, origin=origin))
    return found.get(key)


def _type(
    layers: Sequence[Layer],
    type_: ResponseType,
    together: Coverage,
    general: Value | None,
    overrides: _Overrides,
) -> FoldedType:
    mode = _mode(layers, type_, together, general)
    if together.is_default(type_):
        return FoldedType(reset=_reset(layers, type_), sets=None, mode=general, adds=Stack())
    folded = FoldedType(
        reset=None, sets=Stack() if type_ in together.customised else None, mode=mode, adds=Stack()
    )
    for layer in layers:
        _add_presets(folded, layer, type_, together, overrides)
        if layer.wherever_customised is not None:
            origin = Origin(layer=layer.number, path=(*layer.path, "wherever_customised"))
            for stack in filter(None, (folded.sets, folded.adds)):
                stack.add_body(layer.wherever_customised, origin)
        if folded.sets is not None and together.counts(layer, type_):
            _add_response(folded.sets, layer, type_)
    return folded


def _add_presets(
    folded: FoldedType, layer: Layer, type_: ResponseType, together: Coverage, overrides: _Overrides
) -> None:
    for index, use in enumerate(layer.use):
        origin = Origin(layer=layer.number, path=(*layer.path, "use", index))
        narrow = use.types is not None
        if folded.sets is not None and together.covers(layer, use, type_):
            for what in folded.sets.add_preset(use.contribution(type_), origin, narrow=narrow):
                overrides.add(layer, index, what, type_.value)
        if covers_customised(use, folded.mode_used):
            for what in folded.adds.add_preset(use.contribution(type_), origin, narrow=narrow):
                overrides.add(layer, index, what, _CUSTOMISED_TYPES)


def _add_response(stack: Stack, layer: Layer, type_: ResponseType) -> None:
    spec = layer.response(type_)
    if spec is None:
        return
    path = (*layer.path, "responses", type_.value)
    stack.add_body(spec, Origin(layer=layer.number, path=path))
    for key, status in (("statusCode", spec.status_code), ("status", spec.status)):
        if status is not None:
            stack.add_status(status, Origin(layer=layer.number, path=(*path, key)))


def _mode(
    layers: Sequence[Layer], type_: ResponseType, together: Coverage, general: Value | None
) -> Value | None:
    """Give the mode of a type: the last one that is said of it by its name, or else that of all."""
    found: dict[str, Value] = {}
    if general is not None:
        found["mode"] = general
    for layer in layers:
        spec = layer.response(type_)
        if spec is not None and spec.mode is not None and together.counts(layer, type_):
            path = (*layer.path, "responses", type_.value, "mode")
            origin = Origin(layer=layer.number, path=path)
            put(found, "mode", Value(name="mode", text=spec.mode.value, origin=origin, narrow=True))
    return found.get("mode")


def _reset(layers: Sequence[Layer], type_: ResponseType) -> Value | None:
    found: dict[str, Value] = {}
    for layer in layers:
        if layer.resets(type_):
            origin = Origin(layer=layer.number, path=(*layer.path, "responses", type_.value))
            put(found, "default", Value(name="default", text="default", origin=origin))
    return found.get("default")


@dataclass(slots=True)
class _Overrides:
    """Collects what presets override: by layer and preset, what, and for which types."""

    found: dict[tuple[int, int], dict[str, list[str]]] = field(default_factory=dict)

    def add(self, layer: Layer, use: int, what: str, type_: str) -> None:
        """Note one. Types are noted once."""
        types = self.found.setdefault((layer.number, use), {}).setdefault(what, [])
        if type_ not in types:
            types.append(type_)

    def __iter__(self) -> Iterator[Override]:
        for (layer, use), by_what in sorted(self.found.items()):
            for what, types in by_what.items():
                yield Override(layer=layer, use=use, what=what, types=tuple(sorted(types, key=_order)))


def _order(words: str) -> int:
    """Sort types as the enum has them, and what is said of customised ones after them."""
    return _NAMES.index(words) if words in _NAMES else len(_NAMES)
