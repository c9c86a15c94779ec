"""DescribeRegions: all regions, and whether the account has opted in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.listing import listed
from batchgw.control_plane.operations.region_status import RegionStatus, read_region


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeRegions(Request[tuple[RegionStatus, ...]]):
    """Describe all regions of the scope's partition, as its account sees them: one call, unpaginated."""

    operation = Operation(name="DescribeRegions", method="describe_regions", service="ec2")

    def params(self) -> Wire:
        """Give the parameters of boto3's method. Without this one, only the enabled regions are told."""
        return {"AllRegions": True}

    def read(self, answer: Wire, reading: Reading) -> tuple[RegionStatus, ...]:
        """Read all regions."""
        del reading
        return tuple([_region(item) for item in listed(answer, "Regions")])


def _region(item: Any) -> RegionStatus:
    return read_region(item, status="OptInStatus")
