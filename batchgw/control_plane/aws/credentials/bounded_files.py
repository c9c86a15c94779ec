"""Files that the AWS configuration names: read to their end, or refused where that could wait for ever."""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from botocore.utils import FileWebIdentityTokenLoader

from batchgw.errors import UsageError

NAMED_BY: Final[Mapping[str, str]] = {
    "AWS_CONFIG_FILE": "~/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "",
    ssl.get_default_verify_paths().openssl_cafile_env: "",
}
"""Variables that name a file which is read while connecting, and where it is without them."""


def check_files() -> None:
    """Raise UsageError where a variable names what cannot be read to its end, as `check_file` does."""
    for variable, usual in NAMED_BY.items():
        if path := os.environ.get(variable) or usual:
            check_file(path, variable)


def check_file(path: str, source: str) -> None:
    """Raise UsageError for a pipe, a socket or a device, because reading it may never end.

    The null device counts as an empty file. A missing file is no error here. `source` says where the path was
    given.
    """
    if why := _unreadable(path):
        raise UsageError(
            f"{path} is {why} and no file: reading it could wait for ever. Copy what it holds into a file, "
            f"and name that in {source}."
        )


def _unreadable(path: str) -> str | None:
    try:
        found = Path(path).expanduser().stat()
    except (OSError, RuntimeError, ValueError):  # not there; no home; no path
        return None
    if stat.S_ISFIFO(found.st_mode):
        return "a named pipe"
    if stat.S_ISSOCK(found.st_mode):
        return "a socket"
    device = stat.S_ISBLK(found.st_mode) or stat.S_ISCHR(found.st_mode)
    return "a device" if device and found.st_rdev != Path(os.devnull).stat().st_rdev else None


class TokenFile(FileWebIdentityTokenLoader):  # type: ignore[misc, unused-ignore] # untyped without stubs
    """The file of a web identity's token, looked at each time it is read: it is renewed, too."""

    def __init__(self, web_identity_token_path: str) -> None:
        super().__init__(web_identity_token_path)
        self._path = web_identity_token_path

    def __call__(self) -> str:
        """Read the token. Raises UsageError, as `check_file` does."""
        check_file(self._path, "AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file of the profile")
        return str(super().__call__())
