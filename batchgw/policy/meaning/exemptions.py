"""Which APIs are left alone, for which types, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from batchgw.model import Account, ResponseType, RestApi, Selector
from batchgw.model.shape import JSON
from batchgw.policy.meaning.folding.layer import Within
from batchgw.policy.meaning.selectors import selector_of
from batchgw.policy.meaning.source import Source, narrowings
from batchgw.policy.schema.file import ExemptionSpec

ALL = frozenset(ResponseType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """An exemption that counts.

    Attributes:
        name: its name in reports; nothing for one by tags.
        where: where it stands: "org.yaml:9:5".
        file: the number of its file. It lifts the locks of this file and of later ones.
        types: what is left alone.
        until: the last day on which it counts.
    """

    name: str = ""
    where: str = ""
    file: int
    types: frozenset[ResponseType] = ALL
    reason: str | None = None
    owner: str | None = None
    until: date | None = None
    match: Selector | None = None
    within: Within | None = None

    def matches(self, api: RestApi, account: Account | None) -> bool:
        """Tell whether it is about an API."""
        return (self.within is None or self.within.matches(api, account)) and (
            self.match is None or self.match.matches(api, account)
        )

    @property
    def of_stages(self) -> bool:
        """Whether it is about the stages, too: it is where the whole API is exempt."""
        return self.types == ALL

    def expired(self, today: date) -> bool:
        """Tell whether its last day is over."""
        return self.until is not None and self.until < today

    @property
    def message(self) -> str:
        """Say why, who answers for it, and until when."""
        more = [
            *([f"owner {self.owner}"] if self.owner else []),
            *([f"until {self.until.isoformat()}"] if self.until else []),
        ]
        why = self.reason or "no reason given"
        return f"{why} ({', '.join(more)})" if more else why

    def to_json(self) -> dict[str, JSON]:
        """Render for the digest: all but why, and who answers for it."""
        return {
            "match": None if self.match is None else self.match.to_json(),
            "within": None if self.within is None else self.within.to_json(),
            "types": sorted(t.value for t in self.types),
            "until": None if self.until is None else self.until.isoformat(),
            "file": self.file,
        }


def exemptions_of(sources: Sequence[Source]) -> tuple[Exemption, ...]:
    """Give the exemptions of files in their order, each with a name of its own."""
    found: list[Exemption] = []
    names: set[str] = set()
    for index, (source, within) in enumerate(zip(sources, narrowings(sources), strict=True)):
        for n, spec in enumerate(source.file.exemptions):
            where = source.where(("exemptions", n))
            match = selector_of(spec.match, source.where(("exemptions", n, "match")))
            name = f"exemption of {match}"
            name = f"{name} ({where})" if name in names else name
            names.add(name)
            found.append(_exemption(spec, name, where, index, match, within))
    return tuple(found)


def _exemption(  # noqa: PLR0917 - what an exemption is made of
    spec: ExemptionSpec, name: str, where: str, file: int, match: Selector, within: Within | None
) -> Exemption:
    return Exemption(
        name=name,
        where=where,
        file=file,
        types=ALL if spec.types is None else frozenset(spec.types),
        reason=spec.reason,
        owner=spec.owner,
        until=None if spec.until is None else date.fromisoformat(spec.until),
        match=match,
        within=within,
    )
