"""Whose keys sign the calls of a scope: those of the role in its account, or the base credentials'.

The base credentials reach their own account directly: the role need not exist there, as in the management
account of an organisation. Whichever keys are given, they are of the scope's account.
"""

from __future__ import annotations

from typing import Protocol

from batchgw.control_plane.aws.assumed_role import AssumedRole
from batchgw.control_plane.aws.credentials.base_keys import BaseCredentials
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.sts.regions import StsRegions
from batchgw.errors import CredentialsUnavailable
from batchgw.events import Observer, ReachedDirectly
from batchgw.model import AccountId, Scope


class Credentials(Protocol):
    """Gives the keys for a scope, fresh ones, and takes back those the service refused."""

    async def keys(self, scope: Scope) -> Keys:
        """Give usable keys. Raises a ScopeError, or Stopped."""
        ...

    async def renew(self, scope: Scope, rejected: Keys) -> bool:
        """Drop keys that the service refused as expired. Returns whether other ones can be had."""
        ...


class ScopeCredentials:
    """Keys that act in the scope's account.

    Args:
        base: the base credentials.
        regions: where STS is asked.
        role: the one to assume in every account but that of the base credentials; None to assume none.
        observer: is told when an account is reached directly.
        narrowed: a session policy bounds what the role may do; nothing can bound the base credentials.
    """

    def __init__(
        self,
        base: BaseCredentials,
        regions: StsRegions,
        *,
        role: AssumedRole | None,
        observer: Observer,
        narrowed: bool = False,
    ) -> None:
        self._base = base
        self._regions = regions
        self._role = role
        self._observer = observer
        self._narrowed = narrowed
        self._told: set[AccountId] = set()

    async def base_account(self) -> AccountId:
        """The account of the base credentials; STS is asked once. Raises a CallError."""
        return await self._base.whose(self._regions.sts_region())

    async def keys(self, scope: Scope) -> Keys:
        """Give keys that act in the scope's account, and in no other. Raises a ScopeError, or Stopped."""
        if self._role is not None and scope.account != (self._base.account or await self._own(scope)):
            return await self._role.keys(scope)
        keys = self._base.ready() or await self._base.keys(self._regions.sts_region(scope.region))
        if keys.account != scope.account:
            raise CredentialsUnavailable(
                f"the credentials are of account {keys.account}, and there is no role to reach "
                f"{scope.account}: give one with --role-name (or `role:` in the policy), or another "
                "--profile.",
                code="NoRole",
            )
        if self._role is not None:
            self._tell_direct(scope.account, self._role.link.role)
        return keys

    async def _own(self, scope: Scope) -> AccountId | None:
        """Tell the account of the base credentials. It is reached without the role."""
        return (await self._base.keys(self._regions.sts_region(scope.region))).account

    def _tell_direct(self, account: AccountId, role: str) -> None:
        if account not in self._told:
            self._told.add(account)
            self._observer.notify(ReachedDirectly(account=account, role=role, narrowed=self._narrowed))

    async def renew(self, scope: Scope, rejected: Keys) -> bool:
        """Drop keys that the service refused as expired. Returns whether other ones can be had."""
        if self._role is None or scope.account == self._base.account:
            return await self._base.renew(rejected, self._regions.sts_region(scope.region))
        self._role.discard(scope, rejected)
        return True
