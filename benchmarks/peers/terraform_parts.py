"""Finds Terraform's binary and its AWS provider on this machine. Nothing is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

PLUGINS = "BATCHGW_BENCH_TERRAFORM_PLUGINS"
"""Environment variable: a folder of providers, laid out as `terraform providers mirror` does."""


def missing() -> str | None:
    """Which of the two is missing; None if neither is."""
    if shutil.which("terraform") is None:
        return "there is no terraform on the PATH"
    if mirror() is None:
        return f"Terraform's AWS provider is not on this machine (set {PLUGINS} to a mirror that has it)"
    return None


def mirror() -> Path | None:
    """The folder for `-plugin-dir`: the first that has the AWS provider."""
    return next(
        (folder for folder in _folders() if any(folder.glob("*/hashicorp/aws/*/*/*provider-aws*"))), None
    )


def _folders() -> Iterator[Path]:
    """Folders that may be a mirror: from the environment, those that Terraform searches, those below /opt."""
    if given := os.environ.get(PLUGINS):
        yield Path(given)
    yield Path.home() / ".terraform.d" / "plugins"
    yield Path("/usr/local/share/terraform/plugins")
    yield Path("/usr/share/terraform/plugins")
    yield from sorted(Path("/opt").glob("*/")) if Path("/opt").is_dir() else ()
