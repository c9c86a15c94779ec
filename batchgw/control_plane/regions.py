"""The one region in which a partition's global services are asked. Pure."""

from __future__ import annotations

from batchgw.model import Region
from batchgw.model.fleet.partitions import partition

GLOBAL = frozenset({"account", "organizations"})
"""Services with one endpoint in a partition, by botocore's names. (STS has one in each region.)"""

_HOMES = {
    "aws": Region("us-east-1"),
    "aws-cn": Region("cn-northwest-1"),
    "aws-us-gov": Region("us-gov-west-1"),
}
"""Where calls to a partition's global services are signed and sent (botocore, endpoint rule sets)."""


def asked_in(service: str, region: Region) -> Region:
    """Give the region in which a service is asked about `region`: that one, or its partition's home."""
    return _HOMES[partition(region)] if service in GLOBAL else region
