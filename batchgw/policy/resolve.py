"""From the file to what it means: presets folded in, both spellings made one, `current` made explicit.

Order of precedence, weakest first: the presets in the order of `use`, then the response itself. Header names
are compared without case, as HTTP does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from batchgw.model import (
    DEFAULT_TEMPLATES,
    HEADER_PREFIX,
    AccountId,
    Desired,
    Mode,
    Policy,
    Region,
    ResponseType,
    RestApiId,
    Rule,
    Selection,
    Selector,
    Settings,
    Targets,
)
from batchgw.policy.contribution import Contribution, PresetSpec
from batchgw.policy.expressions import literal
from batchgw.policy.fields import HeaderSource
from batchgw.policy.findings import Finding, Path
from batchgw.policy.schema import PolicyFile, ResponseSpec, SelectorSpec, TargetsSpec
from batchgw.policy.templates import with_message

FAMILIES = (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a file means, and what was noticed on the way."""

    policy: Policy
    findings: tuple[Finding, ...]


def resolve(file: PolicyFile, source: str) -> Resolved:
    """Give the meaning of a policy file; `source` is its name, for messages."""
    findings: list[Finding] = []
    layers = _layers(file, findings)
    desired = Desired(
        rules={t: _rule(file, t, layers.get(t)) for t in _types(file, layers)}, unlisted=file.unlisted
    )
    policy = Policy(desired=desired, targets=_targets(file.targets), source=source)
    return Resolved(policy=policy, findings=tuple(findings))


def covered(file: PolicyFile, use: PresetSpec) -> tuple[ResponseType, ...]:
    """The types a preset in use covers, explicit `default`s not yet taken out."""
    if use.types is not None:
        return tuple(dict.fromkeys(use.types))
    return use.own_types or tuple(t for t in ResponseType if t in _customised(file))


def raw_headers(spec: ResponseSpec) -> Iterator[tuple[str, str, Path]]:
    """Give a response's headers in either spelling: name, raw expression, and where it stands in it."""
    for name, value in spec.headers.items():
        yield name, value.source if isinstance(value, HeaderSource) else literal(value), ("headers", name)
    for key, expression in spec.response_parameters.items():
        yield key.removeprefix(HEADER_PREFIX), expression, ("responseParameters", key)


def _customised(file: PolicyFile) -> set[ResponseType]:
    """DEFAULT_4XX and DEFAULT_5XX, and what responses and presets made for certain types customise."""
    named = {t for t, spec in file.responses.items() if isinstance(spec, ResponseSpec)}
    for use in file.use:
        named.update(use.types or use.own_types or ())
    return named.union(FAMILIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """One thing that a preset sets. `narrow`: the policy names the types that it shall cover."""

    name: str
    value: str
    narrow: bool


@dataclass(slots=True, kw_only=True)
class _Layer:
    """What the presets make of one type, the later over the earlier."""

    headers: dict[str, _Wish] = field(default_factory=dict)  # by lower-case name
    templates: dict[str, _Wish] = field(default_factory=dict)  # by content type
    others: dict[str, _Wish] = field(default_factory=dict)  # status, message

    def add(self, contribution: Contribution, *, narrow: bool) -> Iterator[str]:
        """Put a preset's wishes on top; tell what they override that was not meant to be."""
        for name, expression in contribution.headers.items():
            wish = _Wish(name=name, value=expression, narrow=narrow)
            if _put(self.headers, name.lower(), wish):
                yield f"the header {name}"
        for kind, text in contribution.templates.items():
            if _put(self.templates, kind, _Wish(name=kind, value=text, narrow=narrow)):
                yield f"the {kind} template"
        for what, value in (("status", contribution.status), ("message", contribution.message)):
            if value is not None and _put(self.others, what, _Wish(name=what, value=value, narrow=narrow)):
                yield f"the {what}"

    @property
    def status(self) -> str | None:
        """The status code, if a preset sets one."""
        return self.others["status"].value if "status" in self.others else None

    def settled_templates(self) -> Mapping[str, str]:
        """The templates with the fixed message, if there is one, in place of the service's."""
        templates = {kind: wish.value for kind, wish in self.templates.items()}
        if "message" not in self.others:
            return templates
        message = self.others["message"].value
        return {
            kind: with_message(text, message) for kind, text in {**DEFAULT_TEMPLATES, **templates}.items()
        }


def _put(wishes: dict[str, _Wish], key: str, wish: _Wish) -> bool:
    """Set a wish; tell whether it contradicts an earlier one, and not as the exception to a general one."""
    old = wishes.get(key)
    wishes[key] = wish
    return old is not None and old.value != wish.value and (old.narrow or not wish.narrow)


def _layers(file: PolicyFile, findings: list[Finding]) -> dict[ResponseType, _Layer]:
    layers: dict[ResponseType, _Layer] = {}
    for index, use in enumerate(file.use):
        overridden: dict[str, list[str]] = {}
        for type_ in covered(file, use):
            if file.responses.get(type_) == "default":
                findings.extend(_covers_default(use, index, type_))
                continue
            layer = layers.setdefault(type_, _Layer())
            for what in layer.add(use.contribution(type_), narrow=use.types is not None):
                overridden.setdefault(what, []).append(type_.value)
        findings.extend(_conflict(index, what, types) for what, types in overridden.items())
    return layers


def _conflict(index: int, what: str, types: list[str]) -> Finding:
    return Finding(
        rule="preset-conflict",
        path=("use", index),
        message=f"this preset sets {what} of {', '.join(types)} differently from one before it, and wins;"
        " drop one, or say by `types` where this one is meant",
    )


def _covers_default(use: PresetSpec, index: int, type_: ResponseType) -> Iterator[Finding]:
    if use.types is not None:
        yield Finding(
            rule="no-effect",
            path=("use", index, "types", use.types.index(type_)),
            message=f"the preset does not reach {type_.value}: responses says it shall be `default`, and that"
            " wins",
        )


def _types(file: PolicyFile, layers: Mapping[ResponseType, _Layer]) -> list[ResponseType]:
    return [t for t in ResponseType if t in file.responses or t in layers]


def _rule(file: PolicyFile, type_: ResponseType, layer: _Layer | None) -> Rule:
    spec = file.responses.get(type_, ResponseSpec())
    if not isinstance(spec, ResponseSpec):
        return Rule(settings=None, mode=file.mode)
    return Rule(settings=_settings(spec, layer or _Layer()), mode=_mode(file, spec))


def _mode(file: PolicyFile, spec: ResponseSpec) -> Mode:
    return spec.mode if spec.mode is not None else file.mode


def _settings(spec: ResponseSpec, layer: _Layer) -> Settings:
    headers = {key: (wish.name, wish.value) for key, wish in layer.headers.items()}
    for name, expression, _ in raw_headers(spec):
        headers[name.lower()] = (name, expression)
    return Settings(
        status_code=spec.status or spec.status_code or layer.status,
        parameters={HEADER_PREFIX + name: expression for name, expression in headers.values()},
        templates={**layer.settled_templates(), **spec.templates, **spec.response_templates},
    )


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
