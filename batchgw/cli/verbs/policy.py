"""The verbs around the policy file: init, schema, presets, validate. They touch no network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchgw.cli.flags.flag import flag
from batchgw.cli.flags.options import OutputFlags
from batchgw.cli.output.console import console_for
from batchgw.cli.output.failure import explained
from batchgw.cli.verb import verb
from batchgw.errors import PolicyInvalid, UsageError
from batchgw.exit_codes import OK, USAGE
from batchgw.report.views.forms import view_of
from batchgw.report.views.interface import CheckedPolicy
from batchgw.report.views.text import line
from batchgw.wording import amount

if TYPE_CHECKING:  # pydantic is behind it, and only three of all verbs want that
    from batchgw.model import Desired

PANEL = "Policy"

POLICY_HELP = "Policy files, later ones refine; - reads stdin."

PolicyFiles = Annotated[list[Path], typer.Argument(metavar="POLICY...", help=POLICY_HELP)]

Together = Annotated[bool, flag("--together", "Check them as one policy, as plan reads them.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    verb(app, rich_help_panel=PANEL)(init)
    verb(app, shows="schema", rich_help_panel=PANEL)(schema)
    verb(app, shows="presets", rich_help_panel=PANEL)(presets)
    verb(app, shows="policies", rich_help_panel=PANEL)(validate)


def init(
    output: OutputFlags,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="File to write; - prints it.")] = Path(
        "policy.yaml"
    ),
    force: Annotated[bool, flag("--force", "Replace an existing file.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Write a commented starter policy."""
    from batchgw.policy.starter import STARTER  # noqa: PLC0415 - the packages behind it take their time

    console = console_for(output)
    if str(path) == "-":
        console.text(STARTER)
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL), 0o666)
    except FileExistsError:
        if path.is_dir():
            raise UsageError(
                f"{path} is a folder: name a file in it, such as {path / 'policy.yaml'}."
            ) from None
        raise UsageError(f"{path} exists already. Give --force to replace it, or another PATH.") from None
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

    console = console_for(output)
    view_of(output.output, "schema", console).schema(policy_json_schema())


def presets(
    output: OutputFlags,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these presets.")
    ] = None,
) -> None:
    """Show the presets that a policy can `use`, and what each sets."""
    from batchgw.policy.presets.index import describe  # noqa: PLC0415 - as above
    from batchgw.policy.quoting import did_you_mean  # noqa: PLC0415 - pydantic is behind it

    console = console_for(output)
    view = view_of(output.output, "presets", console)
    known = {preset.name: preset for preset in describe()}
    for name in names or ():
        if name not in known:
            meant = did_you_mean(name, known) or f". There are {', '.join(known)}."
            raise UsageError(f"no preset is called {name}{meant}")
    view.presets([known[name] for name in names or known])


def validate(
    files: Annotated[
        list[Path], typer.Argument(metavar="POLICY...", help="Policy files (YAML or JSON); - reads stdin.")
    ],
    output: OutputFlags,
    together: Together = False,  # noqa: FBT002 - a flag
    strict: Annotated[bool, flag("--strict", "Treat warnings as errors.", of="validate")] = False,  # noqa: FBT002 - a flag
) -> int:
    """Check policy files: every error and warning with file, line and column."""
    view = view_of(output.output, "policies", console_for(output))
    checked: list[CheckedPolicy] = []

    def checking() -> Iterator[CheckedPolicy]:
        for paths in [files] if together else [[path] for path in files]:
            checked.append(_checked(paths))
            yield checked[-1]

    view.policies(checking())
    sound = all(each.content is not None and not (strict and each.problems) for each in checked)
    return OK if sound else USAGE


def _checked(paths: list[Path]) -> CheckedPolicy:
    """Check the files of one policy."""
    from batchgw.policy.loader import load_policies  # noqa: PLC0415 - pydantic and YAML are behind it

    name = ", ".join(map(str, paths))
    try:
        loaded = load_policies(paths)
    except PolicyInvalid as error:
        refusal = tuple(explained(error))
        return CheckedPolicy(name=name, problems=error.problems, content=None, refusal=refusal)
    return CheckedPolicy(name=name, problems=loaded.warnings, content=_content(loaded.policy.desired))


def _content(desired: Desired) -> str:
    """Say what a policy covers."""
    types = amount(len(desired.types), "response type")
    return f"{types} and whatever APIs customised themselves" if desired.wherever_customised else types
