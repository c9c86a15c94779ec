"""Why an API is to be as it is, as lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from batchgw.report.views.text import Line, Span, Style, line

if TYPE_CHECKING:  # pydantic is behind it
    from batchgw.policy.meaning.explain import ExplainedDeploy, ExplainedType, Explanation, Said, Tried

_STATES = {
    "customised": "customised",
    "default": "the service's default",
    "reset": "reset to the service's default: it is not listed",
    "left": "left as it is",
    "exempt": "exempt",
}

_DEPLOYED = {"live": "made live", "none": "none is made live", "exempt": "exempt"}


def explanation_lines(explanation: Explanation) -> Iterator[Line]:
    """Show what matches, and each value with the line that decided it."""
    api = explanation.api
    owner = () if api.owner is None else (Span(f"  [{api.owner}]", "dim"),)
    yield line(Span(str(api), "bold"), f"  {api.name}", *owner)
    yield from _tried("Layers, later ones win", explanation.layers)
    if explanation.exemptions:
        yield from _tried("Exemptions", explanation.exemptions)
    for note in explanation.notes:
        yield line(Span("note: ", "warning"), note)
    left = [each for each in explanation.types if each.state == "left"]
    for each in explanation.types:
        if each.state != "left" or not each.adds:
            yield line()
            yield from _type(each)
    for types in _alike(left):
        yield line()
        yield line(Span(", ".join(each.type.value for each in types), "bold"), f"  {_STATES['left']}, but")
        yield from _added(types[0])
    if explanation.deploy is not None:
        yield line()
        yield from _deploy(explanation.deploy)
    yield line()
    yield line("Types that the policy does not name: ", *_value(explanation.unlisted))


def _alike(types: Iterable[ExplainedType]) -> Iterable[list[ExplainedType]]:
    """Group types into which the same is merged: most often all are of one group."""
    groups: dict[tuple[Said, ...], list[ExplainedType]] = {}
    for each in types:
        if each.adds:
            groups.setdefault(each.adds, []).append(each)
    return groups.values()


def _tried(title: str, found: Iterable[Tried]) -> Iterator[Line]:
    yield line(f"{title}:")
    for each in found:
        if each.matches:
            yield line("  ", Span("matches  ", "good"), each.name, Span(f"  {each.where}", "dim"))
        else:
            where = Span(f"  {each.where}", "dim")
            yield line("  ", Span("no match ", "dim"), each.name, where, f"  {each.why}")


def _type(explained: ExplainedType) -> Iterator[Line]:
    style: Style = "warning" if explained.state == "exempt" else ""
    why = f": {explained.why}" if explained.why else ""
    yield line(Span(explained.type.value, "bold"), "  ", Span(_STATES[explained.state] + why, style))
    if explained.mode is not None:
        yield line("  mode ", *_value(explained.mode))
    for said in explained.sets:
        yield from _said(said)
    yield from _added(explained)


def _deploy(explained: ExplainedDeploy) -> Iterator[Line]:
    style: Style = "warning" if explained.state == "exempt" else ""
    why = f": {explained.why}" if explained.why else ""
    yield line(Span("Stages", "bold"), "  ", Span(_DEPLOYED[explained.state] + why, style))
    for said in explained.sets:
        yield line(f"  {said.name}: ", *_value(said))
        for each in said.over:
            yield line(Span("      over ", "dim"), *_value(each))


def _added(explained: ExplainedType) -> Iterator[Line]:
    if explained.adds:
        yield line("  where the API customised it itself, merged into it")
        for said in explained.adds:
            yield from _said(said)


def _said(said: Said) -> Iterator[Line]:
    name = said.what if said.name == said.what else f"{said.what} {said.name}"
    yield line(f"  {name}: ", *_value(said))
    for each in said.over:
        yield line(Span("      over ", "dim"), *_value(each))


def _value(said: Said) -> tuple[str | Span, ...]:
    text = " ".join(said.value.split())
    of_file = said.where.startswith(f"{said.layer}:")
    source = (said.where if of_file else f"{said.where} ({said.layer})") if said.where else "by default"
    locked = Span(f", locked at {said.locked}", "warning") if said.locked else ""
    return text, Span(f"  {source}", "dim"), locked
