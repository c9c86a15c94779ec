"""The help of a verb: a line a flag where it fits, in groups, what is used most first. Plain, no boxes."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, Final

from typer.core import TyperCommand

from batchgw.cli.flag import ADVANCED

LEFT: Final = 29
"""Columns of flags and what they take; a longer one has its text on the next line."""

NARROWEST, WIDEST = 60, 110
"""Columns between which a terminal's width is heeded."""

FIRST: Final = ("Arguments", "Options", "Which APIs", "Pace", "Output", "AWS")
"""The groups that verbs share, in their order; a verb's own come before the last."""


class Command(TyperCommand):
    """A verb whose help reads like this."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # Any: Typer's own changed their module
        """Write the help."""
        width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns)) - 1
        formatter.write("\n".join(_lines(self, ctx, width)) + "\n")


def _lines(command: TyperCommand, context: Any, width: int) -> Iterator[str]:
    shown = [each for each in command.get_params(context) if not getattr(each, "hidden", False)]
    named = [_metavar(each) for each in shown if each.param_type_name == "argument"]
    yield " ".join(["Usage:", context.command_path, "[OPTIONS]", *named])
    yield ""
    yield from textwrap.wrap(" ".join((command.help or "").split()), width)
    groups: dict[str, list[Any]] = {}
    for each in shown:
        groups.setdefault(_group(each), []).append(each)
    for name in sorted(groups, key=_order):
        yield ""
        yield f"{name}:"
        for each in groups[name]:
            yield from _entry(_left(each), _told(each), width)


def _order(group: str) -> int:
    if group in FIRST:
        return FIRST.index(group)
    return len(FIRST) + (group == ADVANCED)


def _group(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return "Arguments"
    return getattr(parameter, "rich_help_panel", None) or "Options"


def _left(parameter: Any) -> str:
    """Give how a parameter is written: `-o, --output FORM`, `--strict/--no-strict`."""
    if parameter.param_type_name == "argument":
        return _metavar(parameter)
    short = [each for each in parameter.opts if not each.startswith("--")]
    long = [each for each in parameter.opts if each.startswith("--")]
    spelt = ", ".join([*short, *long])
    if parameter.secondary_opts:
        spelt += "/" + "/".join(parameter.secondary_opts)
    return f"{spelt} {parameter.metavar}" if parameter.metavar else spelt


def _metavar(parameter: Any) -> str:
    return parameter.metavar or str(parameter.name).upper()


def _told(parameter: Any) -> str:
    told = " ".join((parameter.help or "").split())
    default = _default(parameter)
    return told if default is None or "[default:" in told else f"{told} [default: {default}]"


def _default(parameter: Any) -> str | None:
    """Give the default where it says more than that nothing is given."""
    default = parameter.default
    if default is True:
        return "yes"
    if default in (None, False, [], ()) or callable(default):
        return None
    if isinstance(default, Enum):
        return str(default.value)
    return f"{default:g}" if isinstance(default, float) else str(default)


def _entry(left: str, text: str, width: int) -> Iterable[str]:
    told = textwrap.wrap(text, width - LEFT - 1, break_on_hyphens=False) or [""]
    written = f"  {left}"
    if len(written) > LEFT:
        return [written, *(" " * (LEFT + 1) + each for each in told)]
    first, *more = told
    return [f"{written:<{LEFT}} {first}".rstrip(), *(" " * (LEFT + 1) + each for each in more)]
