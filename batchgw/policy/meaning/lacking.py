"""What a policy asks about an API and its account that nobody knows, as far as the answer could matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from batchgw.errors import ExpressionFailed
from batchgw.model import Account, AccountSelection, AccountSelector, RestApi, Selector
from batchgw.policy.meaning.exemptions import Exemption
from batchgw.policy.meaning.folding.layer import Layer
from batchgw.policy.meaning.rulebook import LayeredRulebook


def lacking(rulebook: LayeredRulebook, api: RestApi, account: Account | None) -> tuple[str, ...]:
    """Name what is not known, and the first that asks: "who manages it (rule tf, org.yaml:9:5)".

    A rule whose other words do not match asks for nothing.
    """
    found: dict[str, str] = {}
    for layer in rulebook.layers:
        for each in _asked(layer, api, account):
            found.setdefault(each, f"{'rule' if layer.match else 'file'} {layer.name}, {layer.where}")
    for exemption in rulebook.counting:
        for each in _asked(exemption, api, account):
            found.setdefault(each, f"the exemption at {exemption.where}")
    return tuple(f"{what} ({who})" for what, who in found.items())


def unknown(selector: Selector, api: RestApi, account: Account | None) -> dict[str, str]:
    """Give the words of a selector about what is not known, each with what that is."""
    found: dict[str, str] = {}
    name, place, tags = _of_account(api, account)
    if selector.account is not None and not selector.account.isdigit() and name:
        found["account"] = name
    if selector.ou is not None and (place if selector.ou.id is None else _no_ids(account) and place):
        found["ou"] = place
    if selector.owner is not None and api.owner is None:
        found["owner"] = _OWNER
    if selector.expression is not None:
        asked = (
            (name or place) if selector.needs_account else "",
            tags if selector.needs_account_tags else "",
            _OWNER if selector.needs_owner and api.owner is None else "",
        )
        if any(asked):
            found["expression"] = " and ".join(filter(None, asked))
    return found


_OWNER = "who manages it"


def _of_account(api: RestApi, account: Account | None) -> tuple[str, str, str]:
    """Say what is not known of an account: its name, its place, its tags; nothing where it is."""
    of = f"account {api.scope.account}"
    known = account is not None and len(account.ou) == len(account.ou_ids) - 1  # the root has an id alone
    return (
        f"the name of {of}" if account is None else "",
        "" if known else f"in which OU {of} is",
        f"the tags of {of}" if account is None or account.tags is None else "",
    )


def _no_ids(account: Account | None) -> bool:
    return account is None or not account.ou_ids


def _asked(of: Layer | Exemption, api: RestApi, account: Account | None) -> Iterator[str]:
    match = () if of.match is None else (of.match,)
    if not all(_may_match(each, api, account) for each in match):
        return
    within = () if of.within is None else (*of.within.apis.include, *of.within.apis.exclude)
    for selector in (*match, *within):
        if _may_match(selector, api, account):
            yield from unknown(selector, api, account).values()
    if of.within is not None and of.within.accounts is not None:
        yield from _asked_of_account(of.within.accounts, api, account)


def _may_match(selector: Selector, api: RestApi, account: Account | None) -> bool:
    """Tell whether a selector matches, but for what is not known."""
    open_ = unknown(selector, api, account)
    known = replace(
        selector,
        account=None if "account" in open_ else selector.account,
        ou=None if "ou" in open_ else selector.ou,
        owner=None if "owner" in open_ else selector.owner,
        expression=None if "expression" in open_ else selector.expression,
    )
    try:
        return known.matches(api, account)
    except ExpressionFailed:
        return True


def _asked_of_account(selection: AccountSelection, api: RestApi, account: Account | None) -> Iterator[str]:
    for each in (*selection.include, *selection.exclude):
        if each.id in (None, api.scope.account):
            words = _as_words(each)
            yield from unknown(words, api, account).values()
            if each.tags and (tags := _of_account(api, account)[2]):
                yield tags


def _as_words(selector: AccountSelector) -> Selector:
    """Give the words of a selector of accounts as those of one of APIs, which asks for the same."""
    return Selector(account=selector.name, ou=selector.ou)
