"""What each API shall be, where that differs from API to API: the rules of a policy, seen from outside.

How a policy's rules are folded into one another is the business of `policy.meaning`. Everybody else asks a
`Rulebook`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from batchgw.model.change import SetAside
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.desired import Desired
from batchgw.model.fleet.organization import Account, AccountSelector
from batchgw.model.fleet.selector import Selector
from batchgw.model.scope import RestApi
from batchgw.model.shape import JSON

Reach = tuple[tuple[Selector, ...], ...]
"""APIs: those that all selectors of any of the groups match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What all APIs shall be that the same rules match.

    `rules` are the names of those rules, in the order in which they are folded; none for the policy alone.
    """

    rules: tuple[str, ...]
    desired: Desired


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a policy says of one API: what it shall be, and which of its targets are left alone on purpose.

    APIs of one variant are given the same object, so that variants can be told apart by identity.
    What is set aside is left alone by the variant as well: `Desired.left_alone`, or nothing is said of it.
    `exemptions` are the policy's own that match the API, by their names among `Rulebook.exemptions`.
    `notes` are what is to be told of the API's own tags: an exemption that has expired, or says no reason.
    """

    variant: Variant
    set_aside: tuple[SetAside, ...] = ()
    exemptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Rulebook(Protocol):
    """Decides what each API shall be. It is pure: the same API always gets the same answer."""

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of its rules: those that match no API are worth a warning."""
        ...

    @property
    def exemptions(self) -> tuple[str, ...]:
        """A name for each exemption, such as "exemption of name legacy-*": the same is true of those."""
        ...

    @property
    def places(self) -> Mapping[str, str]:
        """Where each rule and exemption stands ("org.yaml:9:5"), by its name, as far as that is known."""
        ...

    @property
    def needs_listing(self) -> bool:
        """Whether it asks for what only a listing says of an API: its name, its tags and so on.

        Else an API that is named by its id need not be listed.
        """
        ...

    @property
    def needs_account(self) -> bool:
        """Whether a rule asks where in the organisation an API's account is, or what it is called."""
        ...

    @property
    def account_words(self) -> Mapping[str, tuple[AccountSelector, ...]]:
        """What a rule or exemption asks of an API's account that only the organisation knows, by its name.

        Each is given by itself: one that matches no account is most likely misspelt.
        """
        ...

    @property
    def needs_account_tags(self) -> bool:
        """Whether a rule asks for the tags of an API's account, a call for each account."""
        ...

    @property
    def needs_owner(self) -> bool:
        """Whether a rule asks who manages an API."""
        ...

    @property
    def reach(self) -> Reach | None:
        """The APIs, or more, about whose gateway responses it says something; None where that may be any."""
        ...

    @property
    def live_reach(self) -> Reach | None:
        """The same of their stages: which APIs have some that are made live. Empty where there are none."""
        ...

    def decide(self, api: RestApi, account: Account | None) -> Decision:
        """Decide about an API. `account` is what the organisation says of its account, where it was asked.

        Raises ExpressionFailed where an expression of a rule cannot be worked out for it.
        """
        ...

    def to_json(self) -> JSON:
        """Render its whole meaning, for the digest of the policy. None where there are no rules."""
        ...


class OneForAll:
    """The rulebook of a policy without rules: all APIs shall be the same."""

    rules: tuple[str, ...] = ()
    exemptions: tuple[str, ...] = ()
    places: Mapping[str, str] = MappingProxyType({})
    needs_listing = False
    needs_account = False
    account_words: Mapping[str, tuple[AccountSelector, ...]] = MappingProxyType({})
    needs_account_tags = False
    needs_owner = False
    reach: Reach | None = None

    def __init__(self, desired: Desired) -> None:
        self.live_reach: Reach | None = None if STAGE in desired.parts else ()
        self._decision = Decision(variant=Variant(rules=(), desired=desired))

    def decide(self, api: RestApi, account: Account | None) -> Decision:
        """Give the one decision there is."""
        del api, account
        return self._decision

    def to_json(self) -> JSON:
        """Give nothing: `Policy.desired` says it all."""
        return None
