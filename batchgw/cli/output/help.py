"""The help: a line for each verb or flag where it fits, in groups, the most used first. No boxes.

Contexts, formatters and parameters are Any: Typer has its own copy of click, and its versions keep it in
different modules.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from batchgw.cli.flags.flag import ADVANCED
from batchgw.exit_codes import USAGE

LEFT: Final = 29
"""Columns for a flag and its value. The text of a longer one begins on the next line."""

SHORT: Final = 12
"""The same for the names of verbs."""

NARROWEST, WIDEST = 60, 110
"""The narrowest and the widest layout, in columns."""

HELP_ALL: Final = "help_all"
"""The parameter of `--help-all`."""

EVERY_FLAG: Final = "batchgw.every_flag"
"""In a context's `meta`: whether the group `ADVANCED` is shown, too. Without it the help fits on a page."""

FIRST: Final = ("Arguments", "Options", "Which APIs", "Pace", "Output", "AWS")
"""The groups that verbs share, in this order. A verb's own groups come next, and `ADVANCED` last."""


class Command(TyperCommand):
    """A verb with this form of help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        width = _width()
        shown = _shown(self, ctx)
        named = [_metavar(each) for each in shown if each.param_type_name == "argument"]
        _write(formatter, [*_head(self, ctx, width, named), *_parameters(shown, width)])


class Group(TyperGroup):
    """A group of verbs with this form of help."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help where no verb is given. It goes to stderr, since it was not asked for."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(USAGE)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        width = _width()
        lines = [*_head(self, ctx, width, ["VERB", "..."]), *self._verbs(ctx, width)]
        lines += _parameters(_shown(self, ctx), width)
        if self.epilog:
            lines += ["", *_filled(self.epilog, width)]
        _write(formatter, lines)

    def _verbs(self, context: Any, width: int) -> Iterator[str]:
        panels: dict[str, list[Any]] = {}
        for name in self.list_commands(context):
            verb: Any = self.get_command(context, name)
            panels.setdefault(getattr(verb, "rich_help_panel", None) or "Verbs", []).append(verb)
        for panel, verbs in panels.items():
            yield from ("", f"{panel}:")
            for verb in verbs:
                yield from _entry(verb.name, " ".join((verb.help or "").split()), width, left=SHORT)


def _width() -> int:
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns)) - 1


def _write(formatter: Any, lines: Iterable[str]) -> None:
    formatter.write("\n".join(lines) + "\n")


def show_every_flag(context: typer.Context, wanted: bool) -> None:  # noqa: FBT001 - Typer's way
    """Show the help with every flag, and end."""
    if wanted:
        context.meta[EVERY_FLAG] = True
        typer.echo(context.get_help())
        raise typer.Exit


HelpAll = Annotated[
    bool,
    typer.Option(
        "--help-all",
        help="Show advanced flags, too, and exit.",
        callback=show_every_flag,
        is_eager=True,
    ),
]
"""The flag of every verb that shows its whole help."""


def _shown(command: TyperCommand | TyperGroup, context: Any) -> list[Any]:
    every = EVERY_FLAG in context.meta
    found = [each for each in command.get_params(context) if not getattr(each, "hidden", False)]
    return [each for each in found if every or _group(each) != ADVANCED]


def _filled(text: str, width: int) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), width)


def _head(command: TyperCommand | TyperGroup, context: Any, width: int, named: list[str]) -> Iterator[str]:
    yield " ".join(["Usage:", context.command_path, "[OPTIONS]", *named])
    yield ""
    yield from _filled(command.help or "", width)


def _parameters(shown: list[Any], width: int) -> Iterator[str]:
    groups: dict[str, list[Any]] = {}
    for each in shown:
        groups.setdefault(_group(each), []).append(each)
    for name in sorted(groups, key=_order):
        yield ""
        yield f"{name}:"
        for each in groups[name]:
            yield from _entry(_left(each), _meaning(each), width)


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


def _meaning(parameter: Any) -> str:
    meaning = " ".join((parameter.help or "").split())
    default = _default(parameter)
    return meaning if default is None or "[default:" in meaning else f"{meaning} [default: {default}]"


def _default(parameter: Any) -> str | None:
    """Give the default, unless it only means that nothing was given."""
    default = parameter.default
    if default is True:
        return "yes"
    if default in (None, False, [], ()) or callable(default):
        return None
    if isinstance(default, Enum):
        return str(default.value)
    return f"{default:g}" if isinstance(default, float) else str(default)


def _entry(name: str, text: str, width: int, *, left: int = LEFT) -> Iterable[str]:
    """Render a name and its text, which begins after `left` columns."""
    lines = textwrap.wrap(text, width - left - 1, break_on_hyphens=False) or [""]
    written, indent = f"  {name}", " " * (left + 1)
    if len(written) > left:
        return [written, *(indent + each for each in lines)]
    first, *more = lines
    return [f"{written:<{left}} {first}".rstrip(), *(indent + each for each in more)]
