"""Whether an account has a region, in AWS's words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from batchgw.control_plane.operations.checks import is_text
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.model import Region
from batchgw.model.scope import is_region

ON = frozenset({"ENABLED", "ENABLED_BY_DEFAULT", "opted-in", "opt-in-not-required"})
"""Statuses of a region in which an account's calls are answered: account:ListRegions', then EC2's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionStatus:
    """A region of an account. `status` is AWS's own word, also one that is new to us.

    account:ListRegions says ENABLED, ENABLED_BY_DEFAULT, ENABLING, DISABLING or DISABLED, and
    ec2:DescribeRegions opted-in, opt-in-not-required or not-opted-in.
    """

    region: Region
    status: str

    @property
    def on(self) -> bool:
        """Whether calls are answered there."""
        return self.status in ON


def read_region(item: Any, *, status: str) -> RegionStatus:
    """Read a region whose status stands in the member `status`."""
    members = item if isinstance(item, dict) else {}
    name, found = members.get("RegionName"), members.get(status)
    if not isinstance(name, str) or not is_region(name):
        raise unreadable_answer("the name of a region in it is not one")
    if not found or not is_text(found):
        raise unreadable_answer(f"it does not say whether {name} is enabled")
    return RegionStatus(region=Region(name), status=found)
