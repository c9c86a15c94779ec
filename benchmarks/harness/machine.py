"""On what machine, and with which libraries, something was measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("aioboto3", "aiobotocore", "botocore", "aiohttp", "SQLAlchemy", "aiolimiter", "botocove")


def describe() -> dict[str, str | int]:
    """What a reader needs to judge the figures: nothing that names the machine or its user."""
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
