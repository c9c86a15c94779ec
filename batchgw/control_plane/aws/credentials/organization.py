"""Whose keys sign what is asked of the organisation: the base credentials', or those of a role."""

from __future__ import annotations

from collections.abc import Callable

from batchgw.control_plane.aws.keys import Keys, Signer
from batchgw.model import Region, Scope


class OrganizationCredentials:
    """Gives the keys of whoever reads the organisation.

    Args:
        reader: gives whoever has the keys; of the scope, only its partition counts.
        sts_region: says where STS is asked about something in a region.
    """

    def __init__(self, reader: Callable[[Scope], Signer], sts_region: Callable[[Region], Region]) -> None:
        self._reader = reader
        self._sts_region = sts_region

    async def keys(self, scope: Scope) -> Keys:
        """Give the keys: the same ones for every account. Raises a ScopeError, or Stopped."""
        return await self._reader(scope).keys(self._sts_region(scope.region))

    async def renew(self, scope: Scope, rejected: Keys) -> bool:
        """Drop keys that the service refused as expired. Returns whether other ones can be had."""
        return await self._reader(scope).renew(rejected, self._sts_region(scope.region))
