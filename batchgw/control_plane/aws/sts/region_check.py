"""Whether a region that rejects keys is off, or the keys are at fault: STS is asked about them, elsewhere.

A region that an account has not enabled does not know the account's keys, and says the same of keys that
nobody knows any more. A skipped region counts as done, so this must be certain. That the keys were good a
minute ago is no proof: they may have been withdrawn since, and then every region would look switched off.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import inf

import anyio

from batchgw.concurrency.clock import current_time
from batchgw.control_plane.aws.client import Target
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.sts.regions import StsRegions
from batchgw.control_plane.classify import of_region_off
from batchgw.errors import CallError, CredentialsRejected
from batchgw.model import AccountId, Region

_UNKNOWN_KEY = re.compile(r"UnrecognizedClient|InvalidClientTokenId|AuthFailure")
"""Codes of keys that are not known: of JSON services, of STS and CloudFormation, and of EC2."""

Prove = Callable[[Keys, Region], Awaitable[AccountId]]
"""Asks the STS of a region whose keys these are. Raises a CallError."""


@dataclass(slots=True)
class _Proof:
    asking: anyio.Lock = field(default_factory=anyio.Lock)
    began: float = -inf


class RegionCheck:
    """Tells regions that are off from keys that are at fault.

    Args:
        prove: asks STS.
        regions: where STS is asked. The region that no account can switch off is never off.
    """

    def __init__(self, prove: Prove, regions: StsRegions) -> None:
        self._prove = prove
        self._regions = regions
        self._proofs: dict[str, _Proof] = {}

    async def judged(self, error: CredentialsRejected, target: Target) -> CredentialsRejected:
        """Give RegionOff if the target's region has rejected keys that STS accepts; else the same error.

        Raises Stopped.
        """
        elsewhere = self._elsewhere(target.region)
        if elsewhere is None or not _UNKNOWN_KEY.search(error.code):
            return error
        try:
            await self._proved(target.keys, elsewhere, current_time())
        except CallError:
            return error
        return of_region_off(error, target.keys.account, target.region)

    def _elsewhere(self, region: Region) -> Region | None:
        """Give the region whose STS is asked: where it is asked anyway, or the one that is always on."""
        always_on = self._regions.always_on(region)
        usual = self._regions.sts_region(region)
        found = always_on if usual == region else usual
        return None if region in (found, always_on) else found

    async def _proved(self, keys: Keys, region: Region, rejected: float) -> None:
        """Ask, unless a question that was asked after the rejection has proved them. Raises a CallError."""
        proof = self._proofs.setdefault(keys.access_key, _Proof())
        async with proof.asking:
            if proof.began < rejected:
                began = current_time()
                await self._prove(keys, region)
                proof.began = began
