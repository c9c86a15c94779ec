"""Reads the identities of a world from what people write, or an error that says what is wrong, and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from batchgw.simulator.documents import Value, read
from batchgw.simulator.iam import reading
from batchgw.simulator.iam.documents import Policy
from batchgw.simulator.iam.reading import Kind, PolicyFault
from batchgw.simulator.iam.roles import MAX_SESSION, NOWHERE, Accounts, Attachment, Iam, Role, User

FIELDS: Final = ("roles", "users", "service_control_policies")
WHERE_FIELDS: Final = ("accounts", "except")
USER_FIELDS: Final = (*WHERE_FIELDS, "policy", "tags")
ROLE_FIELDS: Final = ("name", "path", *USER_FIELDS, "trust", "external_id", "max_session")
SCP_FIELDS: Final = (*WHERE_FIELDS, "ous", "policy", "full_access")

LONGEST_SESSION: Final = 43_200
"""Seconds: the most that a role may allow (IAM API reference, CreateRole)."""

_ACCOUNT = re.compile(r"\d{12}")
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_PATH = re.compile(r"/|/[!-~]+/")


def iam(document: Value) -> Iam:
    """Read a whole file. Whether its accounts and OUs are there, the world says. Raises UsageError."""
    found = document.fields(FIELDS)
    return Iam(
        roles=tuple(map(_role, _items(found, "roles"))),
        users=tuple(map(_user, _items(found, "users"))),
        attachments=tuple(map(_attachment, _items(found, "service_control_policies"))),
    )


def _items(found: Mapping[str, Value], key: str) -> tuple[Value, ...]:
    return found[key].items() if key in found else ()


def _role(value: Value) -> Role:
    found = value.fields(ROLE_FIELDS)
    if "name" not in found:
        raise value.wrong("a role needs a `name`")
    if "trust" in found and "external_id" in found:
        raise found["external_id"].wrong("a trust policy says this itself, as a condition on sts:ExternalId")
    return Role(
        name=_matching(found["name"], _NAME, "a role's name has letters, digits and +=,.@-_, and no path"),
        path=_matching(found["path"], _PATH, "a path begins and ends with a slash")
        if "path" in found
        else "/",
        accounts=_accounts(found),
        policies=_policies(found["policy"], Kind.IDENTITY) if "policy" in found else None,
        trust=_policy(found["trust"], Kind.TRUST) if "trust" in found else None,
        external_id=found["external_id"].text() if "external_id" in found else None,
        tags=_tags(found),
        max_session=_max_session(found["max_session"]) if "max_session" in found else MAX_SESSION,
    )


def _path(value: Value) -> str:
    return _matching(value, _PATH, "a path begins and ends with a slash")


def _user(value: Value) -> User:
    found = value.fields(USER_FIELDS)
    policies = _policies(found["policy"], Kind.IDENTITY) if "policy" in found else None
    return User(accounts=_accounts(found), policies=policies, tags=_tags(found))


def _attachment(value: Value) -> Attachment:
    found = value.fields(SCP_FIELDS)
    if "policy" not in found:
        raise value.wrong("a service control policy needs a `policy`")
    if found.keys().isdisjoint(("ous", *WHERE_FIELDS)):
        raise value.wrong("say where it is attached: `ous`, `accounts`, or all accounts `except` some")
    return Attachment(
        policies=_policies(found["policy"], Kind.SCP),
        accounts=NOWHERE if found.keys().isdisjoint(WHERE_FIELDS) else _accounts(found),
        units=frozenset(each.text() for each in _items(found, "ous")),
        full_access="full_access" not in found or found["full_access"].flag(),
    )


def _accounts(found: Mapping[str, Value]) -> Accounts:
    """Read which accounts: those that are listed, or all but some."""
    return Accounts(
        only=frozenset(map(_account, found["accounts"].items())) if "accounts" in found else None,
        but=frozenset(map(_account, _items(found, "except"))),
    )


def _account(value: Value) -> str:
    return _matching(value, _ACCOUNT, "an account's id has 12 digits")


def _matching(value: Value, pattern: re.Pattern[str], why: str) -> str:
    text = value.text()
    if not pattern.fullmatch(text):
        raise value.wrong(f"{why}: not {text!r}")
    return text


def _tags(found: Mapping[str, Value]) -> dict[str, str]:
    tags = found["tags"].mapping() if "tags" in found else {}
    return {key: tag.text() for key, tag in tags.items()}


def _max_session(value: Value) -> int:
    seconds = value.number()
    if not MAX_SESSION <= seconds <= LONGEST_SESSION:
        raise value.wrong(f"a session's longest time is from {MAX_SESSION} to {LONGEST_SESSION} seconds")
    return int(seconds)


def _policies(value: Value, kind: Kind) -> tuple[Policy, ...]:
    """Read a document, or a list of them."""
    documents = value.items() if isinstance(value.value, list) else (value,)
    return tuple(_policy(document, kind) for document in documents)


def _policy(value: Value, kind: Kind) -> Policy:
    """Read a document as it stands, or from the file that is named: a path beside the file that names it.

    What came over HTTP names no file.
    """
    if isinstance(value.value, str) and value.text_of_file is not None:
        value = read(Path(value.source).parent / value.text(), "policy")
    try:
        return reading.read(value.value, kind)
    except PolicyFault as fault:
        raise _at(value, fault).wrong(fault.message) from None


def _at(value: Value, fault: PolicyFault) -> Value:
    """Give the place of a fault, or of what should contain it."""
    for step in fault.path:
        if isinstance(step, int):
            value = value.items()[step]
            continue
        below = value.mapping() if isinstance(value.value, Mapping) else {}
        if step not in below:
            break
        value = below[step]
    return value
