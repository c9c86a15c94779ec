"""What Organizations says of accounts, OUs and roots, read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

from batchgw.control_plane.interface import Wire
from batchgw.control_plane.operations.checks import is_account, is_id, is_text
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.model import AccountId
from batchgw.model.fleet.organization import Account

PAGE_SIZE = 20
"""Entries of a page: the operations' maximum (API reference, `MaxResults`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """An OU or a root, by its id (`ou-...` or `r-...`), and what people call it."""

    id: str
    name: str


def read_account(item: Any) -> Account:
    """Read an account. Its `ou_ids` are empty where AWS gives no `Paths`; an account is always in a root.

    `Status` was to go in September 2026. It counts only where there is no `State`.
    """
    members = _members(item, "an account")
    found = members.get("Id")
    if not is_account(found):
        raise unreadable_answer("the id of an account in it is not one")
    state = members.get("State") or members.get("Status")
    if not state or not is_text(state):
        raise unreadable_answer(f"it does not say in which state account {found} is")
    return Account(
        id=AccountId(found),
        name=_name(members, f"account {found}"),
        state=state,
        ou_ids=_way_to(found, members.get("Paths")),
    )


def read_unit(item: Any) -> Unit:
    """Read an OU or a root. Its `Path` is not needed: it was asked for by its parent."""
    members = _members(item, "an OU")
    found = members.get("Id")
    if not is_unit(found):
        raise unreadable_answer("the id of an OU or root in it is not one")
    return Unit(id=found, name=_name(members, found))


def is_unit(value: object) -> TypeGuard[str]:
    """Tell whether it is the id of an OU or of a root."""
    return is_id(value) and value.startswith(("ou-", "r-"))


def _members(item: Any, what: str) -> Wire:
    if not isinstance(item, dict):
        raise unreadable_answer(f"what it says of {what} is no JSON object")
    return item


def _name(members: Wire, whose: str) -> str:
    name = members.get("Name")
    if name is not None and not is_text(name):
        raise unreadable_answer(f"the name of {whose} is not a text that can be kept")
    return name or ""


def _way_to(account: str, paths: object) -> tuple[str, ...]:
    """Read where an account is: `o-.../r-.../ou-.../`, with or without its own id at the end.

    There is a list of them, because the service model leaves room for more than one organisation. An account
    is in one OU.
    """
    if paths is None or paths == []:
        return ()
    if not isinstance(paths, list):
        raise unreadable_answer(f"the paths of account {account} are no list")
    return _units(paths[0])


def _units(path: object) -> tuple[str, ...]:
    """Read the ids of root and OUs in a path."""
    parts = path.strip("/").split("/") if is_text(path) else []
    units = [part for part in parts[1:] if not is_account(part)]
    if not units or not all(map(is_unit, units)):
        raise unreadable_answer("a path in it is not one of an organisation, such as o-.../r-.../ou-.../")
    return tuple(units)
