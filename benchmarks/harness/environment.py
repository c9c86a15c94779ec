"""The environment in which measured programs run: without the caller's own settings."""

from __future__ import annotations

import atexit
import os
import tempfile
from functools import cache

HIDDEN = ("AWS_", "BATCHGW_", "TF_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
"""Variables that begin with these are settings of the caller, which a measured program must not see."""

KEPT = ("BATCHGW_BENCH_",)


def environment() -> dict[str, str]:
    """The caller's environment without anything that would change what a program does."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(HIDDEN) or name.startswith(KEPT)
    }
    return clean | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "XDG_STATE_HOME": _state(),
    }


@cache
def _state() -> str:
    """A folder that is removed with this process: what is learned of 127.0.0.1 is not the user's."""
    folder = tempfile.TemporaryDirectory(prefix="batchgw-bench-")
    atexit.register(folder.cleanup)
    return folder.name
