"""The next command, to be copied: with the flags that it needs, quoted for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from batchgw.cli.flags.flag import from_environment
from batchgw.cli.flags.options import ConnectionFlags, JournalFlags, SelectionFlags
from batchgw.redaction import bare_url


def apply_command(
    plan: Path,
    selection: SelectionFlags,
    connection: ConnectionFlags,
    journal: JournalFlags,
    policy: Path | None = None,
) -> str:
    """Give the command that applies a saved plan; `policy` is the file that it needs beside it, if any.

    Flags that come from the environment are left out, since the next command has the same environment. No
    secret is shown: a URL is shown without its password, and an external id as a variable.
    """
    given: Mapping[str, str | None] = {
        "--profile": connection.profile,
        "--endpoint-url": connection.endpoint_url,
        "--ca-bundle": None if connection.ca_bundle is None else str(connection.ca_bundle),
        "--journal": journal.journal,
    }
    words = ["batchgw", "apply", "--plan", shlex.quote(str(plan))]
    if policy is not None:
        words.insert(2, shlex.quote(str(policy)))
    for name, value in given.items():
        if value is not None and not from_environment(name, value):
            words += [name, shlex.quote(bare_url(value) if "://" in value else value)]
    if selection.external_id and not from_environment("--external-id", selection.external_id):
        words += ["--external-id", '"$EXTERNAL_ID"']
    return " ".join(words)
