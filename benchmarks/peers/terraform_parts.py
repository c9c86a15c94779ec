"""Terraform's binary and its AWS provider, where they are on this machine: nothing is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

PLUGINS = "BATCHGW_BENCH_TERRAFORM_PLUGINS"
"""Environment variable: a folder of providers, laid out as `terraform providers mirror` does."""


def missing() -> str | None:
    """Say which of the two is not there."""
    if shutil.which("terraform") is None:
        return "there is no terraform on the PATH"
    if mirror() is None:
        return f"Terraform's AWS provider is not on this machine (set {PLUGINS} to a mirror that has it)"
    return None


def mirror() -> Path | None:
    """The folder to give as `-plugin-dir`: the first that has the AWS provider."""
    return next((place for place in _places() if any(place.glob("*/hashicorp/aws/*/*/*provider-aws*"))), None)


def _places() -> Iterator[Path]:
    """Where a mirror may be: as told, in the folders Terraform itself looks into, or below /opt."""
    if told := os.environ.get(PLUGINS):
        yield Path(told)
    yield Path.home() / ".terraform.d" / "plugins"
    yield Path("/usr/local/share/terraform/plugins")
    yield Path("/usr/share/terraform/plugins")
    yield from sorted(Path("/opt").glob("*/")) if Path("/opt").is_dir() else ()
