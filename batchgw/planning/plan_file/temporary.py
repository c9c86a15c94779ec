"""Temporary files: where they go, and which there are, so that a process that is ended can remove them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir

from batchgw.errors import UsageError

_files: set[Path] = set()


def folder() -> Path:
    """Give the system's temporary folder. Raises UsageError where there is none that can be written to."""
    try:
        return Path(gettempdir())
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no folder for the temporary plan: {error.strerror}. Nothing was written. Give one "
            "that can be written to (mount one at /tmp, or set TMPDIR), or plan into a file of your own with "
            "`batchgw plan --out`, and apply that."
        ) from error


def note(path: Path) -> None:
    """Note a file that is to be removed."""
    _files.add(path)


def remove(path: Path) -> None:
    """Remove one, if it is still there."""
    path.unlink(missing_ok=True)
    _files.discard(path)


def keep(path: Path) -> None:
    """Forget one that is temporary no longer: it was kept or renamed."""
    _files.discard(path)


def remove_all() -> None:
    """Remove all that are left. Never raises."""
    for path in tuple(_files):
        with suppress(OSError):
            remove(path)
