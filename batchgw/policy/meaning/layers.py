"""Combines presets for one response type, the later over the earlier, and the policy's settings over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from batchgw.model import DEFAULT_TEMPLATES, HEADER_PREFIX, ResponseType, Settings
from batchgw.policy.fields import HeaderSource
from batchgw.policy.grammar.expressions import literal
from batchgw.policy.grammar.templates import with_message
from batchgw.policy.presets.contribution import Contribution
from batchgw.policy.schema import BodySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """One thing that a preset sets. `narrow`: the policy names the types that the preset covers."""

    name: str
    value: str
    narrow: bool


@dataclass(slots=True, kw_only=True)
class Layer:
    """What the presets set for one type, the later over the earlier."""

    headers: dict[str, _Setting] = field(default_factory=dict)  # by lower-case name
    templates: dict[str, _Setting] = field(default_factory=dict)  # by content type
    others: dict[str, _Setting] = field(default_factory=dict)  # status, message

    def add(self, contribution: Contribution, *, narrow: bool) -> Iterator[str]:
        """Put a preset's settings on top. Give what they override, unless `narrow` says that it is meant."""
        for name, expression in contribution.headers.items():
            setting = _Setting(name=name, value=expression, narrow=narrow)
            if _put(self.headers, name.lower(), setting):
                yield f"the header {name}"
        for kind, text in contribution.templates.items():
            if _put(self.templates, kind, _Setting(name=kind, value=text, narrow=narrow)):
                yield f"the {kind} template"
        for what, value in (("status", contribution.status), ("message", contribution.message)):
            if value is not None and _put(self.others, what, _Setting(name=what, value=value, narrow=narrow)):
                yield f"the {what}"

    @property
    def status(self) -> str | None:
        """The status code, if a preset sets one."""
        return self.others["status"].value if "status" in self.others else None

    def final_templates(self) -> Mapping[str, str]:
        """The templates. A fixed message, if there is one, replaces the service's in them."""
        templates = {kind: setting.value for kind, setting in self.templates.items()}
        if "message" not in self.others:
            return templates
        message = self.others["message"].value
        return {
            kind: with_message(text, message) for kind, text in {**DEFAULT_TEMPLATES, **templates}.items()
        }


def _put(settings: dict[str, _Setting], key: str, setting: _Setting) -> bool:
    """Set it. Tell whether it contradicts an earlier setting, other than as an exception to a general one."""
    old = settings.get(key)
    settings[key] = setting
    return old is not None and old.value != setting.value and (old.narrow or not setting.narrow)


Layers = dict[ResponseType, Layer]
"""The layer of each type that a preset covers."""


def layered(layer: Layer, *specs: BodySpec | None) -> Settings:
    """Give the headers and templates of presets with those of `specs` over them, the last spec on top."""
    headers = {key: (setting.name, setting.value) for key, setting in layer.headers.items()}
    templates = dict(layer.final_templates())
    for spec in specs:
        if spec is not None:
            headers.update((name.lower(), (name, expression)) for name, expression in _raw_headers(spec))
            templates.update({**spec.templates, **spec.response_templates})
    parameters = {HEADER_PREFIX + name: expression for name, expression in headers.values()}
    return Settings(parameters=parameters, templates=templates)


def _raw_headers(spec: BodySpec) -> Iterator[tuple[str, str]]:
    """Give the headers in either spelling: name and raw expression."""
    for name, value in spec.headers.items():
        yield name, value.source if isinstance(value, HeaderSource) else literal(value)
    for key, expression in spec.response_parameters.items():
        yield key.removeprefix(HEADER_PREFIX), expression
