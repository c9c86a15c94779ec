"""Standard input can be read only once, so only one file of a verb may be `-`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from batchgw.cli.flags.flag import STREAM
from batchgw.cli.flags.options import RunFlags
from batchgw.errors import UsageError


def refuse_shared(flags: RunFlags, *, policies: Sequence[Path] = (), targets: str | None = None) -> None:
    """Raise UsageError where more than one of a verb's files is standard input."""
    quotas = flags.pace.quota_file
    given = {
        "the policy": STREAM if STREAM in map(str, policies) else None,
        "--targets": targets,
        "--quota-file": STREAM if quotas and quotas.from_stdin else None,
    }
    readers = [what for what, name in given.items() if name == STREAM]
    if len(readers) > 1:
        raise UsageError(
            f"{' and '.join(readers)} cannot all be standard input, which is read once: use it for one of "
            "them, and name files for the rest."
        )
