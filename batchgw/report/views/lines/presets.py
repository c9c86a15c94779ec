"""Presets, each with what it sets and how it can be changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from batchgw.report.views.text import Line, Span, line

if TYPE_CHECKING:  # pydantic is behind it
    from batchgw.policy.presets.index import PresetInfo


def preset_lines(preset: PresetInfo) -> Iterator[Line]:
    """Render a preset."""
    yield line(Span(preset.name, "bold"), f"  {preset.title}")
    yield line(f"    {preset.what}")
    types = ", ".join(preset.types or ("DEFAULT_4XX", "DEFAULT_5XX", "all that the policy names"))
    customised = ", and all that an API customised itself" if preset.customised else ""
    yield line(f"    types: {types}{customised}")
    if preset.status:
        yield line(f"    status: {preset.status}")
    for name, value in preset.headers.items():
        yield line(f"    header {name}: {value}")
    for name, value in preset.templates.items():
        yield line(f"    template {name}: {value}")
    if preset.message:
        yield line(f"    message: {preset.message}")
    for parameter in preset.parameters:
        if parameter.name != "types":
            default = _default(parameter.default)
            yield line(Span(f"    {parameter.name}: {parameter.description}{default}", "dim"))
    yield line()


def _default(value: object) -> str:
    if value in (None, [], ()):
        return ""
    shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if isinstance(value, bool):
        shown = shown.lower()  # as YAML writes it
    return f" [default: {shown}]"
