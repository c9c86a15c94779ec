"""A role and its keys, which are always fresh: a link of a chain, assumed with the keys of the link before.

Each link is renewed by itself, after two thirds of its hour. The keys of the links after it stay good
meanwhile, so nobody notices an STS that is down for ten minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batchgw.control_plane.advice import words
from batchgw.control_plane.aws.credentials.renewal import Background, Refresher
from batchgw.control_plane.aws.credentials.role_chain import position
from batchgw.control_plane.aws.credentials.roles import account_of, role_arn, session_name
from batchgw.control_plane.aws.keys import Keys, Signer
from batchgw.control_plane.aws.sts.questions import RoleSession, Sts
from batchgw.control_plane.aws.sts.regions import StsRegions
from batchgw.errors import (
    AccessDenied,
    BadRequest,
    CallError,
    CredentialsRejected,
    CredentialsUnavailable,
    DeniedByScp,
    EndpointUnreachable,
    UsageError,
    WrongAccount,
)
from batchgw.events import CredentialsRefreshed, Observer
from batchgw.model import AccountId, Region, RoleLink, Scope

SessionPolicy = Callable[[str], str]
"""Gives the session policy for a partition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assuming:
    """What all roles of a connection share. `session_name` is asked each time that a role is assumed."""

    sts: Sts
    regions: StsRegions
    session_name: Callable[[], str]
    background: Background
    observer: Observer
    clock: Callable[[], float] = time.time


class AssumedRole:
    """Keys of a role.

    Args:
        link: the role.
        shared: how it is assumed.
        before: gives whoever assumes it for a scope: the link before, or the base credentials.
        place: where it stands in its chain, for messages; empty for a role that is alone.
        each_account: it is assumed in each scope's account. Else it is one role for all scopes of a
            partition, in the account that its ARN names, or in that of the link before.
        policy: bounds what its sessions may do; None for all that it may do.
    """

    def __init__(
        self,
        link: RoleLink,
        shared: Assuming,
        before: Callable[[Scope], Signer],
        *,
        place: str = "",
        each_account: bool = True,
        policy: SessionPolicy | None = None,
    ) -> None:
        self.link = link
        self._shared = shared
        self._before = before
        self._place = place
        self._each_account = each_account
        self._policy = policy
        self._refresher = Refresher(
            self._assume,
            background=shared.background,
            clock=shared.clock,
            key=_account if each_account else self._partition,
        )

    async def keys(self, scope: Scope) -> Keys:
        """Give usable keys for a scope. Raises a CallError, or Stopped."""
        return await self._refresher.keys(scope)

    def discard(self, scope: Scope, rejected: Keys) -> None:
        """Forget keys that the service no longer accepts."""
        self._refresher.discard(scope, rejected)

    def for_scope(self, scope: Scope) -> Signer:
        """Give the role as whoever signs for a scope."""
        return _ForScope(self, scope)

    def _partition(self, scope: Scope) -> str:
        return self._shared.regions.partition(scope.region)

    async def _assume(self, scope: Scope) -> Keys:
        region = self._shared.regions.sts_region(scope.region)
        signer = self._before(scope)
        account = scope.account if self._each_account else await self._account(signer, region)
        session = RoleSession(
            arn=self._arn(scope, account),
            name=session_name(self._shared.session_name()),
            link=self.link,
            policy=None if self._policy is None else self._policy(self._partition(scope)),
            signer=signer,
        )
        try:
            keys = await self._shared.sts.assume_role(session, region, scope)
        except (CredentialsRejected, CredentialsUnavailable, EndpointUnreachable):
            raise  # whoever signs or the way to STS is at fault, not the role
        except CallError as error:
            raise self._not_assumed(session, account, error) from error
        self._check(keys, account, session.arn)
        expires = keys.expires or 0.0
        self._shared.observer.notify(CredentialsRefreshed(account=account, role=session.arn, expires=expires))
        return keys

    async def _account(self, signer: Signer, region: Region) -> AccountId:
        account = account_of(self.link.role) or (await signer.keys(region)).account
        assert account is not None  # noqa: S101 - a signer's keys say it
        return account

    def _arn(self, scope: Scope, account: AccountId) -> str:
        try:
            return role_arn(self.link.role, account, self._partition(scope))
        except UsageError as error:
            raise CredentialsUnavailable(str(error), code="RoleUnusable") from error

    def _check(self, keys: Keys, account: AccountId, arn: str) -> None:
        if keys.account != account:
            raise WrongAccount(
                f"{arn}{self._place} gave credentials of account {keys.account}, not of {account}: nothing "
                "is done with them. Check the role and the STS endpoint."
            )
        if keys.expires is not None and keys.expires <= self._shared.clock():
            raise CredentialsUnavailable(
                f"the credentials of {arn} had expired when they came: check this machine's clock.",
                code="ExpiredOnArrival",
            )

    def _advice(self, error: CallError) -> str:
        chosen = "; --role-name and --external-id choose others" if self._each_account else ""
        advice = _advice(error) or f"{_ON_REFUSAL}{chosen}."
        if type(error) is not AccessDenied:  # no permission helps
            return advice
        return f"{advice} {_TRUST_PRINTED if self._each_account else ''}{_IDENTITY_PRINTED}"

    def _not_assumed(
        self, session: RoleSession, account: AccountId, error: CallError
    ) -> CredentialsUnavailable:
        refused = isinstance(error, AccessDenied | BadRequest)
        why = f"{words(error).rstrip('.')}. {self._advice(error)}" if refused else error.message
        return CredentialsUnavailable(
            f"cannot assume {session.arn} in account {account}{self._place}: {why}",
            code=error.code,
            status=error.status,
            request_id=error.request_id,
        )


