"""A policy as the rules look at it: each header and template, in either spelling, with its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchgw.model import HEADER_PREFIX, Desired, ResponseType, Settings
from batchgw.policy.fields import HeaderSource
from batchgw.policy.findings import Path
from batchgw.policy.grammar.expressions import Form, form, literal_text, quoted_text
from batchgw.policy.meaning.folding.desired import desired_of, unfolded
from batchgw.policy.meaning.folding.fold import Folded, Override, fold
from batchgw.policy.meaning.folding.layer import Layer
from batchgw.policy.meaning.folding.values import Stack, Value
from batchgw.policy.meaning.source import Source, layers_of
from batchgw.policy.schema.file import PolicyFile
from batchgw.policy.schema.responses import BodySpec, ResponseSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response in the file, other than `default`."""

    type: ResponseType
    spec: ResponseSpec
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Headers and templates in the file: of a response, or of `wherever_customised`."""

    spec: BodySpec
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header under `headers`."""

    name: str
    value: str | HeaderSource
    path: Path

    @property
    def text(self) -> str | None:
        """What is meant to be sent: without single quotes around it; None for a mapping."""
        if isinstance(self.value, HeaderSource):
            return None
        bare = quoted_text(self.value)
        return self.value if bare is None else bare


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A header under `responseParameters`: its key there, and the raw expression."""

    key: str
    expression: str
    path: Path

    @property
    def form(self) -> Form:
        """What the expression is."""
        return form(self.expression)

    @property
    def text(self) -> str | None:
        """What a literal sends; None for anything else."""
        return literal_text(self.expression)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template in the file, or one that presets make; the latter at the path of what asks for it."""

    content_type: str
    text: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SentHeaders:
    """The headers that one answer carries: raw expressions by lower-case name. `what` names the answer."""

    what: str
    headers: Mapping[str, str]
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """A layer of a policy file whose form is right: its top, or one of its rules over the top.

    Attributes:
        file: as it was written; a value's keys are its path.
        layer: the layer that is looked at.
        folded: what it means, over the top of the file where it is a rule.
        desired: the same, without what set each value.
        idle: whether it is a rule that changes nothing, neither over the top nor over all rules before it.
    """

    file: PolicyFile
    layer: Layer
    folded: Folded
    desired: Desired
    idle: bool = False

    @property
    def is_top(self) -> bool:
        """Whether it is the top of the file, and not a rule."""
        return self.layer.path == ()

    @property
    def overrides(self) -> tuple[Override, ...]:
        """What presets of the layer set that later ones of it set differently."""
        return tuple(each for each in self.folded.overrides if each.layer == self.layer.number)

    def at(self, *path: str | int) -> Path:
        """Give the path of something in the layer."""
        return (*self.layer.path, *path)

    def responses(self) -> Iterator[Response]:
        """Give the responses that are not `default`."""
        for type_, spec in self.layer.responses.items():
            if isinstance(spec, ResponseSpec):
                yield Response(type=type_, spec=spec, path=self.at("responses", type_.value))

    def bodies(self) -> Iterator[Body]:
        """Give everything in the layer that sets headers and templates."""
        for response in self.responses():
            yield Body(spec=response.spec, path=response.path)
        if self.layer.wherever_customised is not None:
            yield Body(spec=self.layer.wherever_customised, path=self.at("wherever_customised"))

    def headers(self) -> Iterator[Header]:
        """Give the headers in the friendly spelling."""
        for body in self.bodies():
            for name, value in body.spec.headers.items():
                yield Header(name=name, value=value, path=(*body.path, "headers", name))

    def parameters(self) -> Iterator[Parameter]:
        """Give the headers in boto3's spelling."""
        for body in self.bodies():
            for key, expression in body.spec.response_parameters.items():
                yield Parameter(key=key, expression=expression, path=(*body.path, "responseParameters", key))

    def header_texts(self) -> Iterator[tuple[str, Path]]:
        """Give the text of every header that is not a mapping, in either spelling."""
        for header in self.headers():
            if header.text is not None:
                yield header.text, header.path
        for parameter in self.parameters():
            if parameter.text is not None:
                yield parameter.text, parameter.path

    def templates(self) -> Iterator[Template]:
        """Give the templates in either spelling, and those that presets make of their parameters."""
        for body in self.bodies():
            for kind, text in body.spec.templates.items():
                yield Template(content_type=kind, text=text, path=(*body.path, "templates", kind))
            for kind, text in body.spec.response_templates.items():
                yield Template(content_type=kind, text=text, path=(*body.path, "responseTemplates", kind))
        for type_, stack in self._stacks():
            for kind, value in stack.final_templates().items():
                if not value.written and self._is_own(value):
                    yield Template(content_type=kind, text=value.text, path=self.path_of(type_))

    def customised(self) -> Iterator[tuple[ResponseType, Settings]]:
        """Give what each type is customised to in every API, with presets folded in.

        Of a rule, those are the types that are as they are because of it.
        """
        for type_, stack in self._stacks():
            if self.touches(type_):
                yield type_, stack.settings()

    def touches(self, type_: ResponseType) -> bool:
        """Tell whether a type is as it is because of this layer; of the top, that is every type."""
        stack = self.folded.types[type_].sets
        return self.is_top or type_ in self.layer.responses or (stack is not None and self._is_in(stack))

    def sent_headers(self) -> Iterator[SentHeaders]:
        """Give the headers that are sent together, with presets folded in.

        Where an API customised its types itself, all of them most often get the same, which is given once.
        """
        for type_, settings in self.customised():
            yield _sent(type_.value, settings, self.path_of(type_))
        path = self.at("wherever_customised" if self.layer.wherever_customised else "use")
        seen: list[Settings] = []
        for type_, added in self.desired.wherever_customised.items():
            if added not in seen and (self.is_top or self._is_in(self.folded.types[type_].adds)):
                seen.append(added)
                yield _sent(f"{type_} where an API customised it", added, path)

    def path_of(self, type_: ResponseType) -> Path:
        """Say where the file asks for a type: under `responses`, or by a preset."""
        if type_ in self.layer.responses:
            return self.at("responses", type_.value)
        if type_ in self.file.responses:
            return ("responses", type_.value)
        return self.at("use")

    def _stacks(self) -> Iterator[tuple[ResponseType, Stack]]:
        for type_, folded in self.folded.types.items():
            if folded.sets is not None:
                yield type_, folded.sets

    def _is_in(self, stack: Stack) -> bool:
        return any(map(self._is_own, stack.values.values()))

    def _is_own(self, value: Value) -> bool:
        return value.origin.layer == self.layer.number


def views_of(source: Source) -> Iterator[PolicyView]:
    """Give a view of each layer of a file."""
    layers = layers_of([source])
    base = fold(layers[:1])
    alone = unfolded(base)
    yield PolicyView(file=source.file, layer=layers[0], folded=base, desired=alone)
    for index, layer in enumerate(layers[1:], 1):
        folded = fold([layers[0], layer])
        desired = unfolded(folded)
        idle = desired == alone and layer.locked.whole is None and _changes_nothing(layers[:index], layer)
        yield PolicyView(file=source.file, layer=layer, folded=folded, desired=desired, idle=idle)


def _changes_nothing(before: Sequence[Layer], layer: Layer) -> bool:
    return desired_of([*before, layer]) == desired_of(before)


def _sent(what: str, settings: Settings, path: Path) -> SentHeaders:
    headers = {key.removeprefix(HEADER_PREFIX).lower(): value for key, value in settings.parameters.items()}
    return SentHeaders(what=what, headers=headers, path=path)
