"""Partitions of AWS: groups of regions. Keys and roles of one are valid in no other."""

from __future__ import annotations

from batchgw.model.scope import Region

_BY_BEGINNING = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""The partitions that batchgw knows beside aws, by the beginning of a region's name (botocore, endpoint rule
sets)."""


def partition(region: Region) -> str:
    """Name the partition of a region: aws, where it is none of the others that are known."""
    return next((name for start, name in _BY_BEGINNING.items() if region.startswith(start)), "aws")


def named_partition(role: str) -> str | None:
    """Give the partition that a role's ARN names; None where it is left open, or only the name is given."""
    named = role.split(":")[1] if role.startswith("arn:") else ""
    return named if named.startswith("aws") else None
