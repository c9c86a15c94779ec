"""Folds layers into one: what they set together on each type, the later over the earlier.

Within a layer, from the weakest: the presets in the order of `use`, `wherever_customised`, the response
itself. Header names are compared without case, as HTTP does. Over what is locked no later layer wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from batchgw.model import Mode, ResponseType, Unlisted
from batchgw.policy.meaning.folding.covering import Coverage, Pin, coverage, covers_customised, names
from batchgw.policy.meaning.folding.deploying import FoldedDeploy, fold_deploy
from batchgw.policy.meaning.folding.layer import Layer, Origin
from batchgw.policy.meaning.folding.locks import Conflict, Lock
from batchgw.policy.meaning.folding.modes import Modes, modes_of
from batchgw.policy.meaning.folding.values import Stack, Value, over

CUSTOMISED_TYPES = "types that an API customised itself"
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
        modes: its mode.
        adds: what is merged into it where an API customised it itself.
        pins: what is locked of whether it is customised.
    """

    reset: Value | None
    sets: Stack | None
    modes: Modes
    adds: Stack
    pins: tuple[Pin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What layers say together. `conflicts` is what they say against what is locked; none of it counts."""

    types: Mapping[ResponseType, FoldedType]
    unlisted: Value | None
    overrides: tuple[Override, ...]
    conflicts: tuple[Conflict, ...]
    deploy: FoldedDeploy = field(default_factory=FoldedDeploy)

    @property
    def unlisted_used(self) -> Unlisted:
        """What happens to types that are not named, the format's default included."""
        return Unlisted.LEAVE if self.unlisted is None else Unlisted(self.unlisted.text)


def fold(layers: Sequence[Layer]) -> Folded:
    """Fold layers, the weakest first, that match an API together."""
    return folded_as(layers, coverage(layers))


def folded_as(layers: Sequence[Layer], together: Coverage) -> Folded:
    """Fold layers that cover these types together."""
    overrides = _Overrides()
    types = {t: _type(layers, t, together, overrides) for t in ResponseType}
    conflicts = list(together.conflicts)
    for each in types.values():
        conflicts += each.modes.conflicts
        conflicts += [] if each.sets is None else each.sets.conflicts
        conflicts += each.adds.conflicts
    deploy = fold_deploy(layers)
    return Folded(
        types=types,
        unlisted=_unlisted(layers),
        overrides=tuple(overrides),
        conflicts=(*conflicts, *deploy.conflicts),
        deploy=deploy,
    )


def _unlisted(layers: Sequence[Layer]) -> Value | None:
    found: Value | None = None
    for layer in layers:
        if layer.unlisted is not None:
            origin = Origin(layer=layer.number, path=(*layer.path, "unlisted"))
            value = Value(kind="unlisted", name="unlisted", text=layer.unlisted.value, origin=origin)
            found = over(found, value)
    return found


def _type(
    layers: Sequence[Layer], type_: ResponseType, together: Coverage, overrides: _Overrides
) -> FoldedType:
    folded = FoldedType(
        reset=_reset(layers, type_) if together.is_default(type_) else None,
        sets=Stack(about=type_.value) if type_ in together.customised else None,
        modes=modes_of(layers, type_, together),
        adds=Stack(about=CUSTOMISED_TYPES),
        pins=tuple(pin for pin in together.pins if pin.type is type_),
    )
    for layer in layers:
        _add_presets(folded, layer, type_, together, overrides)
        _add_wherever(folded, layer, type_)
        if folded.sets is not None:
            if together.counts(layer, type_):
                _add_response(folded, folded.sets, layer, type_)
            folded.sets.end_layer()
        folded.adds.end_layer()
    return folded


def _add_presets(
    folded: FoldedType, layer: Layer, type_: ResponseType, together: Coverage, overrides: _Overrides
) -> None:
    then = folded.modes.then(layer)
    for index, use in enumerate(layer.use):
        origin = Origin(layer=layer.number, path=(*layer.path, "use", index))
        narrow = use.types is not None
        path = layer.locked.preset(use)
        lock = layer.lock(path, merges=then is not Mode.FILL)
        if folded.sets is not None and together.covers(layer, use, type_):
            mine = lock or _type_lock(folded, layer, type_)
            for what in folded.sets.add_preset(use.contribution(type_), origin, narrow=narrow, lock=mine):
                overrides.add(layer, index, what, type_.value)
        mode = then if lock is not None else folded.modes.used
        if covers_customised(use, mode):
            for what in folded.adds.add_preset(use.contribution(type_), origin, narrow=narrow, lock=lock):
                overrides.add(layer, index, what, CUSTOMISED_TYPES)


def _add_wherever(folded: FoldedType, layer: Layer, type_: ResponseType) -> None:
    if layer.wherever_customised is None:
        return
    origin = Origin(layer=layer.number, path=(*layer.path, "wherever_customised"))
    lock = layer.lock(layer.locked.whole)
    folded.adds.add_body(layer.wherever_customised, origin, lock)
    if folded.sets is not None:
        folded.sets.add_body(layer.wherever_customised, origin, lock or _type_lock(folded, layer, type_))


def _add_response(folded: FoldedType, stack: Stack, layer: Layer, type_: ResponseType) -> None:
    spec = layer.response(type_)
    if spec is None:
        return
    lock = _type_lock(folded, layer, type_)
    path = (*layer.path, "responses", type_.value)
    stack.add_body(spec, Origin(layer=layer.number, path=path), lock)
    for key, status in (("statusCode", spec.status_code), ("status", spec.status)):
        if status is not None:
            stack.add_status(status, Origin(layer=layer.number, path=(*path, key)), lock)


def _type_lock(folded: FoldedType, layer: Layer, type_: ResponseType) -> Lock | None:
    """Give the lock on a type, if the layer is one that names it."""
    path = layer.locked.type(type_)
    if path is None or not names(layer, type_):
        return None
    return layer.lock(path, merges=folded.modes.then(layer) is not Mode.FILL)


def _reset(layers: Sequence[Layer], type_: ResponseType) -> Value | None:
    found: Value | None = None
    for layer in layers:
        if layer.resets(type_):
            origin = Origin(layer=layer.number, path=(*layer.path, "responses", type_.value))
            found = over(found, Value(kind="default", name="default", text="default", origin=origin))
    return found


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
                yield Override(layer=layer, use=use, what=what, types=tuple(sorted(types, key=type_order)))


def type_order(words: str) -> int:
    """Sort types as the enum has them, and what is said of customised ones after them."""
    return _NAMES.index(words) if words in _NAMES else len(_NAMES)
