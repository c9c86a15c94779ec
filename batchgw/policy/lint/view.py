"""A policy as the rules look at it: each header and template, in either spelling, with its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batchgw.model import HEADER_PREFIX, Desired, ResponseType, Settings
from batchgw.policy.fields import HeaderSource
from batchgw.policy.findings import Path
from batchgw.policy.grammar.expressions import Form, form, literal_text, quoted_text
from batchgw.policy.meaning.resolve import Override
from batchgw.policy.schema import BodySpec, PolicyFile, ResponseSpec


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
    """A policy whose form is right.

    Attributes:
        file: as it was written; a value's keys are its path.
        desired: what it means.
        overrides: what presets set that later presets set differently.
    """

    file: PolicyFile
    desired: Desired
    overrides: tuple[Override, ...]

    def responses(self) -> Iterator[Response]:
        """Give the responses that are not `default`."""
        for type_, spec in self.file.responses.items():
            if isinstance(spec, ResponseSpec):
                yield Response(type=type_, spec=spec, path=("responses", type_.value))

    def bodies(self) -> Iterator[Body]:
        """Give everything in the file that sets headers and templates."""
        for response in self.responses():
            yield Body(spec=response.spec, path=response.path)
        if self.file.wherever_customised is not None:
            yield Body(spec=self.file.wherever_customised, path=("wherever_customised",))

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
        for type_, settings in self.customised():
            spec = self.file.responses.get(type_)
            own = {*spec.templates, *spec.response_templates} if isinstance(spec, ResponseSpec) else set()
            for kind, text in settings.templates.items():
                if kind not in own:
                    yield Template(content_type=kind, text=text, path=self.path_of(type_))

    def customised(self) -> Iterator[tuple[ResponseType, Settings]]:
        """Give what each type is customised to in every API, with presets folded in."""
        for type_, rule in self.desired.rules.items():
            if rule.settings is not None:
                yield type_, rule.settings

    def sent_headers(self) -> Iterator[SentHeaders]:
        """Give the headers that are sent together, with presets folded in.

        Where an API customised its types itself, all of them most often get the same, which is given once.
        """
        for type_, settings in self.customised():
            yield _sent(type_.value, settings, self.path_of(type_))
        path: Path = ("wherever_customised",) if self.file.wherever_customised else ("use",)
        seen: list[Settings] = []
        for type_, added in self.desired.wherever_customised.items():
            if added not in seen:
                seen.append(added)
                yield _sent(f"{type_} where an API customised it", added, path)

    def path_of(self, type_: ResponseType) -> Path:
        """Say where the file asks for a type: under `responses`, or by a preset."""
        return ("responses", type_.value) if type_ in self.file.responses else ("use",)


def _sent(what: str, settings: Settings, path: Path) -> SentHeaders:
    headers = {key.removeprefix(HEADER_PREFIX).lower(): value for key, value in settings.parameters.items()}
    return SentHeaders(what=what, headers=headers, path=path)
