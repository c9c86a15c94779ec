"""How many REST APIs a selection means, of how many, and which of its selectors match none.

A selector that matches nothing is most likely misspelt. The APIs that it was to select were not looked at, so
a plan with one must not pass for "all as desired".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batchgw.model.shape import JSON, count, items, texts
from batchgw.wording import amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """A selector that no REST API matches. `where` it stands: a line of a policy file, or a flag's name."""

    selector: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """Say it in one line, as compilers do."""
        where = f"{self.where}: " if self.where else ""
        return f"{where}{self.selector} matches no REST API{self.hint}"

    def to_json(self) -> dict[str, str]:
        """Render for machines."""
        return {"selector": self.selector, "where": self.where, "hint": self.hint}

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> Unmatched:
        """Read what `to_json` wrote."""
        return cls(selector=data["selector"], where=data["where"], hint=data["hint"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What a selection means in all scopes together.

    Attributes:
        found: REST APIs that were listed; None where only those named by id were looked at.
        selected: those of them that are meant.
        excluded: those that would be meant, and that an exclude selector exempts.
        by_id: how many are named by id; 0 where that is not how they are selected. One that is missing is
            an item of the plan, with the reason.
        unmatched: include selectors that match none of those found.
        idle: exclude selectors that match none: they exempt nothing, which is no error.
    """

    found: int | None = 0
    selected: int = 0
    excluded: int = 0
    by_id: int = 0
    unmatched: tuple[Unmatched, ...] = ()
    idle: tuple[Unmatched, ...] = ()

    @property
    def counts(self) -> str:
        """Say how many: `600 REST APIs found, 40 selected, 3 excluded`."""
        if self.found is None:
            return f"{self.selected:,} of {amount(self.by_id, 'REST API')} named by id found"
        return (
            f"{amount(self.found, 'REST API')} found, {self.selected:,} selected, {self.excluded:,} excluded"
        )

    def nothing(self, *, unread: int) -> tuple[str, ...]:
        """Say what matches nothing, a sentence each; nothing where all is well.

        `unread` scopes could not be read. What was meant may be in them. So that nothing was found at all is
        only said where there is no such scope.
        """
        if self.unmatched:
            return tuple(str(each) + _perhaps_there(unread) for each in self.unmatched)
        if self.selected or unread or self.by_id:
            return ()
        if self.excluded:
            meant = amount(self.excluded, "REST API that is meant", "REST APIs that are meant")
            return (f"the exclude selectors exempt all {meant}",)
        if not self.found:
            return ("no REST API was found in any account and region that was looked into",)
        return ()

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "found": self.found,
            "selected": self.selected,
            "excluded": self.excluded,
            "by_id": self.by_id,
            "unmatched": [each.to_json() for each in self.unmatched],
            "idle": [each.to_json() for each in self.idle],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Selected:
        """Read what `to_json` wrote. Raises KeyError or TypeError for anything else."""
        return cls(
            found=None if data["found"] is None else count(data["found"]),
            selected=count(data["selected"]),
            excluded=count(data["excluded"]),
            by_id=count(data["by_id"]),
            unmatched=tuple(Unmatched.from_json(texts(each)) for each in items(data["unmatched"])),
            idle=tuple(Unmatched.from_json(texts(each)) for each in items(data["idle"])),
        )


def _perhaps_there(unread: int) -> str:
    if not unread:
        return ""
    where = "the account-region" if unread == 1 else f"one of the {unread:,} account-regions"
    return f"; it may match in {where} that could not be read"
