"""What layers set on one type, value by value, each with what set it and what it won over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from batchgw.model import DEFAULT_TEMPLATES, HEADER_PREFIX, Settings
from batchgw.policy.fields import HeaderSource
from batchgw.policy.findings import Path
from batchgw.policy.grammar.expressions import literal
from batchgw.policy.grammar.templates import with_message
from batchgw.policy.meaning.folding.layer import Origin
from batchgw.policy.meaning.folding.locks import Conflict, Lock
from batchgw.policy.presets.contribution import Contribution
from batchgw.policy.schema.responses import BodySpec

Kind = Literal["header", "template", "status", "message", "mode", "unlisted", "default", "deploy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One thing that is set.

    Attributes:
        kind: what it is.
        name: the header or content type as it is spelled; else the kind.
        text: the value, a header's as the service takes it.
        origin: what set it.
        narrow: the policy names the types for which it is set.
        written: a template that the policy writes out, so that no preset's message goes into it.
        lock: the lock on it, if there is one.
        over: what it won over.
    """

    kind: Kind
    name: str
    text: str
    origin: Origin
    narrow: bool = False
    written: bool = False
    lock: Lock | None = None
    over: Value | None = None

    @property
    def words(self) -> str:
        """What it is, in words."""
        match self.kind:
            case "header":
                return f"the header {self.name}"
            case "template":
                return f"the {self.name} template"
            case _:
                return f"the {self.kind}"

    @property
    def key(self) -> tuple[Kind, str]:
        """What it is, so that a later value replaces it: a header by its name without case."""
        return self.kind, self.name.lower() if self.kind == "header" else self.name


def over(old: Value | None, value: Value) -> Value:
    """Give a value that wins over an earlier one."""
    return value if old is None else replace(value, over=old)


@dataclass(slots=True, kw_only=True)
class Stack:
    """What layers set on one type so far. What is added lies on top, and wins, unless it meets a lock.

    `about` says in words what it is about: a type, or the types that an API customised itself.
    """

    about: str = ""
    values: dict[tuple[Kind, str], Value] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    locked: dict[tuple[Kind, str], list[Value]] = field(default_factory=dict)
    own: dict[tuple[Kind, str], Value] = field(default_factory=dict)  # what the layer at hand has put

    def add_preset(
        self, contribution: Contribution, origin: Origin, *, narrow: bool, lock: Lock | None = None
    ) -> Iterator[str]:
        """Put a preset's settings on top.

        Give what they override of the same layer, unless `narrow` says that it is meant.
        """

        def value(kind: Kind, name: str, text: str) -> Value:
            return Value(kind=kind, name=name, text=text, origin=origin, narrow=narrow, lock=lock)

        found = [value("header", name, text) for name, text in contribution.headers.items()]
        found += [value("template", kind, text) for kind, text in contribution.templates.items()]
        if contribution.status is not None:
            found.append(value("status", "status", contribution.status))
        for each in found:
            if self._put(each):
                yield each.words
        if contribution.message is not None:
            message = value("message", "message", contribution.message)
            if self._put_message(message):
                yield message.words

    def add_body(self, spec: BodySpec, origin: Origin, lock: Lock | None = None) -> None:
        """Put written headers and templates on top. `origin` has the path of the mapping they stand in."""
        for name, expression, path in _raw_headers(spec):
            found = Value(kind="header", name=name, text=expression, origin=_at(origin, path), lock=lock)
            self._put(found)
        for key, templates in (("templates", spec.templates), ("responseTemplates", spec.response_templates)):
            for kind, text in templates.items():
                self._put_template(
                    Value(
                        kind="template",
                        name=kind,
                        text=text,
                        origin=_at(origin, (key, kind)),
                        written=True,
                        lock=lock,
                    )
                )

    def add_status(self, text: str, origin: Origin, lock: Lock | None = None) -> None:
        """Put a written status code on top."""
        self._put(Value(kind="status", name="status", text=text, origin=origin, lock=lock))

    def end_layer(self) -> None:
        """Lock what the layer has put that is locked: from now on, no other layer wins over it."""
        for key, value in self.own.items():
            if value.lock is not None:
                self.locked.setdefault(key, []).append(value)
        self.own = {}

    def of(self, kind: Kind) -> Iterator[Value]:
        """Give the values of a kind, as they were set."""
        return (value for value in self.values.values() if value.kind == kind)

    def final_templates(self) -> Mapping[str, Value]:
        """Give the templates. A fixed message, if there is one, replaces the service's in them."""
        templates = {value.name: value for value in self.of("template")}
        message = self.values.get(("message", "message"))
        if message is None:
            return templates
        plain = {
            kind: replace(message, kind="template", name=kind, text=text)
            for kind, text in DEFAULT_TEMPLATES.items()
        }
        return {
            kind: value
            if value.written
            else replace(value, text=with_message(value.text, message.text), lock=value.lock or message.lock)
            for kind, value in {**plain, **templates}.items()
        }

    def final(self) -> Iterator[Value]:
        """Give everything that a PUT carries: headers, templates as they are sent, the status."""
        yield from self.of("header")
        yield from self.final_templates().values()
        yield from self.of("status")

    def settings(self) -> Settings:
        """Give what a PUT carries."""
        return settings_of(self.final())

    def _put(self, value: Value) -> bool:
        """Set it. Tell whether it contradicts its own layer, other than as an exception there."""
        key, old = value.key, self.values.get(value.key)
        mine = self.own.get(key)
        lock = value.lock or (None if mine is None else mine.lock)  # an exception within the locked layer
        value = replace(value, lock=lock)
        self.own[key] = value
        for kept in self.locked.get(key, ()):
            if kept.text != value.text:
                self._refuse(kept, value)
        if old is not None and key in self.locked:
            return False
        self.values[key] = over(old, value)
        return mine is not None and mine.text != value.text and (mine.narrow or not value.narrow)

    def _put_template(self, value: Value) -> None:
        """Set a template that is written out. A message that is locked goes into it nevertheless."""
        for kept in self.locked.get(("message", "message"), ()):
            self._refuse(kept, value)
        self._put(replace(value, written=("message", "message") not in self.locked))

    def _put_message(self, message: Value) -> bool:
        """Set the message, which goes into the templates below it, unless one of them is locked."""
        locked = [kept for key, values in self.locked.items() if key[0] == "template" for kept in values]
        for kept in locked:
            self._refuse(kept, message)
        if locked:
            return False
        for value in list(self.of("template")):
            self.values[value.key] = replace(value, written=False)
        return self._put(message)

    def _refuse(self, kept: Value, value: Value) -> None:
        if kept.lock is not None:
            self.conflicts.append(
                Conflict(
                    what=value.words,
                    type=self.about,
                    lock=kept.lock,
                    layer=value.origin.layer,
                    path=value.origin.path,
                    kept=kept.origin.path,
                )
            )


def settings_of(values: Iterable[Value], *, status: bool = True) -> Settings:
    """Give what a PUT carries that sets these headers, templates and status; or all but the status."""
    found = list(values)
    codes = (value.text for value in found if value.kind == "status" and status)
    return Settings(
        status_code=next(codes, None),
        parameters={HEADER_PREFIX + value.name: value.text for value in found if value.kind == "header"},
        templates={value.name: value.text for value in found if value.kind == "template"},
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
