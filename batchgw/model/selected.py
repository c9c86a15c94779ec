"""How many REST APIs a selection means, of how many, and which of its selectors match none. Pure.

A selector that matches nothing is most likely misspelt. The APIs that it was to select were not looked at, so
a plan with one must not pass for "all as desired".
"""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from batchgw.model.policy import Selection, Selector
from batchgw.model.scope import RestApi
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


@dataclass(slots=True)
class SelectionCount:
    """Counts REST APIs as they are listed, in all scopes. A selector that has matched is not tried again."""

    selection: Selection
    found: int = 0
    selected: int = 0
    excluded: int = 0
    named: int = 0  # found by their ids, where nothing was listed
    _include: _Open = field(init=False)
    _exclude: _Open = field(init=False)

    def __post_init__(self) -> None:
        # `discovery.naming` says which APIs were named by id and are missing.
        self._include = _Open([s for s in self.selection.include if s.id is None])
        self._exclude = _Open(self.selection.exclude)

    def add(self, api: RestApi) -> bool:
        """Count an API that was listed and may be meant; tell whether it is."""
        self._include.look(api)
        self._exclude.look(api)
        if self.selection.matches(api):
            self.selected += 1
            return True
        self.excluded += self.selection.includes(api)
        return False

    def total(self, *, listed: bool) -> Selected:
        """Give the counts; `listed` tells whether APIs were listed, not only read by their ids."""
        return Selected(
            found=self.found if listed else None,
            selected=self.selected if listed else self.named,
            excluded=self.excluded,
            by_id=len(self.selection.explicit),
            unmatched=self._include.unmatched(),
            idle=self._exclude.unmatched(),
        )


class _Open:
    """Selectors that have matched nothing yet."""

    def __init__(self, selectors: Sequence[Selector]) -> None:
        self._open = dict(enumerate(selectors))
        self._near: dict[int, str] = {}  # the name of an API that a selector nearly matches

    def look(self, api: RestApi) -> None:
        """Remove the selectors that match the API."""
        if not self._open:
            return
        for number, selector in tuple(self._open.items()):
            if selector.matches(api):
                del self._open[number]
            elif selector.name == api.name:
                self._near[number] = api.name
            elif selector.name and fnmatchcase(api.name.casefold(), selector.name.casefold()):
                self._near.setdefault(number, api.name)

    def unmatched(self) -> tuple[Unmatched, ...]:
        """Give those that are left."""
        return tuple(
            Unmatched(
                selector=str(selector), where=selector.where, hint=_hint(selector, self._near.get(number))
            )
            for number, selector in self._open.items()
        )


def _hint(selector: Selector, near: str | None) -> str:
    """Say how to spell a name that is nearly one of an API that is there."""
    name = selector.name or ""
    if near is None or selector.tags:
        return ""
    if near != name:
        return f"; the case of letters counts, and there is {near}"
    return f"; one has exactly this name, but [ * ? are read as a pattern: write {glob.escape(name)}"
