"""Names of scopes and APIs for people.

An API that was named by id and not found has the account "*". An account whose regions nobody can tell, or
that is skipped as a whole, has the region "*".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from batchgw.model import Region, RestApi, Scope
from batchgw.wording import amount

ANYWHERE = "*"
"""Stands for an account or region that was not given."""

APART = 3
"""Regions of an account that are named one by one. Where there are more, they are counted."""


def scope_name(scope: Scope) -> str:
    """Name a scope."""
    return "(not found)" if scope.account == ANYWHERE else str(scope)


def api_name(api: RestApi) -> str:
    """Name an API with its scope, as far as that is known."""
    return "/".join(p for p in (api.scope.account, api.scope.region, api.id) if p != ANYWHERE)


def scopes_counted(scopes: Iterable[Scope]) -> str:
    """Count scopes, and accounts as a whole apart from them: `119 scopes and 1 account`."""
    found = list(scopes)
    accounts = sum(scope.region == ANYWHERE for scope in found)
    counts = [(len(found) - accounts, "scope"), (accounts, "account")]
    return " and ".join(amount(count, noun) for count, noun in counts if count) or amount(0, "scope")


def scopes_named(scopes: Iterable[Scope], *, at_most: int) -> str:
    """Name some scopes; an account with many regions once, with their number. The rest is counted."""
    regions = defaultdict[str, list[Region]](list)
    for scope in sorted(scopes):
        regions[scope.account].append(scope.region)
    names = list(_named(regions))
    shown = ", ".join(name for name, _ in names[:at_most])
    rest = sum(count for _, count in names[at_most:])
    return shown + (f" and {rest:,} more" if rest else "")


def _named(regions: Mapping[str, Sequence[Region]]) -> Iterator[tuple[str, int]]:
    """Give names, and how many scopes each stands for."""
    for account, of_account in regions.items():
        if len(of_account) > APART:
            yield f"{account} in {amount(len(of_account), 'region')}", len(of_account)
            continue
        for region in of_account:
            yield (account if region == ANYWHERE else f"{account}/{region}"), 1
