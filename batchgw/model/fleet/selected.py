"""How many accounts and REST APIs a selection means, of how many, and which of its selectors match none.

A selector that matches nothing is most likely misspelt. The APIs that it was to select were not looked at, so
a plan with one must not pass for "all as desired".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batchgw.model.shape import JSON, count, items, number, record, texts
from batchgw.times import duration
from batchgw.wording import amount

NEW = 60.0
"""Seconds for which nobody needs to be told how old accounts are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """A selector that matches nothing. `where` it stands: a line of a policy file, or a flag's name.

    `of` says what it was to match: a REST API, an account, or a region of any account.
    """

    selector: str
    where: str = ""
    hint: str = ""
    of: str = "REST API"

    def __str__(self) -> str:
        """Say it in one line, as compilers do."""
        return f"{self.where}: {self.statement}" if self.where else self.statement

    @property
    def statement(self) -> str:
        """The same without its place."""
        return f"{self.selector} matches no {self.of}{self.hint}"

    def to_json(self) -> dict[str, str]:
        """Render for machines."""
        return {"selector": self.selector, "where": self.where, "hint": self.hint, "of": self.of}

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> Unmatched:
        """Read what `to_json` wrote."""
        return cls(selector=data["selector"], where=data["where"], hint=data["hint"], of=data["of"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedAccounts:
    """Which accounts of the organisation a selection means.

    Attributes:
        found: accounts that the organisation has.
        selected: those of them that are meant.
        skipped: those that would be meant, and are not ACTIVE.
        unmatched: selectors that match none. An `exclude` that matches nothing is one as well: the account
            that was to be left alone would be written to.
        age: how old what was remembered of accounts was, in seconds; 0 where they were asked for.
    """

    found: int
    selected: int
    skipped: int = 0
    age: float = 0.0
    unmatched: tuple[Unmatched, ...] = ()

    @property
    def counts(self) -> str:
        """Say how many: `400 accounts found, 390 selected, 3 skipped`."""
        return f"{amount(self.found, 'account')} found, {self.selected:,} selected, {self.skipped:,} skipped"

    def nothing(self) -> tuple[str, ...]:
        """Say what matches nothing, a sentence each; nothing where all is well.

        Accounts that are remembered may have moved or joined since: each sentence says how old they are.
        """
        old = f" (accounts as of {duration(self.age)} before; --refresh asks again)"
        return tuple(each + (old if self.age >= NEW else "") for each in self._nothing())

    def _nothing(self) -> Iterator[str]:
        if self.unmatched:
            yield from map(str, self.unmatched)
        elif not self.selected and self.skipped:
            yield f"of {amount(self.skipped, 'account')} that would be meant none is ACTIVE"
        elif not self.selected:
            yield f"of {amount(self.found, 'account')} of the organisation none is meant"

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "found": self.found,
            "selected": self.selected,
            "skipped": self.skipped,
            "age": self.age,
            "unmatched": [each.to_json() for each in self.unmatched],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> SelectedAccounts:
        """Read what `to_json` wrote. Raises KeyError or TypeError for anything else."""
        return cls(
            found=count(data["found"]),
            selected=count(data["selected"]),
            skipped=count(data["skipped"]),
            age=number(data.get("age", 0.0)),  # earlier versions wrote none
            unmatched=_unmatched(data["unmatched"]),
        )


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
        accounts: which accounts are meant; None where the organisation was not asked.
        regions: regions to leave out, or to begin with, that are no region of any account.
    """

    found: int | None = 0
    selected: int = 0
    excluded: int = 0
    by_id: int = 0
    unmatched: tuple[Unmatched, ...] = ()
    idle: tuple[Unmatched, ...] = ()
    accounts: SelectedAccounts | None = None
    regions: tuple[Unmatched, ...] = ()

    @property
    def counts(self) -> str:
        """Say how many: `600 REST APIs found, 40 selected, 3 excluded`; before it, how many accounts."""
        accounts = f"{self.accounts.counts}; " if self.accounts is not None else ""
        if self.found is None:
            return f"{accounts}{self.selected:,} of {amount(self.by_id, 'REST API')} named by id found"
        apis = f"{amount(self.found, 'REST API')} found, {self.selected:,} selected, "
        return f"{accounts}{apis}{self.excluded:,} excluded"

    def nothing(self, *, unread: int) -> tuple[str, ...]:
        """Say what matches nothing, a sentence each; nothing where all is well.

        `unread` scopes could not be read. What was meant may be in them. So that nothing was found at all is
        only said where there is no such scope, and where there are accounts to look into.
        """
        accounts = self.accounts.nothing() if self.accounts is not None else ()
        places = (*accounts, *map(str, self.regions))
        if self.unmatched:
            return (*places, *(str(each) + _perhaps_there(unread) for each in self.unmatched))
        if places:
            return places
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
            "accounts": None if self.accounts is None else self.accounts.to_json(),
            "regions": [each.to_json() for each in self.regions],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Selected:
        """Read what `to_json` wrote. Raises KeyError or TypeError for anything else."""
        return cls(
            found=None if data["found"] is None else count(data["found"]),
            selected=count(data["selected"]),
            excluded=count(data["excluded"]),
            by_id=count(data["by_id"]),
            unmatched=_unmatched(data["unmatched"]),
            idle=_unmatched(data["idle"]),
            accounts=None
            if data["accounts"] is None
            else SelectedAccounts.from_json(record(data["accounts"])),
            regions=_unmatched(data.get("regions", [])),  # earlier versions wrote none
        )


def _unmatched(data: JSON) -> tuple[Unmatched, ...]:
    return tuple(Unmatched.from_json(texts(each)) for each in items(data))


def _perhaps_there(unread: int) -> str:
    if not unread:
        return ""
    where = "the account-region" if unread == 1 else f"one of the {unread:,} account-regions"
    return f"; it may match in {where} that could not be read"
