"""What can be said of a policy beyond its form: of each response on its own, and of all of it together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from batchgw.model import HEADER_PREFIX, Desired, Mode, ResponseType, Rule, Settings, Unlisted
from batchgw.model.policy import CURRENT
from batchgw.policy.customised import lint_customised
from batchgw.policy.findings import Finding, Path, did_you_mean, shown
from batchgw.policy.lint.expressions import literal_text
from batchgw.policy.lint.headers import lint_header, lint_parameter
from batchgw.policy.lint.regions import REGIONS
from batchgw.policy.lint.templates import lint_template
from batchgw.policy.schema import BodySpec, PolicyFile, ResponseSpec, TargetsSpec

MAX_HEADER_BYTES = 10_240
"""API Gateway developer guide, quotas: total size of header values; names are counted here too."""


def lint_response(type_: ResponseType, spec: ResponseSpec) -> Iterator[Finding]:
    """Give the findings on one response; their paths start at the document's top."""
    top: Path = ("responses", type_.value)
    yield from _response_type(type_, spec, top)
    yield from _status(type_, spec, top)
    yield from lint_body(spec, top)


def lint_body(spec: BodySpec, top: Path) -> Iterator[Finding]:
    """Give the findings on headers and templates in either spelling, which stand at `top`."""
    for name, value in spec.headers.items():
        yield from lint_header(name, value, (*top, "headers", name))
    for key, expression in spec.response_parameters.items():
        yield from lint_parameter(key, expression, (*top, "responseParameters", key))
    for content_type, text in spec.templates.items():
        yield from lint_template(content_type, text, (*top, "templates", content_type))
    for content_type, text in spec.response_templates.items():
        yield from lint_template(content_type, text, (*top, "responseTemplates", content_type))
    yield from _twice(spec, top)


def lint_policy(file: PolicyFile, desired: Desired) -> Iterator[Finding]:
    """Give the findings on what the responses, presets and targets are together."""
    yield from _targets(file.targets)
    yield from _wherever_customised(file, desired)
    if not (desired.rules or desired.wherever_customised) and desired.unlisted is Unlisted.LEAVE:
        yield Finding(
            rule="empty-policy",
            path=(),
            message="the policy asks for nothing: name response types under `responses`, or presets under"
            " `use`",
        )
    for type_, rule in desired.rules.items():
        path: Path = ("responses", type_.value) if type_ in file.responses else ("use",)
        if rule.settings is not None:
            yield from _settings(type_, rule.settings, path)
            yield from _preset_templates(file, type_, rule.settings, path)
            yield from _detached(type_, rule, desired, path)
        elif rule.mode is Mode.FILL:
            message = (
                "mode fill leaves customised types alone, so there is nothing that `default` could take away"
            )
            yield Finding(rule="no-effect", path=path, message=message)


def _wherever_customised(file: PolicyFile, desired: Desired) -> Iterator[Finding]:
    """Lint what is merged into customised types: most often all types share it, so it is told once."""
    path: Path = ("wherever_customised",) if file.wherever_customised else ("use",)
    told: list[Settings] = []
    for type_, added in desired.wherever_customised.items():
        if added not in told:
            told.append(added)
            yield from _headers_together(f"{type_} where an API customised it", added, path)
    yield from lint_customised(file, desired)


def _response_type(type_: ResponseType, spec: ResponseSpec, top: Path) -> Iterator[Finding]:
    if spec.response_type is not None and spec.response_type != type_.value:
        message = f"responseType says something else than its key, {type_.value}; leave it out"
        yield Finding(rule="schema", path=(*top, "responseType"), message=message)
    if type_ is ResponseType.REQUEST_TOO_LARGE:
        message = "the service accepts a customised REQUEST_TOO_LARGE and never answers with it; leave it out"
        yield Finding(rule="no-effect", path=top, at_key=True, message=message)


def _status(type_: ResponseType, spec: ResponseSpec, top: Path) -> Iterator[Finding]:
    if spec.status is not None and spec.status_code is not None:
        yield _second((*top, "statusCode"), "the status stands under `status` too; keep one of them")
    if type_ is ResponseType.INTEGRATION_FAILURE and "504" in (spec.status, spec.status_code):
        yield Finding(
            rule="pinned-504",
            path=(*top, "status" if spec.status == "504" else "statusCode"),
            message="504 is what the service displays for INTEGRATION_FAILURE, but uncustomised it answers"
            " 500: this changes what clients see. Leave the status out, unless that is the point",
        )


