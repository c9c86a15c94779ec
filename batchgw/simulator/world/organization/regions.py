"""Regions as an account has them: on by default, opted in, on the way, or off."""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

RegionStatus = Literal["ENABLED", "ENABLED_BY_DEFAULT", "ENABLING", "DISABLING", "DISABLED"]
"""What ListRegions says of a region (API reference of Account Management, Region: RegionOptStatus)."""

STATUSES: Final[tuple[RegionStatus, ...]] = get_args(RegionStatus)

ON: Final[frozenset[RegionStatus]] = frozenset({"ENABLED", "ENABLED_BY_DEFAULT"})
"""Where calls are answered. What AWS answers meanwhile, in ENABLING and DISABLING, is not documented."""

REGIONS = (
    "eu-west-1", "us-east-1", "eu-central-1", "us-west-2", "ap-southeast-1", "ap-northeast-1", "us-east-2",
    "eu-west-2", "ap-south-1", "ca-central-1", "eu-north-1", "sa-east-1", "ap-southeast-2", "eu-west-3",
    "us-west-1", "ap-northeast-2", "ap-northeast-3",
)  # fmt: skip
"""Regions in the order in which a world takes them: the 17 that are enabled in every account."""

OPT_IN = (
    "af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4",
    "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1",
    "eu-south-2", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
)  # fmt: skip
"""Regions that are off until an account opts in: the others of the 34 that botocore knows API Gateway in."""

_FORM = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")


def is_region(text: str) -> bool:
    """Tell whether a text has the form of a region's name."""
    return _FORM.fullmatch(text) is not None


def status_of(region: str) -> RegionStatus:
    """Give the status of a region that is on in an account: it opted in, or did not need to."""
    return "ENABLED" if region in OPT_IN else "ENABLED_BY_DEFAULT"


def first_regions(count: int) -> tuple[str, ...]:
    """Give the regions of a world that has so many. Raises ValueError for more than there are."""
    if not 1 <= count <= len(REGIONS):
        raise ValueError(f"between 1 and {len(REGIONS)} regions can be simulated, not {count}")
    return REGIONS[:count]
