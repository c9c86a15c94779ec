"""What APIs shall be, where a plan has more than one answer to that: its variants, by number. Pure.

Also which of a policy's rules and exemptions have matched how many APIs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from batchgw.model import AccountSelector, Decision, Desired, Rulebook, Variant
from batchgw.model.fleet.selected import Unmatched
from batchgw.model.shape import JSON, count, items, record, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A rule or an exemption of a policy, and how many REST APIs it has matched.

    `where` it stands: a line of a policy file ("org.yaml:9:5"), as far as that is known. `hint` says of one
    that has matched none what of it is probably misspelt; it may be empty.
    """

    name: str
    where: str = ""
    apis: int = 0
    hint: str = ""

    def to_json(self) -> dict[str, JSON]:
        """Render for machines, without a hint where there is none."""
        found: dict[str, JSON] = {"name": self.name, "where": self.where, "apis": self.apis}
        return found | {"hint": self.hint} if self.hint else found

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Matched:
        """Read what `to_json` wrote. Raises KeyError or TypeError for anything else."""
        return cls(
            name=text(data["name"]),
            where=text(data["where"]),
            apis=count(data["apis"]),
            hint=text(data.get("hint", "")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """The variants of a plan, each at its number, and what the policy's rules and exemptions have matched.

    Number 0 is what the policy says where no rule matches. `all` is empty where all APIs are of that one.
    """

    all: tuple[Variant, ...] = ()
    rules: tuple[Matched, ...] = ()
    exemptions: tuple[Matched, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        """Render for machines, without what there is none of."""
        found: dict[str, list[JSON]] = {
            "variants": [{"rules": list(v.rules), "desired": v.desired.to_json()} for v in self.all],
            "rules": [each.to_json() for each in self.rules],
            "exemptions": [each.to_json() for each in self.exemptions],
        }
        return {key: value for key, value in found.items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Variants:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            all=tuple(map(_variant, items(data.get("variants", [])))),
            rules=_matched(data.get("rules", [])),
            exemptions=_matched(data.get("exemptions", [])),
        )

    def hinted(
        self, words: Mapping[str, tuple[AccountSelector, ...]], unmatched: Iterable[Unmatched]
    ) -> Variants:
        """Give the same with a hint for each rule or exemption that has matched no API.

        `words` are what they ask of accounts, by their names (`Rulebook.account_words`). Those of them that
        match no account are `unmatched`.
        """
        lost = {each.selector: each.statement for each in unmatched}

        def hint(matched: Matched) -> Matched:
            said = [lost[str(word)] for word in words.get(matched.name, ()) if str(word) in lost]
            return replace(matched, hint="; ".join(said)) if said and not matched.apis else matched

        return replace(self, rules=tuple(map(hint, self.rules)), exemptions=tuple(map(hint, self.exemptions)))


def alike(desired: Desired) -> tuple[Variant, ...]:
    """Give the variants of a plan in which all APIs shall be the same."""
    return (Variant(rules=(), desired=desired),)


class VariantNumbers:
    """Numbers variants in the order in which they are first used, and counts what has matched.

    Variants are told apart by identity. One without rules that says what the policy says is number 0.
    """

    def __init__(self, rulebook: Rulebook, base: Desired) -> None:
        self._rulebook = rulebook
        self._all = list(alike(base))
        self._numbers: dict[int, int] = {}  # by identity
        self._kept: list[Variant] = []  # an identity is one as long as its object lives
        self._rules: Counter[str] = Counter()
        self._exemptions: Counter[str] = Counter()

    def number(self, variant: Variant) -> int:
        """Give the number of a variant."""
        found = self._numbers.get(id(variant))
        if found is None:
            found = self._numbers[id(variant)] = self._first_use(variant)
        return found

    def count(self, decision: Decision) -> None:
        """Count the API that was decided about."""
        if decision.variant.rules:
            self._rules.update(decision.variant.rules)
        if decision.exemptions:
            self._exemptions.update(decision.exemptions)

    def total(self) -> Variants:
        """Give all of it."""
        return Variants(
            all=tuple(self._all) if len(self._all) > 1 else (),
            rules=self._found(self._rulebook.rules, self._rules),
            exemptions=self._found(self._rulebook.exemptions, self._exemptions),
        )

    def _first_use(self, variant: Variant) -> int:
        self._kept.append(variant)
        if variant == self._all[0]:
            return 0
        self._all.append(variant)
        return len(self._all) - 1

    def _found(self, names: Iterable[str], counts: Mapping[str, int]) -> tuple[Matched, ...]:
        places = self._rulebook.places
        return tuple(
            Matched(name=name, where=places.get(name, ""), apis=counts.get(name, 0))
            for name in dict.fromkeys((*names, *counts))
        )


def _variant(data: JSON) -> Variant:
    found = record(data)
    return Variant(
        rules=tuple(map(text, items(found["rules"]))), desired=Desired.from_json(record(found["desired"]))
    )


def _matched(data: JSON) -> tuple[Matched, ...]:
    return tuple(Matched.from_json(record(each)) for each in items(data))
