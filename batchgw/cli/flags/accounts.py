"""From `--account` and `--exclude-account` to accounts: ids, `current`, `organization`, and OUs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from batchgw.cli.flags.flag import from_environment, variable
from batchgw.errors import UsageError
from batchgw.model import AccountId, AccountSelection, AccountSelector, ExplicitApi, OuPattern, Targets
from batchgw.model.fleet.targets import CURRENT

ORGANIZATION = "organization"
"""Stands for every account of the organisation, as in a policy."""

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_INCLUDE = "--account"
_EXCLUDE = "--exclude-account"


def with_accounts(
    targets: Targets,
    given: Sequence[str],
    excluded: Sequence[str],
    *,
    explicit: tuple[ExplicitApi, ...] = (),
) -> Targets:
    """Choose the flag's accounts, else those of the named APIs if each has one, else the policy's.

    Ids and `current` are a list of accounts; any other word means that the organisation is asked. Raises
    UsageError for a value that cannot be used.
    """
    chosen = _included(targets, given, explicit)
    return _without(chosen, excluded) if excluded else chosen


def _included(targets: Targets, given: Sequence[str], explicit: tuple[ExplicitApi, ...]) -> Targets:
    if not given:
        named = [api.account for api in explicit if api.account]
        if not named or len(named) != len(explicit):
            return targets
        return _listed(targets, named)
    if list(given) == [CURRENT]:
        return _listed(targets, ())
    if all(map(_is_account, given)):
        return _listed(targets, [AccountId(each) for each in given], where=_where(_INCLUDE, given))
    words = [each for each in dict.fromkeys(given) if each != ORGANIZATION]
    selection = AccountSelection(
        include=() if ORGANIZATION in given else _selectors(words, _INCLUDE, given),
        everything=ORGANIZATION in given,
    )
    if ORGANIZATION in given and words:
        raise UsageError(f"{_INCLUDE} {ORGANIZATION} means every account: leave out {', '.join(words)}.")
    return replace(targets, accounts=(), organization=selection)


def _listed(targets: Targets, accounts: Sequence[AccountId], *, where: str = "") -> Targets:
    listed = tuple(dict.fromkeys(accounts))
    places = dict.fromkeys(listed, where)
    return replace(targets, accounts=listed, account_places=places, organization=None)


def _where(name: str, given: Sequence[str]) -> str:
    return variable(name) if from_environment(name, list(given)) else name


def _without(targets: Targets, excluded: Sequence[str]) -> Targets:
    """Leave accounts out. An unknown one is refused: the one that was meant would be written to."""
    if ORGANIZATION in excluded:
        raise UsageError(f"{_EXCLUDE} leaves out every account, so that nothing is left to do.")
    if targets.organization is not None:
        selectors = _selectors(excluded, _EXCLUDE, excluded)
        exclude = (*targets.organization.exclude, *selectors)
        return replace(targets, organization=replace(targets.organization, exclude=exclude))
    if not targets.accounts:
        raise UsageError(
            f"{_EXCLUDE} needs accounts from which to leave some out: name them in the policy or by "
            f"{_INCLUDE}."
        )
    if not all(map(_is_account, excluded)):  # in which OU an account is, only the organisation can tell
        selection = AccountSelection(
            include=targets.account_selectors,
            exclude=_selectors(excluded, _EXCLUDE, excluded),
        )
        return replace(targets, accounts=(), organization=selection)
    strange = [account for account in excluded if account not in targets.accounts]
    if strange and not from_environment(_EXCLUDE, list(excluded)):  # a variable is meant for every command
        raise UsageError(f"{_EXCLUDE} {', '.join(strange)}: not among the accounts of this command.")
    left = tuple(account for account in targets.accounts if account not in excluded)
    if not left:
        raise UsageError(f"{_EXCLUDE} leaves out every account, so that nothing is left to do.")
    return replace(targets, accounts=left)


def _is_account(word: str) -> bool:
    return word == CURRENT or _ACCOUNT.fullmatch(word) is not None


def _selectors(words: Sequence[str], name: str, given: Sequence[str]) -> tuple[AccountSelector, ...]:
    where = _where(name, given)
    return tuple(_selector(word, name, where) for word in dict.fromkeys(words))


def _selector(word: str, name: str, where: str) -> AccountSelector:
    if _is_account(word):
        return AccountSelector(id=AccountId(word), where=where)
    try:
        return AccountSelector(ou=OuPattern.parse(word), where=where)
    except ValueError:
        raise UsageError(
            f"{name} {word} is not twelve digits, and not `{CURRENT}`, `{ORGANIZATION}`, the id of an OU or "
            "root (ou-..., r-...), or a path of OUs such as /Prod/Payments."
        ) from None
