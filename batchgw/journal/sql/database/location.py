"""Where the journal is: turns what the user gave into a database URL. Its password is never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from batchgw.errors import JournalUnusable

VARIABLE = "BATCHGW_JOURNAL"
"""Environment variable that names the journal if no argument does."""

_SCHEME = re.compile(r"([A-Za-z][\w+.-]*)://")
_IN_MEMORY = ("", ":memory:")
_SECRET_QUERY = re.compile("pass|secret|token|key", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A journal's place.

    Attributes:
        url: the database URL. It may hold a password.
        file: the file's absolute path; None if the journal is not a file.
        made: whether batchgw makes the file's folder.
    """

    url: URL = field(repr=False)
    file: Path | None
    made: bool = False

    @property
    def masked(self) -> str:
        """The URL without its passwords."""
        hidden = {name: "hidden" for name in self.url.query if _SECRET_QUERY.search(name)}
        return self.url.update_query_dict(hidden).render_as_string(hide_password=True)

    def __str__(self) -> str:
        """The file if there is one, because people know it; else the masked URL."""
        return str(self.file or self.masked)


def locate(given: str | None, environ: Mapping[str, str] = os.environ) -> Location:
    """Find the journal: where `given` says, else where the environment says, else in the XDG state folder.

    Raises JournalUnusable if a URL cannot be understood, or a file's name is not UTF-8 text.
    """
    given = given or environ.get(VARIABLE)
    if not given:
        return _of_file(_state_home(environ) / "batchgw" / "journal.db", made=True)
    if given == ":memory:":  # SQLite's name for a database in memory; nobody means a file by it
        given = "sqlite:///:memory:"
    scheme = _SCHEME.match(given)
    return _of_url(given, scheme[1]) if scheme else _of_file(_absolute(Path(given)))


def prepare(location: Location) -> None:
    """Make the file if it is missing. Only its owner can read it, even while it is empty.

    Raises JournalUnusable.
    """
    if location.file is None:
        return
    try:
        if location.made:
            location.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(location.file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise JournalUnusable(_unopened(location.file, error)) from error


def _of_url(given: str, scheme: str) -> Location:
    try:
        url = make_url(given)
    except (ArgumentError, ValueError) as error:
        raise JournalUnusable(  # the URL is not quoted, because it may hold a password
            f"The journal's {scheme} URL cannot be understood. Give a file, or a URL such as "
            "sqlite:////var/lib/batchgw/journal.db, with --journal or " + VARIABLE + "."
        ) from error
    database = url.database or ""
    is_file = url.get_backend_name() == "sqlite" and database not in _IN_MEMORY
    if not is_file or database.startswith("file:"):
        return Location(url=url, file=None)
    file = _absolute(Path(database))
    return Location(url=url.set(database=str(file)), file=file)


def _of_file(file: Path, *, made: bool = False) -> Location:
    try:
        str(file).encode()
    except UnicodeEncodeError as error:  # SQLite could open it, but not say its name
        raise JournalUnusable(
            f"The journal {str(file)!r} cannot be used: its path is not UTF-8 text. Name another with "
            f"--journal or {VARIABLE}."
        ) from error
    return Location(url=URL.create("sqlite", database=str(file)), file=file, made=made)


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise JournalUnusable(
            f"The journal {str(path)!r} cannot be found: {error}. Give its whole path with --journal."
        ) from error


def _state_home(environ: Mapping[str, str]) -> Path:
    """$XDG_STATE_HOME if it is absolute, as the XDG base directory specification says; else its default."""
    named = Path(environ.get("XDG_STATE_HOME", ""))
    return named if named.is_absolute() else _absolute(Path("~/.local/state"))


def _unopened(file: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    match error:
        case FileNotFoundError():
            cure = f"Make its folder (mkdir -p {file.parent})"
        case IsADirectoryError():
            cure = "It must be a file"
        case PermissionError():
            cure = "Mend its permissions or its folder's"
        case _:
            cure = "Mend that"
    return f"The journal {file} cannot be opened: {reason}. {cure}, or name another (--journal, {VARIABLE})."
