"""Partitions, and the one region in which a partition's global services are asked. Pure."""

from __future__ import annotations

from batchgw.model import Region

GLOBAL = frozenset({"account", "organizations"})
"""Services with one endpoint in a partition, by botocore's names. (STS has one in each region.)"""

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""By the beginning of a region's name; every other region is of partition aws."""

_HOMES = {
    "aws": Region("us-east-1"),
    "aws-cn": Region("cn-northwest-1"),
    "aws-us-gov": Region("us-gov-west-1"),
}
"""Where calls to a partition's global services are signed and sent (botocore, endpoint rule sets)."""


def partition(region: Region) -> str:
    """Name the partition of a region."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")


def asked_in(service: str, region: Region) -> Region:
    """Give the region in which a service is asked about `region`: that one, or its partition's home."""
    return _HOMES[partition(region)] if service in GLOBAL else region
