"""Commands to copy: with the flags that the next one needs, quoted for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from batchgw.cli.flags.flag import from_environment
from batchgw.cli.flags.options import ConnectionFlags, JournalFlags, SelectionFlags
from batchgw.redaction import bare_url


def apply_command(
    plan: Path, selection: SelectionFlags, connection: ConnectionFlags, journal: JournalFlags
) -> str:
    """Give the command that applies a saved plan as it was made.

    What the environment says is there for the next command as well. No secret is repeated: of a URL with a
    password the rest, of an external id a variable's name.
    """
    given: Mapping[str, str | None] = {
        "--profile": connection.profile,
        "--endpoint-url": connection.endpoint_url,
        "--ca-bundle": None if connection.ca_bundle is None else str(connection.ca_bundle),
        "--journal": journal.journal,
    }
    words = ["batchgw", "apply", "--plan", shlex.quote(str(plan))]
    for name, value in given.items():
        if value is not None and not from_environment(name, value):
            words += [name, shlex.quote(bare_url(value) if "://" in value else value)]
    if selection.external_id and not from_environment("--external-id", selection.external_id):
        words += ["--external-id", '"$EXTERNAL_ID"']
    return " ".join(words)
