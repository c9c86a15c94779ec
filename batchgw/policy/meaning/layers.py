"""What presets make of one response type, the later over the earlier, and what a policy says over that."""

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
class _Wish:
    """One thing that a preset sets. `narrow`: the policy names the types that it shall cover."""

    name: str
    value: str
    narrow: bool


@dataclass(slots=True, kw_only=True)
class Layer:
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


Layers = dict[ResponseType, Layer]
"""The layer of each type that a preset covers."""


def layered(layer: Layer, *specs: BodySpec | None) -> Settings:
    """Give the headers and templates of presets, and over them what `specs` say, the last of them on top."""
    headers = {key: (wish.name, wish.value) for key, wish in layer.headers.items()}
    templates = dict(layer.settled_templates())
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
