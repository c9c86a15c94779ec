"""From the file to what it means: presets folded in, both spellings made one, `current` made explicit.

Order of precedence, weakest first: the presets in the order of `use`, then `wherever_customised`, then the
response itself. Header names are compared without case, as HTTP does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from batchgw.policy.covering import covered, covered_customised, mode_of
from batchgw.policy.customised import wherever_customised
from batchgw.policy.findings import Finding
from batchgw.policy.layers import Layer, Layers, layered
from batchgw.policy.presets.contribution import PresetSpec
from batchgw.policy.schema import PolicyFile, ResponseSpec, SelectorSpec, TargetsSpec

_CUSTOMISED_TYPES = "types that an API customised itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a file means, and what was noticed on the way."""

    policy: Policy
    findings: tuple[Finding, ...]


def resolve(file: PolicyFile, source: str) -> Resolved:
    """Give the meaning of a policy file; `source` is its name, for messages."""
    findings: list[Finding] = []
    layers, customised = _layers(file, findings)
    rules = {t: _rule(file, t, layers.get(t)) for t in _types(file, layers)}
    desired = Desired(
        rules=rules,
        unlisted=file.unlisted,
        wherever_customised=wherever_customised(file, customised, rules),
    )
    policy = Policy(desired=desired, targets=_targets(file.targets), source=source)
    return Resolved(policy=policy, findings=tuple(findings))


def _layers(file: PolicyFile, findings: list[Finding]) -> tuple[Layers, Layers]:
    """Fold the presets: for the types that the policy names, and for those that an API customised itself."""
    layers: Layers = {}
    customised: Layers = {}
    for index, use in enumerate(file.use):
        narrow = use.types is not None
        overridden: dict[str, list[str]] = {}
        for type_ in covered(file, use):
            if file.responses.get(type_) == "default":
                findings.extend(_covers_default(use, index, type_))
                continue
            for what in layers.setdefault(type_, Layer()).add(use.contribution(type_), narrow=narrow):
                overridden.setdefault(what, []).append(type_.value)
        for type_ in covered_customised(file, use):
            for what in customised.setdefault(type_, Layer()).add(use.contribution(type_), narrow=narrow):
                types = overridden.setdefault(what, [])
                if _CUSTOMISED_TYPES not in types:
                    types.append(_CUSTOMISED_TYPES)
        findings.extend(_conflict(index, what, types) for what, types in overridden.items())
    return layers, customised


def _conflict(index: int, what: str, types: list[str]) -> Finding:
    return Finding(
        rule="preset-conflict",
        path=("use", index),
        message=f"this preset sets {what} of {', '.join(types)} differently from one before it, and wins;"
        " drop one, or say by `types` where this one is meant",
    )


def _covers_default(use: PresetSpec, index: int, type_: ResponseType) -> Iterator[Finding]:
    if use.types is not None and type_ in use.types:
        yield Finding(
            rule="no-effect",
            path=("use", index, "types", use.types.index(type_)),
            message=f"the preset does not reach {type_.value}: responses says it shall be `default`, and that"
            " wins",
        )


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