def _twice(spec: BodySpec, top: Path) -> Iterator[Finding]:
    headers: list[tuple[str, Path]] = [(name, (*top, "headers", name)) for name in spec.headers]
    headers += [
        (key.removeprefix(HEADER_PREFIX), (*top, "responseParameters", key))
        for key in spec.response_parameters
    ]
    seen: dict[str, str] = {}
    for name, path in headers:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            yield _second(
                path,
                f"{shown(name)} and {shown(other)} are one header: case does not count; keep one of them",
            )
        elif path[-1] != name and name in spec.headers:
            yield _second(path, f"the header {shown(name)} stands under `headers` too; keep one of them")
    for kind in spec.response_templates:
        if kind in spec.templates:
            path = (*top, "responseTemplates", kind)
            yield _second(path, f"the {shown(kind)} template stands under `templates` too; keep one of them")


def _second(path: Path, message: str) -> Finding:
    return Finding(rule="given-twice", path=path, at_key=True, message=message)


def _settings(type_: ResponseType, settings: Settings, path: Path) -> Iterator[Finding]:
    if settings == Settings():
        family = type_.family
        message = "this customises the type with the service's defaults" + (
            f" and so cuts it off from {family}; write `default` to take a customisation away"
            if family
            else ""
        )
        yield Finding(rule="empty-response", path=path, message=message)
    yield from _headers_together(type_.value, settings, path)


def _headers_together(what: str, settings: Settings, path: Path) -> Iterator[Finding]:
    headers = _headers(settings)
    size = sum(len((name + (literal_text(value) or "")).encode()) for name, value in headers.items())
    if size > MAX_HEADER_BYTES:
        message = (
            f"the headers of {what} have {size} bytes together, and the service takes {MAX_HEADER_BYTES}"
        )
        yield Finding(rule="header-size", path=path, message=message)
    origin = headers.get("access-control-allow-origin")
    if origin == "'*'" and headers.get("access-control-allow-credentials") == "'true'":
        yield Finding(
            rule="cors-credentials",
            path=path,
            message=f"browsers refuse credentials when Access-Control-Allow-Origin is * ({what}): name one"
            ' origin, or answer with the one that asked, {"from": "method.request.header.Origin"} (under'
            " responseParameters: method.request.header.Origin)",
        )


def _preset_templates(
    file: PolicyFile, type_: ResponseType, settings: Settings, path: Path
) -> Iterator[Finding]:
    """Lint what presets made of their parameters; a response's own templates are linted where they stand."""
    spec = file.responses.get(type_)
    own = {*spec.templates, *spec.response_templates} if isinstance(spec, ResponseSpec) else set()
    for kind, text in settings.templates.items():
        if kind not in own:
            yield from lint_template(kind, text, path)


def _headers(settings: Settings) -> dict[str, str]:
    """A response's raw expressions by lower-case header name."""
    return {key.removeprefix(HEADER_PREFIX).lower(): value for key, value in settings.parameters.items()}


def _detached(type_: ResponseType, rule: Rule, desired: Desired, path: Path) -> Iterator[Finding]:
    """Warn of what a customised type no longer inherits; in mode merge it keeps what it showed."""
    family = desired.rules.get(type_.family) if type_.family is not None else None
    if rule.settings is None or rule.mode is Mode.MERGE or family is None or family.settings is None:
        return
    own = _headers(rule.settings)
    lost = [k.removeprefix(HEADER_PREFIX) for k in family.settings.parameters]
    lost = [name for name in lost if name.lower() not in own]
    if lost:
        message = (
            f"a customised {type_} inherits nothing from {type_.family}, so it is sent without"
            f" {', '.join(lost)}; repeat what it shall have"
        )
        yield Finding(rule="detached-headers", path=path, at_key=True, message=message)
    if family.settings.templates and not rule.settings.templates:
        message = (
            f"a customised {type_} inherits nothing from {type_.family}, so its body is the service's"
            " default; repeat the template if that is not the point"
        )
        yield Finding(rule="detached-template", path=path, at_key=True, message=message)


def _targets(targets: TargetsSpec) -> Iterator[Finding]:
    for index, region in enumerate(targets.regions or ()):
        if region not in REGIONS:
            message = (
                f"{region} is not among the regions known to this version{did_you_mean(region, REGIONS)}"
            )
            yield Finding(rule="unknown-region", path=("targets", "regions", index), message=message)
    accounts = targets.accounts if isinstance(targets.accounts, list) else []
    yield from _repeated(targets.regions or (), ("targets", "regions"))
    yield from _repeated(accounts, ("targets", "accounts"))
    if any(account != CURRENT for account in accounts) and targets.role is None:
        message = "accounts are listed without a `role` to reach them: only the account of the credentials"
        " will work"
        yield Finding(
            rule="accounts-without-role", path=("targets", "accounts"), at_key=True, message=message
        )


def _repeated(items: Sequence[str], path: Path) -> Iterator[Finding]:
    seen = Counter[str]()
    for index, item in enumerate(items):
        seen[item] += 1
        if seen[item] == 2:  # noqa: PLR2004 - said once, however often it stands there
            yield Finding(rule="repeated", path=(*path, index), message=f"{item} stands in this list already")
