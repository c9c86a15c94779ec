"""The verb `iam-policy`: prints the permissions that exactly this job needs. It makes no call."""

from __future__ import annotations

import json

import typer

from batchgw.cli.flags.options import ConnectionFlags, OutputFlags, OwnerFlags, SelectionFlags
from batchgw.cli.output.console import console_for
from batchgw.cli.verb import verb
from batchgw.cli.verbs.policies.permission_flags import PermissionFlags
from batchgw.cli.verbs.policy import PANEL, PolicyFiles


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    verb(app, "iam-policy", rich_help_panel=PANEL)(iam_policy)


def iam_policy(  # noqa: PLR0917 - Typer passes all of them by name
    policies: PolicyFiles,
    permissions: PermissionFlags,
    selection: SelectionFlags,
    owners: OwnerFlags,
    connection: ConnectionFlags,
    output: OutputFlags,
) -> None:
    """Print the IAM permissions that a policy's job needs. Makes no call."""
    from batchgw.cli.verbs.policies.permitting import Permitting  # noqa: PLC0415 - reads policies, not for --help

    console = console_for(output)
    permitting = Permitting(
        files=policies,
        selection=selection,
        owners=owners,
        connection=connection,
        permissions=permissions,
        console=console,
    )
    found = permitting.document()
    indent = None if output.output == "jsonl" else 2  # a document is one line there
    console.text(found if isinstance(found, str) else json.dumps(found, indent=indent) + "\n")
