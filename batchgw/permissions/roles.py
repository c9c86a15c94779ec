"""Who may assume the role in each account, and what those must be allowed to do who begin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Self

from batchgw.errors import UsageError
from batchgw.model import AccountId, RoleLink, Targets
from batchgw.permissions.statement import Statement

_PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:(?:iam|sts)::\d{12}:(?:root|(?:role|user|assumed-role)/[\w+=,.@/-]+)|\d{12}"
)


_OPEN = frozenset({"*", "{partition}", "{account}"})
"""How an ARN of a role leaves its partition or its account open."""

MOST_NAMED = 20
"""Accounts that a statement names one by one: a user's policies have 2,048 characters (IAM, quotas)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The chain of roles by which an account is entered. `last` is the role in each account."""

    before: tuple[RoleLink, ...]
    last: RoleLink

    @classmethod
    def of(cls, targets: Targets) -> Self:
        """Give a policy's chain. Raises UsageError where it names no role."""
        if targets.role is None:
            raise UsageError(
                "The policy names no role, so the job runs with the base credentials and there is no role to "
                "describe: name one under targets.role (or --role-name)."
            )
        last = RoleLink(
            role=targets.role,
            external_id=targets.external_id,
            session_tags=targets.session_tags,
            source_identity=targets.source_identity,
        )
        return cls(before=targets.roles, last=last)

    @property
    def links(self) -> tuple[RoleLink, ...]:
        """All links, the first one first."""
        return (*self.before, self.last)

    @property
    def passes_tags(self) -> bool:
        """Whether a session comes to the last role with tags of an earlier one."""
        return any(each.session_tags for each in self.before)

    @property
    def passes_identity(self) -> bool:
        """Whether a session comes to the last role with the source identity of an earlier one."""
        return any(each.source_identity for each in self.before)


def role_name(role: str) -> str:
    """Give the name of a role that is named by an ARN, with its path; a name is given back."""
    return role.partition(":role/")[2] or role.strip("/")


def trust(chain: Chain, principals: Sequence[str]) -> tuple[Statement, ...]:
    """Give the statements of the trust policy of a chain's last role.

    Raises UsageError for what can be no principal.
    """
    for each in principals:
        if not _PRINCIPAL.fullmatch(each):
            raise UsageError(
                f"--principal {each} is not the ARN of a role, a user or an account: write one such as "
                "arn:aws:iam::111122223333:role/BatchgwRunner."
            )
    return tuple(_trust(chain, tuple(principals)))


def _trust(chain: Chain, principals: tuple[str, ...]) -> Iterator[Statement]:
    link = chain.last
    yield Statement(
        sid="LetBatchgwIn",
        principals=principals,
        actions=("sts:AssumeRole",),
        condition={"StringEquals": {"sts:ExternalId": link.external_id}} if link.external_id else {},
    )
    if link.session_tags or chain.passes_tags:
        own = {f"aws:RequestTag/{k}": v for k, v in link.session_tags.items()}
        yield Statement(
            sid="TakeSessionTags",
            principals=principals,
            actions=("sts:TagSession",),
            condition={"StringEquals": own} if own else {},
        )
    if link.source_identity or chain.passes_identity:
        own = {"sts:SourceIdentity": link.source_identity} if link.source_identity else {}
        yield Statement(
            sid="TakeSourceIdentity",
            principals=principals,
            actions=("sts:SetSourceIdentity",),
            condition={"StringEquals": own} if own else {},
        )


def assuming(chain: Chain, partition: str, accounts: Sequence[AccountId] = ()) -> Iterator[Statement]:
    """Give a statement for each link: who stands before it must be allowed to assume it.

    The first is for the base credentials, the second for the role of the first link, and so on. `accounts`
    are those with the last role, where they are known.
    """
    for number, (link, actions) in enumerate(_handed_on(chain.links), 1):
        known = accounts if link is chain.last and len(accounts) <= MOST_NAMED else ()
        yield Statement(
            sid="AssumeRoles" if number == 1 else f"AssumeRolesOfLink{number}",
            actions=actions,
            resources=tuple(dict.fromkeys(_arn(link, partition, account) for account in known or ("*",))),
            why="assumes the role in each account",
        )


def assuming_reader(links: Sequence[RoleLink], chain: Chain, partition: str) -> Iterator[Statement]:
    """Give a statement for each link of the chain by which the organisation is read.

    Links with which both chains begin are left out: `assuming` has them.
    """
    begun = list(takewhile(lambda pair: pair[0] == pair[1], zip(links, chain.before, strict=False)))
    for number, (link, actions) in enumerate(_handed_on(links), 1):
        if number > len(begun):
            yield Statement(
                sid="AssumeReader" if number == 1 else f"AssumeReaderOfLink{number}",
                actions=actions,
                resources=(_arn(link, partition, "*"),),
                why="assumes the role that reads the organisation",
            )


def _handed_on(links: Sequence[RoleLink]) -> Iterator[tuple[RoleLink, tuple[str, ...]]]:
    """Give with each link what assuming it takes. Tags and identities are passed on to later links."""
    tags = identity = False
    for link in links:
        tags, identity = tags or bool(link.session_tags), identity or bool(link.source_identity)
        actions = ["sts:AssumeRole"]
        actions += ["sts:TagSession"] if tags else []
        actions += ["sts:SetSourceIdentity"] if identity else []
        yield link, tuple(actions)


def _arn(link: RoleLink, partition: str, account: str) -> str:
    """Give the ARN of a link's role. It may leave its partition and its account open."""
    if not link.role.startswith("arn:"):
        return f"arn:{partition}:iam::{account}:role/{role_name(link.role)}"
    _, given, _, _, there, role = link.role.split(":", 5)
    return f"arn:{partition if given in _OPEN else given}:iam::{account if there in _OPEN else there}:{role}"
