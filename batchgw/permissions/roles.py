"""Who may assume the role in each account, and what those must be allowed to do who begin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from batchgw.errors import UsageError
from batchgw.model import RoleLink, Targets
from batchgw.permissions.statement import Statement

_PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:(?:iam|sts)::\d{12}:(?:root|(?:role|user|assumed-role)/[\w+=,.@/-]+)|\d{12}"
)


def last_link(targets: Targets) -> RoleLink:
    """Give the role that is assumed in each account. Raises UsageError where a policy names none."""
    if targets.role is None:
        raise UsageError(
            "The policy names no role, so the job runs with the base credentials and there is no role to "
            "describe: name one under targets.role (or --role-name)."
        )
    return RoleLink(
        role=targets.role,
        external_id=targets.external_id,
        session_tags=targets.session_tags,
        source_identity=targets.source_identity,
    )


def role_name(role: str) -> str:
    """Give the name of a role that is named by an ARN, with its path; a name is given back."""
    return role.partition(":role/")[2] or role


def trust(link: RoleLink, principals: Sequence[str]) -> tuple[Statement, ...]:
    """Give the statements of a role's trust policy. Raises UsageError for what can be no principal."""
    for each in principals:
        if not _PRINCIPAL.fullmatch(each):
            raise UsageError(
                f"--principal {each} is not the ARN of a role, a user or an account: write one such as "
                "arn:aws:iam::111122223333:role/BatchgwRunner."
            )
    return tuple(_trust(link, tuple(principals)))


def _trust(link: RoleLink, principals: tuple[str, ...]) -> Iterator[Statement]:
    yield Statement(
        sid="LetBatchgwIn",
        principals=principals,
        actions=("sts:AssumeRole",),
        condition={"StringEquals": {"sts:ExternalId": link.external_id}} if link.external_id else {},
    )
    if link.session_tags:
        yield Statement(
            sid="TakeSessionTags",
            principals=principals,
            actions=("sts:TagSession",),
            condition={"StringEquals": {f"aws:RequestTag/{k}": v for k, v in link.session_tags.items()}},
        )
    if link.source_identity:
        yield Statement(
            sid="TakeSourceIdentity",
            principals=principals,
            actions=("sts:SetSourceIdentity",),
            condition={"StringEquals": {"sts:SourceIdentity": link.source_identity}},
        )


def assuming(link: RoleLink, partition: str) -> Statement:
    """Give the statement that lets somebody assume the role in every account."""
    actions = ["sts:AssumeRole"]
    actions += ["sts:TagSession"] if link.session_tags else []
    actions += ["sts:SetSourceIdentity"] if link.source_identity else []
    arn = link.role.replace("{account}", "*") if link.role.startswith("arn:") else None
    return Statement(
        sid="AssumeRoles",
        actions=tuple(actions),
        resources=(arn or f"arn:{partition}:iam::*:role/{role_name(link.role)}",),
        why="assumes the role in each account",
    )
