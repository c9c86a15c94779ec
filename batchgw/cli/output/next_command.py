"""The next command, to be copied: with the flags that it needs, quoted for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from batchgw.cli.flags.flag import from_environment
from batchgw.cli.flags.options import ConnectionFlags, JournalFlags, SelectionFlags
from batchgw.redaction import bare_url


def apply_command(
    plan: Path,
    selection: SelectionFlags,
    connection: ConnectionFlags,
    journal: JournalFlags,
    policies: Sequence[Path] = (),
) -> str:
    """Give the command that applies a saved plan; `policies` are the files that it needs beside it, if any.

    Flags that come from the environment are left out, since the next command has the same environment. No
    secret is shown: a URL is shown without its password, and an external id as a variable.
    """
    given: Mapping[str, str | None] = {
        "--profile": connection.profile,
        "--endpoint-url": connection.endpoint_url,
        "--ca-bundle": None if connection.ca_bundle is None else str(connection.ca_bundle),
        "--journal": journal.journal,
    }
    files = [shlex.quote(str(policy)) for policy in policies]
    words = ["batchgw", "apply", *files, "--plan", shlex.quote(str(plan))]
    for name, value in given.items():
        if value is not None and not from_environment(name, value):
            words += [name, shlex.quote(bare_url(value) if "://" in value else value)]
    if selection.external_id and not from_environment("--external-id", selection.external_id):
        words += ["--external-id", '"$EXTERNAL_ID"']
    return " ".join(words)
