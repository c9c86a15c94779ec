"""Files that must not outlive the process, for an end that skips all cleaning up."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_files: set[Path] = set()


def note(path: Path) -> None:
    """Note a file that is to be removed."""
    _files.add(path)


def remove(path: Path) -> None:
    """Remove one; that it is gone already is fine."""
    path.unlink(missing_ok=True)
    _files.discard(path)


def keep(path: Path) -> None:
    """Forget one, which has become somebody's or has moved."""
    _files.discard(path)


def remove_all() -> None:
    """Remove all that are left. Never raises."""
    for path in tuple(_files):
        with suppress(OSError):
            remove(path)
