"""How a flag is declared: with its help, its panel, and its environment variable: --rate is BATCHGW_RATE."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

STREAM = "-"
"""The value that stands for standard input or output."""

ADVANCED = "Advanced"
"""The last group of a verb's help: flags that few people need. Only `--help-all` shows it."""

PREFIX = "BATCHGW_"
"""The beginning of every variable's name."""

_declared: set[str] = set()


def declared() -> frozenset[str]:
    """Give the variables of all flags declared so far: of every verb, once `cli.main` is loaded."""
    return frozenset(_declared)


def variable(name: str, of: str | None = None) -> str:
    """Name a flag's environment variable. `of` names the verb where the flag has a meaning of its own."""
    words = name.partition("/")[0].lstrip("-")
    return PREFIX + "_".join([*([of] if of else []), words]).upper().replace("-", "_")


def variable_read(context: typer.Context, parameter: typer.CallbackParam) -> str | None:
    """Name the variable that the parser took a value from; None for a flag that was typed or left out."""
    source = context.get_parameter_source(parameter.name or "")
    of_environment = source is not None and source.name == "ENVIRONMENT"
    return parameter.envvar if of_environment and isinstance(parameter.envvar, str) else None


def from_environment(name: str, value: str | list[str]) -> bool:
    """Tell whether a flag has what its variable says, so that nobody need have typed it.

    It compares values, because a verb is given records of flags and no longer knows where each came from.
    """
    said = os.environ.get(variable(name), "").replace("\n", ",").split(",")
    return [value] == said if isinstance(value, str) else value == [part.strip() for part in said if part]


def flag(
    name: str,
    description: str,
    *more: str,
    panel: str | None = None,
    of: str | None = None,
    **settings: Any,
) -> Any:
    """Declare an option with its environment variable, see `variable`. `more` are further spellings.

    `settings` are keyword arguments of Typer's `Option`. The result is Any, because that of `Option` is: it
    stands inside `Annotated`.
    """
    envvar = variable(name, of)
    _declared.add(envvar)
    return typer.Option(
        name,
        *more,
        help=description,
        envvar=envvar,
        show_envvar=False,
        rich_help_panel=panel,
        **settings,
    )


def file_flag(name: str, description: str, *, dash: str = "", metavar: str = "FILE", **settings: Any) -> Any:
    """Declare an option that takes a file and not `-`. `dash` says what to do instead of `-`."""

    def named(value: Path | str | None) -> Path | str | None:
        if str(value) == STREAM:
            raise typer.BadParameter(f"`-` is not a file here: name one{dash and '; ' + dash}")
        return value

    return flag(name, description, metavar=metavar, callback=named, **settings)


def repeatable(name: str, description: str, *, commas: bool = False, **settings: Any) -> Any:
    """Declare an option that may be given several times; with `commas`, also as a comma list.

    Its environment variable holds a comma list, or one value a line where values may contain commas.
    """
    return flag(name, description, callback=_comma_lists if commas else _line_lists, **settings)


def _comma_lists(context: typer.Context, parameter: typer.CallbackParam, value: list[str]) -> list[str]:
    given = _environment(context, parameter) or value or []
    parts = [part.strip() for each in given for part in each.replace("\n", ",").split(",")]
    return _named(given, [part for part in parts if part])


def _line_lists(context: typer.Context, parameter: typer.CallbackParam, value: list[str]) -> list[str]:
    given = _environment(context, parameter)
    if given is None:
        return _named(value or [], list(value or []) if any(map(str.strip, value or [])) else [])
    return _named(given, [part.strip() for part in given[0].splitlines() if part.strip()])


def _named(given: Sequence[str], found: list[str]) -> list[str]:
    """Refuse a list that was given and is empty: `--account "$UNSET"` would mean every account."""
    if given and not found:
        raise typer.BadParameter("it is empty: name something, or leave it out")
    return found


def _environment(context: typer.Context, parameter: typer.CallbackParam) -> list[str] | None:
    """The variable's whole text when the value came from it. Typer has split the value at every blank."""
    name = variable_read(context, parameter)
    return None if name is None else [os.environ[name]]
