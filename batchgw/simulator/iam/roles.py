"""Who may do what in a world: roles, users and service control policies, each in some accounts or in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchgw.simulator.iam.documents import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Some accounts.

    Attributes:
        only: their ids; None for every account.
        but: ids of those that are not among them.
    """

    only: frozenset[str] | None = None
    but: frozenset[str] = frozenset()

    def __contains__(self, account: object) -> bool:
        return (self.only is None or account in self.only) and account not in self.but


EVERYWHERE = Accounts()
NOWHERE = Accounts(only=frozenset())

MAX_SESSION = 3_600
"""Seconds that a role's sessions last at most, unless the role says more (IAM API reference, CreateRole)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role.

    Attributes:
        name: without its path.
        accounts: those that have it.
        path: begins and ends with a slash.
        policies: its identity-based policies; None for a role that may do everything.
        trust: its trust policy; None for a role that everybody in the world may assume.
        external_id: what it asks for, instead of a trust policy that says so.
        tags: of the role itself.
        max_session: seconds that its sessions last at most.
    """

    name: str
    accounts: Accounts = EVERYWHERE
    path: str = "/"
    policies: tuple[Policy, ...] | None = None
    trust: Policy | None = None
    external_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    max_session: int = MAX_SESSION


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """What the user `batchgw` of some accounts may do, whose long-term key each account has.

    Attributes:
        accounts: whose.
        policies: its identity-based policies; None for one that may do everything.
        tags: of the user.
    """

    accounts: Accounts = EVERYWHERE
    policies: tuple[Policy, ...] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Service control policies that are attached in one place: an organisational unit, or some accounts.

    Attributes:
        policies: what is attached.
        accounts: to which accounts, by themselves. The management account is never restricted.
        units: ids or paths of the root and OUs to which they are attached, so to all accounts below them.
        full_access: whether FullAWSAccess is attached, too. Without it only what `policies` allow is left.
    """

    policies: tuple[Policy, ...]
    accounts: Accounts = NOWHERE
    units: frozenset[str] = frozenset()
    full_access: bool = True

    def covers(self, account: str, above: frozenset[str]) -> bool:
        """Whether it applies to an account; `above` names the root and the OUs that this stands in."""
        return account in self.accounts or not self.units.isdisjoint(above)


@dataclass(frozen=True, slots=True, kw_only=True)
class Iam:
    """The identities of a world. Empty: every role may do everything.

    Attributes:
        roles: the first one of a name that an account has is its role of that name.
        users: the first one of an account says what its user may do.
        attachments: service control policies. All that cover an account apply.
    """

    roles: tuple[Role, ...] = ()
    users: tuple[User, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.roles or self.users or self.attachments)

    def defines(self, name: str) -> bool:
        """Whether a role of that name is described, for whatever accounts."""
        return any(role.name == name for role in self.roles)

    def role(self, account: str, name: str) -> Role | None:
        """Give an account's role; None when it has none of that name."""
        return next((r for r in self.roles if r.name == name and account in r.accounts), None)

    def user(self, account: str) -> User:
        """Give an account's user."""
        return next((u for u in self.users if account in u.accounts), _ANYBODY)


_ANYBODY = User()

NO_POLICIES = Iam()
"""Every role may do everything."""
