"""Works out what a policy file means: presets folded in, both spellings made one, `current` made explicit.

Order of precedence, weakest first: the presets in the order of `use`, then `wherever_customised`, then the
response itself. Header names are compared without case, as HTTP does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from batchgw.model import (
    AccountId,
    Desired,
    Policy,
    Region,
    ResponseType,
    RestApiId,
    Rule,
    Selection,
    Selector,
    Targets,
)
from batchgw.policy.meaning.covering import covered, covered_customised, mode_of
from batchgw.policy.meaning.layers import Layer, Layers, layered
from batchgw.policy.meaning.wherever_customised import wherever_customised
from batchgw.policy.schema import PolicyFile, ResponseSpec, SelectorSpec, TargetsSpec

_CUSTOMISED_TYPES = "types that an API customised itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Something that a preset sets differently from an earlier preset, other than as an exception to it.

    Attributes:
        use: number of the preset in `use`, from 0.
        what: what it sets, in words, such as "the header Vary".
        types: the types for which it does, in words.
    """

    use: int
    what: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a file means, and which presets contradict each other."""

    policy: Policy
    overrides: tuple[Override, ...]


def resolve(file: PolicyFile, source: str) -> Resolved:
    """Give the meaning of a policy file; `source` is its name, for messages."""
    layers, customised, overrides = _layers(file)
    rules = {t: _rule(file, t, layers.get(t)) for t in _types(file, layers)}
    desired = Desired(
        rules=rules,
        unlisted=file.unlisted,
        wherever_customised=wherever_customised(file, customised, rules),
    )
    policy = Policy(desired=desired, targets=_targets(file.targets), source=source)
    return Resolved(policy=policy, overrides=tuple(overrides))


def _layers(file: PolicyFile) -> tuple[Layers, Layers, list[Override]]:
    """Fold the presets: for the types that the policy names, and for those that an API customised itself."""
    layers: Layers = {}
    customised: Layers = {}
    overrides: list[Override] = []
    for index, use in enumerate(file.use):
        narrow = use.types is not None
        overridden: dict[str, list[str]] = {}
        for type_ in covered(file, use):
            if file.responses.get(type_) == "default":
                continue
            for what in layers.setdefault(type_, Layer()).add(use.contribution(type_), narrow=narrow):
                overridden.setdefault(what, []).append(type_.value)
        for type_ in covered_customised(file, use):
            for what in customised.setdefault(type_, Layer()).add(use.contribution(type_), narrow=narrow):
                types = overridden.setdefault(what, [])
                if _CUSTOMISED_TYPES not in types:
                    types.append(_CUSTOMISED_TYPES)
        overrides += [Override(use=index, what=what, types=tuple(t)) for what, t in overridden.items()]
    return layers, customised, overrides


def _types(file: PolicyFile, layers: Mapping[ResponseType, Layer]) -> list[ResponseType]:
    return [t for t in ResponseType if t in file.responses or t in layers]


def _rule(file: PolicyFile, type_: ResponseType, layer: Layer | None) -> Rule:
    spec = file.responses.get(type_, ResponseSpec())
    if not isinstance(spec, ResponseSpec):
        return Rule(settings=None, mode=file.mode)
    layer = layer or Layer()
    body = layered(layer, file.wherever_customised, spec)
    settings = replace(body, status_code=spec.status or spec.status_code or layer.status)
    return Rule(settings=settings, mode=mode_of(file, type_))


def _targets(spec: TargetsSpec) -> Targets:
    accounts = spec.accounts if isinstance(spec.accounts, list) else []
    return Targets(
        accounts=tuple(AccountId(a) for a in dict.fromkeys(accounts)),
        regions=tuple(Region(r) for r in dict.fromkeys(spec.regions or ())),
        role=spec.role,
        external_id=spec.external_id,
        session_name=spec.session_name,
        apis=Selection(
            include=tuple(_selector(s) for s in spec.apis.include or ()),
            exclude=tuple(_selector(s) for s in spec.apis.exclude),
        ),
    )


def _selector(spec: SelectorSpec) -> Selector:
    return Selector(
        id=RestApiId(spec.id) if spec.id is not None else None, name=spec.name, tags=dict(spec.tags)
    )
