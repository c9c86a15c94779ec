"""A rulebook by hand: rules that match APIs by their names, and exemptions of types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from batchgw.model import (
    Account,
    AccountSelector,
    Decision,
    Desired,
    ResponseType,
    RestApi,
    Rule,
    SetAside,
    Variant,
)
from batchgw.model.change import EXEMPT
from batchgw.model.response_change import TARGETS
from batchgw.model.rulebook import Reach
from batchgw.model.shape import JSON


@dataclass
class ByName:
    """Rules by the glob of the names that they match: each sets types on top of the ones before it.

    `exempt` are, by the glob of names, the types that are exempt. `places` say where rules and exemptions
    stand. `ou` is an OU in which the account must be for any rule to match.
    """

    base: Desired
    by_name: Mapping[str, Mapping[ResponseType, Rule]] = field(default_factory=dict)
    exempt: Mapping[str, Sequence[ResponseType]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    ou: str | None = None
    needs_listing: bool = True
    needs_account: bool = False
    account_words: Mapping[str, tuple[AccountSelector, ...]] = field(default_factory=dict)
    needs_account_tags: bool = False
    needs_owner: bool = False
    reach: Reach | None = None
    live_reach: Reach | None = ()

    def __post_init__(self) -> None:
        self._variants: dict[tuple[tuple[str, ...], frozenset[ResponseType]], Variant] = {}

    @cached_property
    def rules(self) -> tuple[str, ...]:
        return tuple(self.by_name)

    @cached_property
    def exemptions(self) -> tuple[str, ...]:
        return tuple(f"exemption of name {name}" for name in self.exempt)

    def decide(self, api: RestApi, account: Account | None) -> Decision:
        elsewhere = self.ou is not None and (account is None or self.ou not in account.ou)
        names = () if elsewhere else tuple(n for n in self.by_name if fnmatchcase(api.name, n))
        matched = tuple(n for n in self.exempt if fnmatchcase(api.name, n))
        types = frozenset(t for n in matched for t in self.exempt[n])
        key = names, types
        if key not in self._variants:
            rules = dict(self.base.rules)
            for name in names:
                rules |= self.by_name[name]
            left = {t: rule for t, rule in rules.items() if t not in types}
            self._variants[key] = Variant(rules=names, desired=Desired(rules=left, left_alone=types))
        return Decision(
            variant=self._variants[key],
            set_aside=tuple(
                SetAside(target=TARGETS[t], code=EXEMPT, message="see CHG-1")
                for t in ResponseType
                if t in types
            ),
            exemptions=tuple(f"exemption of name {name}" for name in matched),
        )

    def to_json(self) -> JSON:
        return sorted(self.by_name)
