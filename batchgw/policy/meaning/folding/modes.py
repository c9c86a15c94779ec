"""The mode of a type: the last that is said of it by its name, or else the last that is said of all types.

A type that is locked keeps the mode that it had in the locked layer, or gets a stronger one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batchgw.model import Mode, ResponseType
from batchgw.policy.findings import Path
from batchgw.policy.meaning.folding.covering import Coverage, names
from batchgw.policy.meaning.folding.layer import Layer, Origin
from batchgw.policy.meaning.folding.locks import Conflict, Lock
from batchgw.policy.meaning.folding.values import Value, over

STRENGTH: Mapping[Mode, int] = {Mode.FILL: 0, Mode.MERGE: 1, Mode.REPLACE: 2}
"""How much a mode leaves to an API's own settings: the weaker it is, the more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modes:
    """The mode of a type, and that of each layer with those before it.

    `value` is what says it; None where nothing does. `conflicts` are modes that would weaken a locked one.
    """

    value: Value | None
    used: Mode
    by_layer: Mapping[int, Mode]
    conflicts: tuple[Conflict, ...]

    def then(self, layer: Layer) -> Mode:
        """Give the mode that the type had when this layer was the last."""
        return self.by_layer[layer.number]


def modes_of(layers: Sequence[Layer], type_: ResponseType, together: Coverage) -> Modes:
    """Work out the mode of a type, and with it what is said against a locked one."""
    general: Value | None = None
    named: Value | None = None
    by_layer: dict[int, Mode] = {}
    floors: list[tuple[Mode, Lock, Path]] = []
    conflicts: list[Conflict] = []
    for layer in layers:
        if layer.mode is not None:
            general = over(general, _value(layer, layer.mode, "mode"))
        spec = layer.response(type_)
        if spec is not None and spec.mode is not None and together.counts(layer, type_):
            path: tuple[str, ...] = ("responses", type_.value, "mode")
            weaker = [(lock, at) for floor, lock, at in floors if STRENGTH[spec.mode] < STRENGTH[floor]]
            conflicts += [_conflict(lock, layer, type_, path, at) for lock, at in weaker]
            if not weaker:
                named = over(named or general, _value(layer, spec.mode, *path))
        now = _mode(general if together.is_default(type_) else named or general)
        by_layer[layer.number] = now
        path_of_lock = layer.locked.type(type_)
        says = names(layer, type_) or layer.resets(type_)
        lock = layer.lock(path_of_lock) if says else None
        if lock is not None:
            said = named or general
            here = said is not None and said.origin.layer == layer.number
            floors.append((now, lock, said.origin.path if said is not None and here else layer.path))
    value = general if together.is_default(type_) else named or general
    used = max([_mode(value), *(floor for floor, _, _ in floors)], key=STRENGTH.__getitem__)
    return Modes(value=value, used=used, by_layer=by_layer, conflicts=tuple(conflicts))


def _mode(value: Value | None) -> Mode:
    return Mode.REPLACE if value is None else Mode(value.text)


def _value(layer: Layer, mode: Mode, *path: str) -> Value:
    origin = Origin(layer=layer.number, path=(*layer.path, *path))
    return Value(kind="mode", name="mode", text=mode.value, origin=origin)


def _conflict(lock: Lock, layer: Layer, type_: ResponseType, path: Path, kept: Path) -> Conflict:
    return Conflict(
        what="a weaker mode",
        type=type_.value,
        lock=lock,
        layer=layer.number,
        path=(*layer.path, *path),
        kept=kept,
    )
