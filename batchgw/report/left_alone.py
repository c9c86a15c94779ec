"""Counts what a plan leaves alone on purpose, by reason, and who manages its APIs. Its size is bounded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from batchgw.model import PlannedApi, RestApi, SetAside, UnreadApi
from batchgw.model.shape import JSON
from batchgw.report.reasons import OTHER, counted_as

REASONS = 200
"""Reasons kept apart. Further ones are counted by code alone."""


@dataclass(slots=True, kw_only=True)
class AsideCount:
    """Targets left alone for one reason: how many, in how many APIs, and the first of those."""

    code: str
    message: str
    example: RestApi
    targets: int = 0
    apis: int = 0


@dataclass(slots=True, kw_only=True)
class OwnerCount:
    """What one tool manages: how many APIs, and in how many of them something is to be changed."""

    apis: int = 0
    changed_apis: int = 0


@dataclass(slots=True, kw_only=True)
class LeftAlone:
    """Counts over a plan's items.

    `owners` are by kind, and empty where nobody asked who manages an API. `notes` are what is to be told of
    the tags of APIs, with how many APIs each is about; `noted` has the first of those.
    """

    owners: dict[str, OwnerCount] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    noted: dict[str, RestApi] = field(default_factory=dict)
    _reasons: dict[tuple[str, str], AsideCount] = field(default_factory=dict)

    def add(self, item: PlannedApi | UnreadApi, *, changed: bool) -> None:
        """Count an API; `changed` tells whether something is to be written to it."""
        if item.api.owner is not None:
            owner = self.owners.setdefault(item.api.owner.kind, OwnerCount())
            owner.apis += 1
            owner.changed_apis += changed
        if isinstance(item, PlannedApi):
            for note in item.notes:
                kept = note if note in self.notes or len(self.notes) < REASONS else OTHER
                self.notes[kept] += 1
                self.noted.setdefault(kept, item.api)
        if item.set_aside:
            counts = [self._count(each, item.api) for each in item.set_aside]
            for count in {id(each): each for each in counts}.values():
                count.apis += 1

    def reasons(self) -> list[AsideCount]:
        """Give the reasons, the most frequent first."""
        return sorted(self._reasons.values(), key=lambda each: -each.targets)

    def to_json(self) -> list[JSON]:
        """Render the reasons for machines."""
        return [
            {"code": each.code, "message": each.message, "targets": each.targets, "apis": each.apis}
            for each in self.reasons()
        ]

    def owners_to_json(self) -> dict[str, JSON]:
        """Render the owners for machines."""
        return {
            kind: {"apis": count.apis, "apis_to_change": count.changed_apis}
            for kind, count in sorted(self.owners.items())
        }

    def _count(self, each: SetAside, api: RestApi) -> AsideCount:
        key = counted_as(each.code, each.message, api, known=self._reasons, most=REASONS)
        found, general = self._reasons.get(key), key[1]
        if found is None:
            message = OTHER if general is OTHER else each.message
            found = self._reasons[key] = AsideCount(code=each.code, message=message, example=api)
        elif found.message != each.message:
            found.message = general
        found.targets += 1
        return found
