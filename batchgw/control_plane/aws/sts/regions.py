"""Where STS is asked, and how partitions are called. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from batchgw.model import Region

FORMAL_REGION = Region("us-east-1")
"""For botocore, which wants a region although every call names its own; for STS when nothing is known."""


class StsRegions:
    """What is known of regions. `home` is the one of the flag, the environment or the profile."""

    def __init__(self, home: Region | None, partition: Callable[[Region], str]) -> None:
        self.home = home
        self.partition = cache(partition)  # asked for at every call, and botocore searches for it

    def sts_region(self, near: Region | None = None) -> Region:
        """Say where STS is asked about something in region `near`: at home, if that is in its partition.

        STS knows nothing of other partitions. From there it is asked in `near` itself; but in the commercial
        partition, where accounts have some regions switched off, in the one that no account can switch off.
        """
        if near is None:
            return self.home or FORMAL_REGION
        there = self.partition(near)
        if self.home is not None and self.partition(self.home) == there:
            return self.home
        return self.always_on(near) or near

    def always_on(self, region: Region) -> Region | None:
        """Name the region of this one's partition that no account can switch off; None if none is known."""
        return FORMAL_REGION if self.partition(FORMAL_REGION) == self.partition(region) else None
