"""Names around roles: the ARN to assume in an account, and the name of the session. Pure."""

from __future__ import annotations

import re

from batchgw.errors import UsageError
from batchgw.model import AccountId

_ARN = re.compile(
    r"arn:(?P<partition>[\w-]+|\*|\{partition\}):iam::(?P<account>\d{12}|\*|\{account\}):role/(?P<name>.+)",
    re.ASCII,
)
_NAME = re.compile(r"[\w+=,.@/-]{1,512}", re.ASCII)  # IAM: role name with its path

_NOT_IN_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)  # STS: RoleSessionName is [\w+=,.@-]{2,64}
_SHORTEST, _LONGEST = 2, 64


def role_arn(role: str, account: AccountId, partition: str) -> str:
    """Give the ARN of the role in an account.

    `role` is a role's name, with its path if it has one ("team/Batchgw"), or an ARN whose account is written
    `*` or `{account}`, its partition `*`, `{partition}` or by name. Raises UsageError when it is neither, or
    an ARN of another account: its keys would change APIs there.
    """
    if not role.startswith("arn:"):
        name = role.strip("/")
        if not _NAME.fullmatch(name):
            raise _unusable(role)
        return f"arn:{partition}:iam::{account}:role/{name}"
    match = _ARN.fullmatch(role)
    if match is None or not _NAME.fullmatch(match["name"]):
        raise _unusable(role)
    if match["account"] not in ("*", "{account}", account):
        raise UsageError(
            f"the role {role} is in account {match['account']} and cannot be used for account {account}: "
            "write the account in the ARN as {account}, or give the role's name alone"
        )
    given = match["partition"]
    return f"arn:{partition if given in ('*', '{partition}') else given}:iam::{account}:role/{match['name']}"


def check_role(role: str) -> None:
    """Raise UsageError when no account's role could be named by it."""
    role_arn(role, account_of(role) or AccountId("0" * 12), "aws")


def account_of(role: str) -> AccountId | None:
    """Give the account that the role's ARN names; None where it is left open, or only the name is given."""
    match = _ARN.fullmatch(role)
    return AccountId(match["account"]) if match and match["account"].isdigit() else None


def session_name(text: str | None) -> str:
    """Give what STS accepts as RoleSessionName, as near to the text as can be; CloudTrail shows it."""
    name = _NOT_IN_SESSION_NAME.sub("-", text or "batchgw")[:_LONGEST]
    return name if len(name) >= _SHORTEST else f"batchgw-{name}"


def _unusable(role: str) -> UsageError:
    return UsageError(
        f"not a role: {role!r}. Give a role's name (OrganizationBatchgw), or an ARN with the account left "
        "open: arn:aws:iam::{account}:role/OrganizationBatchgw"
    )
