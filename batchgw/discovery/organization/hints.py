"""What was probably meant by a selector of accounts that matches none. Pure."""

from __future__ import annotations

import glob
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from fnmatch import fnmatchcase

from batchgw.model import Account, AccountId, AccountSelector, OuPattern
from batchgw.policy.quoting import closest, did_you_mean

_SHOWN = 3
"""Values of a tag that a hint names."""

_NEAR = 0.9
"""How much alike (of 1) an account id must be: one digit of twelve is wrong."""


def hint(selector: AccountSelector, accounts: Sequence[Account], ous: Collection[tuple[str, ...]]) -> str:
    """Say how to write a selector that matches none of the accounts; nothing where that cannot be told.

    `ous` are the known OUs by their names from the top, whether or not an account is in them.
    """
    words = [f.name for f in fields(selector) if f.name != "where" and getattr(selector, f.name)]
    if len(words) != 1:
        return ""  # which of them is wrong cannot be told
    if selector.id is not None:
        near = closest(selector.id, [account.id for account in accounts], cutoff=_NEAR)
        return f"; did you mean {near}?" if near else ""
    if selector.name is not None:
        return _of_name(selector.name, [account.name for account in accounts])
    if selector.ou is not None:
        return _of_ou(selector.ou, accounts, ous)
    return _of_tags(selector, accounts)


def _of_name(name: str, names: Sequence[str]) -> str:
    if name in names:
        return f"; one has exactly this name, but [ * ? are read as a pattern: write {glob.escape(name)}"
    near = next((each for each in names if fnmatchcase(each.casefold(), name.casefold())), None)
    if near is not None:
        return f"; the case of letters counts, and there is {near}"
    return did_you_mean(name, names)


def _of_ou(ou: OuPattern, accounts: Sequence[Account], ous: Collection[tuple[str, ...]]) -> str:
    if ou.id is not None:
        return did_you_mean(ou.id, {each for account in accounts for each in account.ou_ids})
    if any(_covers(ou, names) for names in ous):
        return "; there is such an OU, and no account is in it or below it"
    folded = replace(ou, path=tuple(each.casefold() for each in ou.path))
    near = next((n for n in sorted(ous) if _covers(folded, tuple(each.casefold() for each in n))), None)
    if near is not None:
        return f"; the case of letters counts, and there is {_path(near)}"
    exact = next((n for n in ous if n == ou.path), None)
    if exact is not None:
        return f"; one has exactly this path, but [ * ? are read as a pattern: write {_path(exact)}"
    all_ous = {names[: n + 1] for names in ous for n in range(len(names))}
    return did_you_mean(ou.text, sorted(_path(names) for names in all_ous))


def _covers(ou: OuPattern, names: tuple[str, ...]) -> bool:
    return ou.matches(_in(names))


def _path(names: tuple[str, ...]) -> str:
    """Write the pattern that means this OU and no other."""
    return _in(tuple(glob.escape(each) for each in names)).path


def _in(names: tuple[str, ...]) -> Account:
    return Account(id=AccountId(""), ou=names)


def _of_tags(selector: AccountSelector, accounts: Sequence[Account]) -> str:
    if len(selector.tags) != 1:
        return ""
    [key] = selector.tags
    values = sorted({account.tags[key] for account in accounts if account.tags and key in account.tags})
    if values:
        shown = ", ".join(values[:_SHOWN]) + (", ..." if len(values) > _SHOWN else "")
        return f"; accounts have the tag {key} with {shown}"
    return did_you_mean(key, sorted({each for account in accounts for each in account.tags or ()}))
