"""Partitions of AWS: groups of regions of which no credentials and no roles are valid in another."""

from __future__ import annotations

from batchgw.model.scope import Region

_BY_BEGINNING = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""By the beginning of a region's name (botocore, endpoint rule sets); every other region is of aws."""


def partition(region: Region) -> str:
    """Name the partition of a region."""
    return next((name for start, name in _BY_BEGINNING.items() if region.startswith(start)), "aws")


def named_partition(role: str) -> str | None:
    """Give the partition that a role's ARN names; None where it is left open, or only the name is given."""
    named = role.split(":")[1] if role.startswith("arn:") else ""
    return named if named.startswith("aws") else None
