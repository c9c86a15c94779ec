"""Where to look, how to get in, and which REST APIs are meant there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batchgw.model.fleet.organization import Account, AccountSelection, AccountSelector
from batchgw.model.fleet.selector import Selector
from batchgw.model.scope import AccountId, Region, RestApi, RestApiId
from batchgw.model.shape import JSON, text, text_or_none, texts

_EXPLICIT = re.compile(r"(?:(?:(\d{12})/)?([a-z]{2,}(?:-[a-z]+)+-\d+)/)?([A-Za-z0-9]+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplicitApi:
    """An API named by id on the command line or in a targets file; account and region narrow where it is."""

    id: RestApiId
    account: AccountId | None = None
    region: Region | None = None

    def __str__(self) -> str:
        """Render as `parse` reads it."""
        return "/".join(part for part in (self.account, self.region, self.id) if part)

    @classmethod
    def parse(cls, text: str) -> ExplicitApi:
        """Read `ID`, `REGION/ID` or `ACCOUNT/REGION/ID`. Raises ValueError on any other form."""
        found = _EXPLICIT.fullmatch(text)
        if found is None:
            raise ValueError(f"not an API id, region/id or account/region/id: {text!r}")
        account, region, api = found.groups()
        return cls(
            id=RestApiId(api),
            region=None if region is None else Region(region),
            account=None if account is None else AccountId(account),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which REST APIs of a scope: any `include` (all, when empty) and no `exclude`.

    `explicit` APIs, when there are any, are the only ones considered, and each must be found.
    """

    include: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()
    explicit: tuple[ExplicitApi, ...] = ()

    @property
    def needs_account(self) -> bool:
        """Whether the organisation must be asked about the accounts of APIs."""
        return any(each.needs_account for each in (*self.include, *self.exclude))

    @property
    def account_words(self) -> tuple[AccountSelector, ...]:
        """What its selectors ask of accounts that only the organisation knows: each by itself."""
        return tuple(word for each in (*self.include, *self.exclude) for word in each.account_words)

    @property
    def needs_account_tags(self) -> bool:
        """Whether the tags of APIs' accounts must be known."""
        return any(each.needs_account_tags for each in (*self.include, *self.exclude))

    @property
    def needs_owner(self) -> bool:
        """Whether the owners of APIs must be known."""
        return any(each.needs_owner for each in (*self.include, *self.exclude))

    def matches(self, api: RestApi, account: Account | None = None) -> bool:
        """Tell whether the API is selected by include and exclude (`explicit` is discovery's business)."""
        return self.includes(api, account) and not any(s.matches(api, account) for s in self.exclude)

    def includes(self, api: RestApi, account: Account | None = None) -> bool:
        """Tell whether the API is meant but for what `exclude` exempts."""
        return not self.include or any(s.matches(api, account) for s in self.include)


CURRENT = AccountId("current")
"""Stands among accounts for that of the credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLink:
    """A role of a chain. It is assumed with the keys of the link before, the first with the base credentials.

    Attributes:
        role: its name, which stands for that role in each account, or an ARN; {account} in it is the account.
        external_id: what its trust policy may ask for.
        session_tags: tags of its sessions, which are passed on to the links after it.
        source_identity: who is behind its sessions, for CloudTrail. It stays for the whole chain.
    """

    role: str
    external_id: str | None = field(default=None, repr=False)
    session_tags: Mapping[str, str] = field(default_factory=dict)
    source_identity: str | None = None

    def to_json(self) -> dict[str, JSON]:
        """Render for plans and runs, without the external id: it shall not be kept."""
        out: dict[str, JSON] = {"role": self.role}
        if self.session_tags:
            out["session_tags"] = dict(self.session_tags)
        if self.source_identity is not None:
            out["source_identity"] = self.source_identity
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> RoleLink:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            role=text(data["role"]),
            session_tags=texts(data.get("session_tags", {})),
            source_identity=text_or_none(data.get("source_identity")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EnabledRegions:
    """The regions that each account has enabled, but for `exclude`. Those of `order` come first.

    `exclude_places` and `order_places` say where each stands, for messages.
    """

    exclude: tuple[Region, ...] = ()
    order: tuple[Region, ...] = ()
    exclude_places: Mapping[Region, str] = field(default_factory=dict, compare=False, repr=False)
    order_places: Mapping[Region, str] = field(default_factory=dict, compare=False, repr=False)

    def chosen(self, enabled: Iterable[Region]) -> tuple[Region, ...]:
        """Give the regions to look into, of those that an account has enabled."""
        left = [region for region in dict.fromkeys(enabled) if region not in self.exclude]
        first = [region for region in self.order if region in left]
        return (*first, *(region for region in left if region not in first))

    def to_json(self) -> dict[str, JSON]:
        """Render as the policy file spells it."""
        return {"enabled": True, "exclude": list(self.exclude), "order": list(self.order)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Where to look, and how to get in.

    Attributes:
        accounts: ids, and `CURRENT` for the account of the credentials, which is meant where this is empty.
        account_places: where those stand, for messages: a line of a policy file, a flag or a variable.
        organization: which accounts of the organisation are meant instead; then `accounts` is empty.
        regions: where to look in each account; the default region of the credentials, where this is empty.
        enabled_regions: that each account's own regions are meant instead; then `regions` is empty.
        role: the last role of the chain, which is assumed in each account: a name, or an ARN pattern with
            {account}. None: the base credentials are used, or the last of `roles`.
        external_id: what the trust policy of that role asks for.
        session_tags: tags of that role's sessions.
        source_identity: who is behind its sessions.
        roles: the links of the chain before that role.
        organization_roles: the chain of roles by which the organisation is read; empty: base credentials.
        session_name: shows in CloudTrail; the run's id, where it is None.
        apis: which REST APIs there.
    """

    accounts: tuple[AccountId, ...] = ()
    account_places: Mapping[AccountId, str] = field(default_factory=dict, compare=False, repr=False)
    organization: AccountSelection | None = None
    regions: tuple[Region, ...] = ()
    enabled_regions: EnabledRegions | None = None
    role: str | None = None
    external_id: str | None = field(default=None, repr=False)
    session_tags: Mapping[str, str] = field(default_factory=dict)
    source_identity: str | None = None
    roles: tuple[RoleLink, ...] = ()
    organization_roles: tuple[RoleLink, ...] = ()
    session_name: str | None = None
    apis: Selection = field(default_factory=Selection)

    @property
    def account_selectors(self) -> tuple[AccountSelector, ...]:
        """The accounts that are listed, each as a selector with its place."""
        return tuple(
            AccountSelector(id=each, where=self.account_places.get(each, "")) for each in self.accounts
        )
