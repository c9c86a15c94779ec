"""What layers set on one type, value by value, each with what set it and what it won over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from batchgw.model import DEFAULT_TEMPLATES, HEADER_PREFIX, Settings
from batchgw.policy.fields import HeaderSource
from batchgw.policy.findings import Path
from batchgw.policy.grammar.expressions import literal
from batchgw.policy.grammar.templates import with_message
from batchgw.policy.meaning.layer import Origin
from batchgw.policy.presets.contribution import Contribution
from batchgw.policy.schema.responses import BodySpec

STATUS, MESSAGE = "status", "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One thing that is set.

    Attributes:
        name: the header or content type as it is spelled; `status`, `message`, `mode` or `unlisted`.
        text: the value, a header's as the service takes it.
        origin: what set it.
        narrow: the policy names the types for which it is set.
        written: a template that the policy writes out, so that no preset's message goes into it.
        over: what it won over.
    """

    name: str
    text: str
    origin: Origin
    narrow: bool = False
    written: bool = False
    over: Value | None = None


@dataclass(slots=True, kw_only=True)
class Stack:
    """What layers set on one type so far. What is added lies on top, and wins."""

    headers: dict[str, Value] = field(default_factory=dict)  # by lower-case name
    templates: dict[str, Value] = field(default_factory=dict)  # by content type
    others: dict[str, Value] = field(default_factory=dict)  # status, message

    def add_preset(self, contribution: Contribution, origin: Origin, *, narrow: bool) -> Iterator[str]:
        """Put a preset's settings on top.

        Give what they override of the same layer, unless `narrow` says that it is meant.
        """
        for name, expression in contribution.headers.items():
            value = Value(name=name, text=expression, origin=origin, narrow=narrow)
            if _put(self.headers, name.lower(), value):
                yield f"the header {name}"
        for kind, text in contribution.templates.items():
            if _put(self.templates, kind, Value(name=kind, text=text, origin=origin, narrow=narrow)):
                yield f"the {kind} template"
        for what, text_or_none in ((STATUS, contribution.status), (MESSAGE, contribution.message)):
            if text_or_none is not None:
                value = Value(name=what, text=text_or_none, origin=origin, narrow=narrow)
                if _put(self.others, what, value):
                    yield f"the {what}"
        if contribution.message is not None:  # goes into what lies below it
            self.templates = {kind: replace(value, written=False) for kind, value in self.templates.items()}

    def add_body(self, spec: BodySpec, origin: Origin) -> None:
        """Put written headers and templates on top. `origin` has the path of the mapping they stand in."""
        for name, expression, path in _raw_headers(spec):
            _put(self.headers, name.lower(), Value(name=name, text=expression, origin=_at(origin, path)))
        for key, templates in (("templates", spec.templates), ("responseTemplates", spec.response_templates)):
            for kind, text in templates.items():
                value = Value(name=kind, text=text, origin=_at(origin, (key, kind)), written=True)
                _put(self.templates, kind, value)

    def add_status(self, text: str, origin: Origin) -> None:
        """Put a written status code on top."""
        _put(self.others, STATUS, Value(name=STATUS, text=text, origin=origin))

    def values(self) -> Iterator[Value]:
        """Give everything that is set."""
        for each in (self.headers, self.templates, self.others):
            yield from each.values()

    @property
    def status(self) -> str | None:
        """The status code, if there is one."""
        return self.others[STATUS].text if STATUS in self.others else None

    def final_templates(self) -> Mapping[str, Value]:
        """Give the templates. A fixed message, if there is one, replaces the service's in them."""
        message = self.others.get(MESSAGE)
        if message is None:
            return self.templates
        templates = {
            kind: Value(name=kind, text=text, origin=message.origin)
            for kind, text in DEFAULT_TEMPLATES.items()
        } | self.templates
        return {
            kind: value if value.written else replace(value, text=with_message(value.text, message.text))
            for kind, value in templates.items()
        }

    def settings(self) -> Settings:
        """Give what a PUT carries."""
        return Settings(
            status_code=self.status,
            parameters={HEADER_PREFIX + value.name: value.text for value in self.headers.values()},
            templates={kind: value.text for kind, value in self.final_templates().items()},
        )


def put(values: dict[str, Value], key: str, value: Value) -> Value | None:
    """Set a value, and give the one that it wins over, if there is one."""
    old = values.get(key)
    values[key] = value if old is None else replace(value, over=old)
    return old


def _put(values: dict[str, Value], key: str, value: Value) -> bool:
    """Set it. Tell whether it contradicts one of its layer, other than as an exception to a general one."""
    old = put(values, key, value)
    return (
        old is not None
        and old.origin.layer == value.origin.layer
        and old.text != value.text
        and (old.narrow or not value.narrow)
    )


def _at(origin: Origin, path: Path) -> Origin:
    return Origin(layer=origin.layer, path=(*origin.path, *path))


def _raw_headers(spec: BodySpec) -> Iterator[tuple[str, str, Path]]:
    """Give the headers in either spelling: name, raw expression, and where it stands."""
    for name, value in spec.headers.items():
        raw = value.source if isinstance(value, HeaderSource) else literal(value)
        yield name, raw, ("headers", name)
    for key, expression in spec.response_parameters.items():
        yield key.removeprefix(HEADER_PREFIX), expression, ("responseParameters", key)
