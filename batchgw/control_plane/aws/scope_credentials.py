"""Whose keys sign the calls of a scope: those of the role in its account, or the base credentials'.

The base credentials reach their own account directly: the role need not exist there, as in the management
account of an organisation. Whichever keys are given, they are of the scope's account.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from batchgw.control_plane.advice import words
from batchgw.control_plane.aws.credentials.base_keys import BaseCredentials
from batchgw.control_plane.aws.credentials.renewal import Background, Refresher
from batchgw.control_plane.aws.credentials.roles import role_arn
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.sts.questions import Sts
from batchgw.control_plane.aws.sts.regions import StsRegions
from batchgw.errors import (
    AccessDenied,
    BadRequest,
    CallError,
    CredentialsRejected,
    CredentialsUnavailable,
    EndpointUnreachable,
    UsageError,
    WrongAccount,
)
from batchgw.events import CredentialsRefreshed, Observer, ReachedDirectly
from batchgw.model import AccountId, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The role to assume in every account. `role` is a name or an ARN pattern (see `roles.role_arn`)."""

    role: str
    session_name: str
    external_id: str | None = field(default=None, repr=False)


class ScopeCredentials:
    """Gives the keys for a scope, fresh ones, and takes back those the service refused."""

    def __init__(
        self,
        base: BaseCredentials,
        sts: Sts,
        regions: StsRegions,
        *,
        role: Role | None,
        background: Background,
        observer: Observer,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._base = base
        self._sts = sts
        self._regions = regions
        self._role = role
        self._observer = observer
        self._clock = clock
        self._refresher = Refresher(self._assume, background=background, clock=clock)
        self._told: set[AccountId] = set()

    async def base_account(self) -> AccountId:
        """The account of the base credentials; STS is asked once. Raises a CallError."""
        return await self._base.whose(self._regions.sts_region())

    async def keys(self, scope: Scope) -> Keys:
        """Give keys that act in the scope's account, and in no other. Raises a ScopeError, or Stopped."""
        if self._role is not None and scope.account != (self._base.account or await self._own(scope)):
            return await self._refresher.keys(scope)
        keys = self._base.ready() or await self._base.keys(self._regions.sts_region(scope.region))
        if keys.account != scope.account:
            raise CredentialsUnavailable(
                f"the credentials are of account {keys.account}, and there is no role to reach "
                f"{scope.account}: give one with --role-name (or `role:` in the policy), or another "
                "--profile.",
                code="NoRole",
            )
        if self._role is not None:
            self._tell_direct(scope.account, self._role.role)
        return keys

    async def _own(self, scope: Scope) -> AccountId | None:
        """Tell the account of the base credentials. It is reached without the role."""
        return (await self._base.keys(self._regions.sts_region(scope.region))).account

    def _tell_direct(self, account: AccountId, role: str) -> None:
        if account not in self._told:
            self._told.add(account)
            self._observer.notify(ReachedDirectly(account=account, role=role))

    async def renew(self, scope: Scope, rejected: Keys) -> bool:
        """Drop keys that the service refused as expired. Returns whether other ones can be had."""
        if self._role is None or scope.account == self._base.account:
            return await self._base.renew(rejected, self._regions.sts_region(scope.region))
        self._refresher.discard(scope, rejected)
        return True

    async def _assume(self, scope: Scope) -> Keys:
        arn = self._arn(scope)
        try:
            keys = await self._sts.assume_role(
                arn,
                self._regions.sts_region(scope.region),
                scope,
                session_name=self._role.session_name if self._role else "",
                external_id=self._role.external_id if self._role else None,
            )
        except (CredentialsRejected, CredentialsUnavailable, EndpointUnreachable):
            raise  # the base credentials or the way to STS are at fault, not the role
        except CallError as error:
            raise _not_assumed(arn, scope, error) from error
        self._check(keys, scope, arn)
        expires = keys.expires or 0.0
        self._observer.notify(CredentialsRefreshed(account=scope.account, role=arn, expires=expires))
        return keys

    def _arn(self, scope: Scope) -> str:
        try:
            return role_arn(
                self._role.role if self._role else "", scope.account, self._regions.partition(scope.region)
            )
        except UsageError as error:
            raise CredentialsUnavailable(str(error), code="RoleUnusable") from error

    def _check(self, keys: Keys, scope: Scope, arn: str) -> None:
        if keys.account != scope.account:
            raise WrongAccount(
                f"{arn} gave credentials of account {keys.account}, not of {scope.account}: nothing is done "
                "with them. Check the role and the STS endpoint."
            )
        if keys.expires is not None and keys.expires <= self._clock():
            raise CredentialsUnavailable(
                f"the credentials of {arn} had expired when they came: check this machine's clock.",
                code="ExpiredOnArrival",
            )


_ON_REFUSAL = (
    " The role must exist, its trust policy must name this identity (and the external id, if it wants one), "
    "and the identity must be allowed sts:AssumeRole on it; --role-name and --external-id choose others."
)


def _not_assumed(arn: str, scope: Scope, error: CallError) -> CredentialsUnavailable:
    refused = isinstance(error, AccessDenied | BadRequest)
    why = words(error).rstrip(".") + "." + _ON_REFUSAL if refused else error.message
    return _no_access(f"cannot assume {arn} in account {scope.account}", error, why)


def _no_access(what: str, error: CallError, why: str) -> CredentialsUnavailable:
    return CredentialsUnavailable(
        f"{what}: {why}", code=error.code, status=error.status, request_id=error.request_id
    )
