"""Turns a function whose parameters are records of flags into a command with one option a flag.

A verb is written as `def plan(policy: PolicyFile, selection: SelectionFlags, output: OutputFlags) -> int`;
Typer sees `plan(policy, region, account, ..., output, quiet, ...)`.

Records, their hints and the values of flags are Any: they are made from annotations while the program runs.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import EnumType
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_type_hints

import typer

from batchgw.cli.flags.form import form_flag
from batchgw.cli.flags.numbers import number_reader
from batchgw.cli.flags.options import OutputFlags, RunFlags
from batchgw.cli.flags.texts import read_text
from batchgw.cli.flags.variables import check_variables
from batchgw.cli.output.console import Console
from batchgw.cli.output.failure import report
from batchgw.cli.output.help import HELP_ALL, Command, HelpAll
from batchgw.exit_codes import OK
from batchgw.report.views.interface import Subject

Verb = Callable[..., int | None]
"""A verb returns its exit code; None means 0. Its exceptions are reported here."""


def verb(
    app: typer.Typer, name: str | None = None, *, shows: Subject | None = None, **settings: Any
) -> Callable[[Verb], Verb]:
    """Register a verb under its own name, or another. `--output` offers the forms of what it `shows`."""

    def register(function: Verb) -> Verb:
        app.command(name, cls=Command, **settings)(_flattened(function, shows))
        return function

    return register


def _flattened(function: Verb, shows: Subject | None) -> Callable[..., int]:
    hints = get_type_hints(function, include_extras=True)
    hints.pop("return", None)
    groups = {k: v for k, v in hints.items() if is_dataclass(v)}
    own = inspect.signature(function).parameters
    parameters: list[inspect.Parameter] = []
    for name, hint in hints.items():
        if name in groups:
            parameters += _options(groups[name])
        else:
            parameters.append(
                own[name].replace(annotation=_readable(hint), kind=inspect.Parameter.KEYWORD_ONLY)
            )

    if shows is not None:
        form = Annotated[str, form_flag(shows, panel="Output")]
        parameters = [p.replace(annotation=form) if p.name == "output" else p for p in parameters]

    kind = inspect.Parameter.KEYWORD_ONLY
    parameters.append(inspect.Parameter(HELP_ALL, kind, default=False, annotation=HelpAll))

    @functools.wraps(function)
    def command(**given: Any) -> int:
        del given[HELP_ALL]  # it has ended already where it was given
        arguments = {name: _assembled(group, given) for name, group in groups.items()}
        return _run(function, given | arguments, arguments)

    command.__annotations__ = {p.name: p.annotation for p in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    del command.__wrapped__  # else Typer would look through it
    return command


def _options(group: Any) -> list[inspect.Parameter]:
    """Give a parameter per flag of a record, and of the records within it."""
    hints = get_type_hints(group, include_extras=True)
    found: list[inspect.Parameter] = []
    for f in fields(group):
        hint = hints[f.name]
        if is_dataclass(hint):
            found += _options(hint)
        else:
            kind = inspect.Parameter.KEYWORD_ONLY
            found.append(inspect.Parameter(f.name, kind, default=_default(f), annotation=_readable(hint)))
    return found


_VALUES: Mapping[type, str] = {int: "N", float: "NUMBER", str: "TEXT", Path: "FILE"}


def _readable(hint: Any) -> Any:
    """Name a flag's value after its type, where the flag does not name it, and have its value read by us.

    A path is not read by us: a file's name may be any bytes.
    """
    kinds = [kind for kind in _kinds(hint.__origin__) if kind is not NoneType]
    option = hint.__metadata__[0]
    if option.metavar is None and kinds[0] is not bool:
        choices = isinstance(kinds[0], EnumType)
        option.metavar = "|".join(each.value for each in kinds[0]) if choices else _VALUES[kinds[0]]
    if kinds[0] in (int, float) and option.parser is None:
        option.parser = number_reader(kinds[0], option.min, option.max)
        option.min = option.max = None  # Typer would refuse in words of a library's
    if kinds[0] is str and option.parser is None:
        option.parser = read_text
    return hint


def _kinds(annotation: Any) -> tuple[Any, ...]:
    return tuple(kind for each in get_args(annotation) for kind in _kinds(each)) or (annotation,)


def _assembled(group: Any, given: dict[str, Any]) -> Any:
    """Make a record of flags from what was given, and remove that from `given`."""
    hints = get_type_hints(group)
    return group(
        **{
            f.name: _assembled(hints[f.name], given) if is_dataclass(hints[f.name]) else given.pop(f.name)
            for f in fields(group)
        }
    )


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return inspect.Parameter.empty if field.default is MISSING else field.default


def _run(function: Verb, arguments: dict[str, Any], groups: dict[str, Any]) -> int:
    output = _output(groups)
    try:
        check_variables(os.environ, Console(color=not output.no_color).warning)
        return function(**arguments) or OK
    except Exception as error:
        if _is_parsers_own(error):
            raise
        return report(error, Console(color=not output.no_color), debug=output.debug)


def _output(groups: dict[str, Any]) -> OutputFlags:
    for group in groups.values():
        if isinstance(group, OutputFlags):
            return group
        if isinstance(group, RunFlags):
            return group.output
    return OutputFlags()


def _is_parsers_own(error: Exception) -> bool:
    """Tell Exit, Abort and usage errors of Typer, which it handles itself."""
    return isinstance(error, typer.Exit | typer.Abort) or hasattr(error, "format_message")