def role_chain(
    links: Sequence[RoleLink],
    shared: Assuming,
    base: Signer,
    *,
    each_account: bool,
    policy: SessionPolicy | None,
) -> AssumedRole | None:
    """Make the roles of a chain and give the last one; None for a chain without links.

    `each_account` and `policy` are about the last one. Those before it are one for all scopes, and keep all
    their rights: whatever assumes a role needs the right to.
    """

    def of_base(_scope: Scope) -> Signer:
        return base

    before: Callable[[Scope], Signer] = of_base
    last: AssumedRole | None = None
    for number, link in enumerate(links, 1):
        is_last = number == len(links)
        last = AssumedRole(
            link,
            shared,
            before,
            place=position(number, len(links)),
            each_account=each_account and is_last,
            policy=policy if is_last else None,
        )
        before = last.for_scope
    return last


@dataclass(frozen=True, slots=True)
class _ForScope:
    """A `Signer`: a role that signs for one scope."""

    role: AssumedRole
    scope: Scope

    async def keys(self, _region: Region) -> Keys:
        return await self.role.keys(self.scope)

    async def renew(self, rejected: Keys, _region: Region) -> bool:
        self.role.discard(self.scope, rejected)
        return True


def _account(scope: Scope) -> str:
    return scope.account


_ON_REFUSAL = (
    "The role must exist, its trust policy must name this identity (and the external id, if it wants one), "
    "and the identity must be allowed sts:AssumeRole on it"
)

_TRUST_PRINTED = "`batchgw iam-policy POLICY --trust --principal ARN` prints the trust policy. "
_IDENTITY_PRINTED = "`batchgw iam-policy POLICY --organization` prints what the identity needs."


def _advice(error: CallError) -> str | None:
    """Say what to do where STS names the action that was denied, or the bound that was passed."""
    if isinstance(error, DeniedByScp):
        return (
            "No permission of this identity or of the role helps: ask those who keep the organisation's "
            "service control policies."
        )
    if "PackedPolicyTooLarge" in error.code:
        return (
            "The session policy and the session tags of all links so far are more than STS takes together: "
            "give fewer or shorter session tags."
        )
    if "sts:TagSession" in error.message:
        return (
            "Sessions with tags need sts:TagSession beside sts:AssumeRole, in the role's trust policy and "
            "for this identity. So does each later link of the chain, because the tags are passed on."
        )
    if "sts:SetSourceIdentity" in error.message:
        return (
            "Sessions with a source identity need sts:SetSourceIdentity beside sts:AssumeRole, in the role's "
            "trust policy and for this identity. So does each later link of the chain."
        )
    return None
