"""Why a selector does not match an API: its first word that does not, and what the API has instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from batchgw.model import Account, RestApi, Selector
from batchgw.model.fleet.selector import document
from batchgw.policy.meaning.folding.layer import Within
from batchgw.policy.meaning.lacking import unknown
from batchgw.policy.quoting import shown


def mismatch(selector: Selector, api: RestApi, account: Account | None) -> str | None:
    """Say which word does not match, and what the API has there. None where all do.

    What is not known of the API is said only where all that is known matches.
    """
    open_ = unknown(selector, api, account)
    for word, only in sorted(_words(selector), key=lambda each: each[0] in open_):
        if not only.matches(api, account):
            return f"{only}: {_has(word, only, api, account)}"
    return None


def mismatch_within(within: Within, api: RestApi, account: Account | None) -> str | None:
    """Say why an API is not among those to which a file is narrowed. None where it is."""
    if within.matches(api, account):
        return None
    for each in within.apis.exclude:
        if each.matches(api, account):
            return f"its file excludes it: {each} ({each.where})"
    if not within.apis.includes(api, account):
        return f"none of its file's include selectors: {'; '.join(map(str, within.apis.include))}"
    return f"its file is about other accounts than {api.scope.account}"


def _words(selector: Selector) -> Iterator[tuple[str, Selector]]:
    """Give each word of a selector as a selector of its own; tags one by one."""
    for key, value in selector.tags.items():
        yield "tags", Selector(tags={key: value})
    for each in fields(selector):
        value = getattr(selector, each.name)
        if each.name not in ("tags", "where") and value is not None:
            yield each.name, Selector(**{each.name: value})


def _has(word: str, only: Selector, api: RestApi, account: Account | None) -> str:
    created = document(api, account)["created"]
    name = f" ({shown(account.name)})" if account is not None and account.name else ""
    has = {
        "id": f"it is {api.id}",
        "name": f"it is {shown(api.name)}",
        "tags": "".join(_tag(key, api) for key in only.tags),
        "account": f"it is in {api.scope.account}{name}",
        "region": f"it is in {api.scope.region}",
        "ou": "where its account is is not known" if account is None else f"its account is in {account.path}",
        "endpoint": f"it is {', '.join(api.endpoint_types) or 'of no known endpoint type'}",
        "created": f"it was created {created}" if created else "when it was created is not known",
        "owner": "who manages it was not asked" if api.owner is None else f"it is {api.owner}",
        "expression": "that is not true of it",
    }
    return has[word]


def _tag(key: str, api: RestApi) -> str:
    return f"it has {shown(api.tags[key])}" if key in api.tags else "it has no such tag"
