"""The machine and the libraries with which something was measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("aioboto3", "aiobotocore", "botocore", "aiohttp", "SQLAlchemy", "aiolimiter", "botocove")


def describe() -> dict[str, str | int]:
    """The facts that a reader needs to judge the figures. None of them names the machine or its user."""
    facts: dict[str, str | int] = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
    }
    for library in LIBRARIES:
        try:
            facts[library] = version(library)
        except PackageNotFoundError:
            continue
    return facts
