"""What was found of an organisation not long ago, so that it need not be asked again."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from batchgw.control_plane.operations.region_status import RegionStatus
from batchgw.discovery.organization.units import Units
from batchgw.discovery.regions import AccountRegions
from batchgw.journal import Fact, FactKind, OrganizationMemory
from batchgw.model import Account, AccountId, Region
from batchgw.model.shape import JSON, text, texts

MAX_AGE: Final = 3_600.0
"""Seconds for which what was found is used again: new accounts are usually not ready for longer than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembering:
    """How what is found is remembered.

    Attributes:
        open: gives the memory of a reader, who is named by a text, such as `Journal.organization_memory`;
            None where nothing can be remembered.
        max_age: seconds for which what was found is used; 0: it is always asked again.
        clock: seconds since the epoch.
    """

    open: Callable[[str], Awaitable[OrganizationMemory | None]]
    max_age: float = MAX_AGE
    clock: Callable[[], float] = time.time


@dataclass(slots=True)
class Recollection:
    """What is remembered, and is not too old.

    Attributes:
        accounts: all accounts, without the names of their OUs; None where they must be listed.
        units: OUs, as far as the lists of those right below a root or OU are there. The others must be asked.
        tags: of some accounts.
        regions: of some accounts.
        regions_at: when those of an account were asked, in seconds since the epoch.
        as_of: when the oldest of the rest was asked, as far as it is about accounts and OUs that are still
            there; None where there is nothing.
    """

    accounts: tuple[Account, ...] | None = None
    units: Units = field(default_factory=Units)
    tags: dict[AccountId, Mapping[str, str]] = field(default_factory=dict)
    regions: dict[AccountId, AccountRegions] = field(default_factory=dict)
    regions_at: dict[AccountId, float] = field(default_factory=dict)
    as_of: float | None = None


async def recalled(memory: OrganizationMemory, *, since: float) -> Recollection:
    """Give what was asked since then. What cannot be read counts as forgotten."""
    found = Recollection()
    accounts = _fresh(await memory.listed(FactKind.ACCOUNT), since)
    units = _fresh(await memory.facts(FactKind.UNIT), since) or {}
    tags = _fresh(await memory.facts(FactKind.TAGS), since) or {}
    regions = _fresh(await memory.facts(FactKind.REGIONS), since) or {}
    try:
        if accounts is not None:
            found.accounts = tuple(Account.from_json(fact.body) for fact in accounts.values())
        found.units = _units(units)
        found.tags = {AccountId(name): texts(fact.body) for name, fact in tags.items()}
        found.regions = {AccountId(name): _regions(fact.body) for name, fact in regions.items()}
    except (KeyError, TypeError, ValueError):
        return Recollection()
    found.regions_at = {AccountId(name): fact.at for name, fact in regions.items()}
    there = {*found.units.reachable()} if accounts is None else {*found.units.reachable(), *accounts}
    used = [
        *(accounts or {}).values(),
        *(fact for facts in (units, tags) for name, fact in facts.items() if name in there),
    ]
    found.as_of = min((fact.at for fact in used), default=None)
    return found


async def keep_accounts(memory: OrganizationMemory, accounts: Iterable[Account], at: float) -> None:
    """Keep the whole list of accounts."""
    await memory.keep_list(FactKind.ACCOUNT, {each.id: each.to_json() for each in accounts}, at=at)


async def keep_units(memory: OrganizationMemory, lists: Mapping[str, Mapping[str, str]], at: float) -> None:
    """Keep lists of OUs, by the root or OU right below which they are.

    Each list is a fact by itself and is whole. So what was not asked about is never taken for empty.
    """
    bodies: dict[str, dict[str, JSON]] = {
        parent: {"children": dict(children)} for parent, children in lists.items()
    }
    await memory.keep(FactKind.UNIT, bodies, at=at)


async def keep_tags(
    memory: OrganizationMemory, tags: Mapping[AccountId, Mapping[str, str]], at: float
) -> None:
    """Keep the tags of some accounts."""
    await memory.keep(FactKind.TAGS, {account: dict(each) for account, each in tags.items()}, at=at)


async def keep_regions(
    memory: OrganizationMemory, regions: Mapping[AccountId, AccountRegions], at: float
) -> None:
    """Keep the regions of some accounts, if all of them could be told, and the accounts' keys are of use."""
    bodies: dict[str, dict[str, JSON]] = {
        account: {"by": found.by, "statuses": {each.region: each.status for each in found.statuses}}
        for account, found in regions.items()
        if found.unusable is None and not found.unanswered
    }
    await memory.keep(FactKind.REGIONS, bodies, at=at)


def _fresh(facts: Mapping[str, Fact] | None, since: float) -> Mapping[str, Fact] | None:
    """Give the facts that are new enough. Those of a list are of one time: all of them are, or none is."""
    if facts is None:
        return None
    fresh = {name: fact for name, fact in facts.items() if fact.at >= since}
    return fresh if fresh or not facts else None


def _units(facts: Mapping[str, Fact]) -> Units:
    units = Units()
    for parent, fact in facts.items():
        if "children" in fact.body:  # an earlier version kept each OU by itself
            units.learn(parent, texts(fact.body["children"]))
    return units


def _regions(body: Mapping[str, JSON]) -> AccountRegions:
    statuses = texts(body["statuses"])
    return AccountRegions(
        by=text(body["by"]),
        statuses=tuple(RegionStatus(region=Region(r), status=status) for r, status in statuses.items()),
    )
