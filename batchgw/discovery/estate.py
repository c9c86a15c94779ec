"""What is found of accounts and regions while account-regions are looked for. Nothing is asked here."""

from __future__ import annotations

from dataclasses import dataclass, field

from batchgw.model import Account, AccountId, Region, RestApi, RestApiId, Scope, SkippedScope, UnreadScope
from batchgw.model.fleet.selected import SelectedAccounts, Unmatched

FoundScope = Scope | SkippedScope | UnreadScope
"""An account-region to look into; one that is rightly left alone; or one of which nobody can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadStages:
    """An API that was found and whose stages could not be read, and why. `code` is the error's class name."""

    api: RestApi
    code: str
    message: str


@dataclass(slots=True, kw_only=True)
class Estate:
    """Collects what is found. It is whole when the search for scopes has ended.

    Attributes:
        accounts: the accounts that are meant, as the organisation describes them. Empty where it was not
            asked, because accounts were given as a list.
        regions: who said which regions an account has enabled: "account:ListRegions", "ec2:DescribeRegions"
            or "sts". An account whose regions were given as a list is not in it.
        looked_into: the regions of each account in which APIs are looked for.
        skipped: what is rightly not looked into, and why.
        selected: how many accounts are meant, and which selectors match none; None where the organisation was
            not asked, or not to the end. It belongs into `Selected.accounts`.
        unmatched_words: those of `Needs.words` that match no account of the organisation, as far as that
            can be told. They belong into `Variants.hinted` and `SelectionCount.total`.
        unmatched_regions: words of `regions` that match no region of any account. They belong into
            `Selected.regions`.
        stages: the names of an API's stages, where somebody asked for them.
        unread_stages: why an API's stages could not be read.
        as_of: when the organisation was asked, in seconds since the epoch; None where it was not.
    """

    accounts: dict[AccountId, Account] = field(default_factory=dict)
    regions: dict[AccountId, str] = field(default_factory=dict)
    looked_into: dict[AccountId, tuple[Region, ...]] = field(default_factory=dict)
    skipped: list[SkippedScope] = field(default_factory=list)
    selected: SelectedAccounts | None = None
    unmatched_words: tuple[Unmatched, ...] = ()
    unmatched_regions: tuple[Unmatched, ...] = ()
    stages: dict[tuple[Scope, RestApiId], tuple[str, ...]] = field(default_factory=dict)
    unread_stages: dict[tuple[Scope, RestApiId], UnreadStages] = field(default_factory=dict)
    as_of: float | None = None
