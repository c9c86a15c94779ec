"""What layers say together of the stages that are made live, key by key, the later over the earlier.

`none` takes away all that was said before it, and a later layer begins anew. Over what is locked no later
layer wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from batchgw.model.deploy import Deploy
from batchgw.policy.grammar.amounts import duration_of, percent_of
from batchgw.policy.meaning.folding.layer import Layer, Origin
from batchgw.policy.meaning.folding.locks import Conflict, Lock
from batchgw.policy.meaning.folding.values import Value, over
from batchgw.policy.schema.deploy import NONE, DeploySpec

STAGES = "stages"
OFF = "deploy"
TIMES = ("bake", "verify_within")
ABOUT = "the deployment"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedDeploy:
    """What layers say together of stages.

    Attributes:
        values: what is said, by key: of `DeploySpec`, or "deploy" where it is `none`.
        conflicts: what is said against a lock; none of it counts.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    _specs: Mapping[int, DeploySpec] = field(default_factory=dict)

    def deploy(self, holds: Callable[[Lock], bool] | None = None) -> Deploy | None:
        """Give what is made live; None where nothing is. With `holds`, only values with such a lock count."""
        said = {
            key: getattr(self._specs[value.origin.layer], key)
            for key, value in self.values.items()
            if value.origin.layer in self._specs
            and (holds is None or (value.lock is not None and holds(value.lock)))
        }
        return _deploy(said) if STAGES in said else None


def fold_deploy(layers: Sequence[Layer]) -> FoldedDeploy:
    """Fold what layers, the weakest first, say of stages."""
    folding = _Folding()
    for layer in layers:
        if isinstance(layer.deploy, DeploySpec):
            folding.add(layer, layer.deploy)
        elif layer.deploy is not None:
            folding.switch_off(layer)
    specs = {layer.number: layer.deploy for layer in layers if isinstance(layer.deploy, DeploySpec)}
    return FoldedDeploy(values=folding.values, conflicts=tuple(folding.conflicts), _specs=specs)


def names_stages(layers: Iterable[Layer]) -> bool:
    """Tell whether any layer says which stages are made live."""
    return any(isinstance(layer.deploy, DeploySpec) and layer.deploy.stages for layer in layers)


class _Folding:
    """What layers have said so far, and what of it is locked."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self.conflicts: list[Conflict] = []
        self._locked: dict[str, list[Value]] = {}

    def add(self, layer: Layer, spec: DeploySpec) -> None:
        """Put what a layer says on top."""
        said = [key for key in type(spec).model_fields if getattr(spec, key) is not None]
        for key in said:
            value = _value(layer, key, _shown(getattr(spec, key)))
            against = (*self._locked.get(key, ()), *(self._locked.get(OFF, ()) if key == STAGES else ()))
            if self._allowed(value, against):
                below = self.values.get(key)
                if key == STAGES:
                    below = below or self.values.pop(OFF, None)
                self.values[key] = over(below, value)
            self._lock(value)

    def switch_off(self, layer: Layer) -> None:
        """Take away what was said, unless some of it is locked."""
        value = _value(layer, OFF, NONE)
        against = [kept for key, values in self._locked.items() for kept in values if key != OFF]
        if self._allowed(value, against) and not self._locked.get(OFF):
            below = self.values.get(STAGES) or self.values.get(OFF)
            self.values = {OFF: over(below, value)}
        self._lock(value)

    def _allowed(self, value: Value, against: Sequence[Value]) -> bool:
        for kept in against:
            if kept.lock is not None and (kept.name, _meaning(kept)) != (value.name, _meaning(value)):
                self.conflicts.append(_conflict(kept, kept.lock, value))
        return not against

    def _lock(self, value: Value) -> None:
        if value.lock is not None:
            self._locked.setdefault(value.name, []).append(value)


def _value(layer: Layer, key: str, text: str) -> Value:
    path = (*layer.path, "deploy") if key == OFF else (*layer.path, "deploy", key)
    return Value(
        kind="deploy",
        name=key,
        text=text,
        origin=Origin(layer=layer.number, path=path),
        lock=layer.lock(layer.locked.deploy),
    )


def _conflict(kept: Value, lock: Lock, value: Value) -> Conflict:
    return Conflict(
        what="`deploy: none`" if value.name == OFF else f"`{value.name}`",
        type=ABOUT,
        lock=lock,
        layer=value.origin.layer,
        path=value.origin.path,
        kept=kept.origin.path,
    )


def _shown(said: object) -> str:
    return ", ".join(said) if isinstance(said, list) else str(said)


def _meaning(value: Value) -> object:
    """Give what a value means, so that `10m` and `600s` are the same."""
    if value.name in TIMES:
        return duration_of(value.text)
    if value.name == "canary" and value.text != NONE:
        return tuple(map(percent_of, value.text.split(", ")))
    return value.text


def _deploy(said: Mapping[str, object]) -> Deploy:
    spec = DeploySpec.model_construct(None, **said)
    made = Deploy(stages=tuple(spec.stages or ()))
    return Deploy(
        stages=made.stages,
        canary=() if spec.canary in (None, NONE) else tuple(map(percent_of, spec.canary or ())),
        bake=made.bake if spec.bake is None else duration_of(spec.bake),
        verify=spec.verify or made.verify,
        verify_within=made.verify_within if spec.verify_within is None else duration_of(spec.verify_within),
        on_managed=spec.on_managed or made.on_managed,
    )
