"""Amazon EC2's DescribeRegions, by which accounts without Account Management learn their regions."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from batchgw.simulator.operations.operation import Input, Operation, answers
from batchgw.simulator.operations.params import flag, strings, structures, text
from batchgw.simulator.reply import Body, ServiceFault
from batchgw.simulator.services import AwsService
from batchgw.simulator.world.organization.regions import ON, OPT_IN, RegionStatus

EC2 = AwsService(
    name="ec2",
    protocol="ec2",
    throttled=("RequestLimitExceeded", 503, "Request limit exceeded."),
    denied=("UnauthorizedOperation", 403),
    denial=(
        "You are not authorized to perform this operation. "
        "User: {user} is not authorized to perform: {action} {reason}"
    ),
    throttle_is_modelled=False,
)

_FILTERS: Mapping[str, str] = {
    "endpoint": "Endpoint",
    "opt-in-status": "OptInStatus",
    "region-name": "RegionName",
}
"""What regions can be filtered by, and the member that is compared (API reference, DescribeRegions)."""


def describe_regions(given: Input) -> Body:
    """Give the regions that are on in the caller's account; with AllRegions the others, too."""
    regions = given.world.organization.regions(given.account)
    names = strings(given.params, "RegionNames")
    if unknown := [name for name in names or () if name not in regions]:
        raise _not_valid(f"Invalid region names: {', '.join(unknown)}")
    everywhere = flag(given.params, "AllRegions")
    found = [
        _region(name, status)
        for name, status in regions.items()
        if (everywhere or status in ON) and (names is None or name in names)
    ]
    for each in structures(given.params, "Filters"):
        member = _FILTERS.get(text(each, "Name"))
        if member is None:
            raise _not_valid(f"The filter '{text(each, 'Name')}' is invalid")
        patterns = strings(each, "Values") or []
        found = [region for region in found if any(fnmatchcase(region[member], p) for p in patterns)]
    return {"Regions": found}


def _region(name: str, status: RegionStatus) -> dict[str, str]:
    opted = "opt-in-not-required" if name not in OPT_IN else "opted-in" if status in ON else "not-opted-in"
    return {"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": opted}


def _not_valid(message: str) -> ServiceFault:
    return ServiceFault("InvalidParameterValue", 400, message, modelled=False)


OPERATIONS: Mapping[str, Operation] = {"DescribeRegions": answers(describe_regions)}
