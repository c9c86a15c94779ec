"""The verbs around the policy file: init, schema, presets, validate. They touch no network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batchgw.cli.flags.flag import flag
from batchgw.cli.flags.options import Output, OutputFlags
from batchgw.cli.flags.verb import verb
from batchgw.cli.output.console import Console
from batchgw.cli.output.failure import OK, USAGE, problem_line, report
from batchgw.errors import PolicyInvalid, Problem, UsageError
from batchgw.report.views.text import Line, Span, amount, line

if TYPE_CHECKING:  # pydantic is behind it, and only three of all verbs want that
    from batchgw.model import Desired
    from batchgw.policy.presets.index import PresetInfo

PANEL = "Policy"

PolicyFile = Annotated[
    Path, typer.Argument(metavar="POLICY", help="Policy file (YAML or JSON); - reads stdin.")
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    for function in (init, schema, presets, validate):
        verb(app, rich_help_panel=PANEL)(function)


def init(
    output: OutputFlags,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Where; - prints it.")] = Path("policy.yaml"),
    force: Annotated[bool, flag("--force", "Replace a file that is there.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Write a commented starter policy."""
    from batchgw.policy.starter import STARTER  # noqa: PLC0415 - the packages behind it take their time

    console = Console(color=not output.no_color, quiet=output.quiet)
    if str(path) == "-":
        console.text(STARTER)
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL), 0o666)
    except FileExistsError:
        raise UsageError(f"{path} is there already; --force replaces it, another PATH keeps it.") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(STARTER)
    console.note(
        line(f"Wrote {path}. Edit it, then:"),
        line(f"  batchgw validate {path}"),
        line(f"  batchgw plan {path}"),
    )


def schema(output: OutputFlags) -> None:
    """Print the JSON Schema of policy files, for editors."""
    from batchgw.policy.jsonschema import policy_json_schema  # noqa: PLC0415 - pydantic is behind it

    console = Console(color=not output.no_color)
    show = console.jsonl if output.output is Output.JSONL else console.json
    show(policy_json_schema())


def presets(
    output: OutputFlags,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these.")] = None,
) -> None:
    """Show the presets a policy can `use`, and what each sets."""
    from batchgw.policy.presets.index import describe  # noqa: PLC0415 - as above
    from batchgw.policy.wording import did_you_mean  # noqa: PLC0415 - pydantic is behind it

    console = Console(color=not output.no_color, quiet=output.quiet)
    known = {preset.name: preset for preset in describe()}
    for name in names or ():
        if name not in known:
            raise UsageError(f"no preset is called {name}{did_you_mean(name, known) or '.'}")
    chosen = [known[name] for name in names or known]
    match output.output:
        case Output.JSON:
            console.json([preset.to_json() for preset in chosen])
        case Output.JSONL:
            for preset in chosen:
                console.jsonl(preset.to_json())
        case Output.TABLE:
            for preset in chosen:
                console.data(_preset_lines(preset))


def _preset_lines(preset: PresetInfo) -> Iterator[Line]:
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


def _default(value: Any) -> str:
    if value in (None, [], ()):
        return ""
    shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if isinstance(value, bool):
        shown = shown.lower()  # as YAML writes it
    return f" [default: {shown}]"


def validate(
    files: Annotated[
        list[Path], typer.Argument(metavar="POLICY...", help="Policy files (YAML or JSON); - reads stdin.")
    ],
    output: OutputFlags,
    strict: Annotated[bool, flag("--strict", "Warnings are errors.", of="validate")] = False,  # noqa: FBT002 - a flag
) -> int:
    """Check policy files: every error and warning with file, line and column."""
    console = Console(color=not output.no_color, quiet=output.quiet)
    found: list[Problem] = []
    code = OK
    for path in files:
        problems, sound = _checked(path, console, output)
        found += problems
        if not sound or (strict and problems):
            code = USAGE
    if output.output is Output.JSON:
        console.json([asdict(problem) for problem in found])
    return code


def _checked(path: Path, console: Console, output: OutputFlags) -> tuple[tuple[Problem, ...], bool]:
    """Check one file and say so: what was found, and whether it can be used."""
    from batchgw.policy.loader import load_policy  # noqa: PLC0415 - pydantic and YAML are behind it

    table = output.output is Output.TABLE
    try:
        loaded = load_policy(path)
    except PolicyInvalid as error:
        problems, sound = error.problems, False
        if table:
            report(error, console)
    else:
        problems, sound = loaded.warnings, True
        if table:
            console.tell(*map(problem_line, problems))
            warnings = f", {amount(len(problems), 'warning')}" if problems else ""
            console.data(
                [
                    line(
                        f"{path}: ",
                        Span("valid", "good"),
                        f", {_spoken_of(loaded.policy.desired)}{warnings}",
                    )
                ]
            )
    if output.output is Output.JSONL:
        for problem in problems:
            console.jsonl(asdict(problem))
    return problems, sound


def _spoken_of(desired: Desired) -> str:
    """Say of how many types a policy speaks."""
    types = amount(len(desired.types), "response type")
    return f"{types} and whatever APIs customised themselves" if desired.wherever_customised else types
