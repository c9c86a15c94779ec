"""Counts what a selection means while REST APIs are listed. Nothing is read here."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from batchgw.errors import ExpressionFailed
from batchgw.model import Account, AccountId, RestApi, Selection, Selector
from batchgw.model.fleet.selected import Selected, Unmatched


@dataclass(slots=True)
class SelectionCount:
    """Counts REST APIs as they are listed, in all scopes. A selector that has matched is not tried again.

    `accounts` are what is known of the organisation's accounts; it may grow meanwhile.
    """

    selection: Selection
    accounts: Mapping[AccountId, Account] = field(default_factory=dict)
    found: int = 0
    selected: int = 0
    excluded: int = 0
    undecided: int = 0  # of which too little is known to tell whether they are meant
    named: int = 0  # found by their ids, where nothing was listed
    _include: _Open = field(init=False)
    _exclude: _Open = field(init=False)

    def __post_init__(self) -> None:
        # `discovery.named_apis` says which APIs were named by id and are missing.
        self._include = _Open([s for s in self.selection.include if s.id is None])
        self._exclude = _Open(self.selection.exclude)

    def add(self, api: RestApi) -> bool:
        """Count an API that was listed and may be meant; tell whether it is. Raises ExpressionFailed."""
        account = self.accounts.get(api.scope.account)
        self._include.look(api, account)
        self._exclude.look(api, account)
        if self.selection.matches(api, account):
            self.selected += 1
            return True
        self.excluded += self.selection.includes(api, account)
        return False

    def total(self, *, listed: bool, unmatched_words: Iterable[Unmatched] = ()) -> Selected:
        """Give the counts; `listed` tells whether APIs were listed, not only read by their ids.

        `unmatched_words` are those of the selection's `account_words` that match no account.
        """
        lost = {each.selector: each.statement for each in unmatched_words}
        named = bool(self.selection.explicit)
        return Selected(
            found=self.found if listed else None,
            selected=self.selected if listed else self.named,
            excluded=self.excluded,
            by_id=len(self.selection.explicit),
            unmatched=self._include.unmatched(self.undecided, lost, named=named),
            idle=self._exclude.unmatched(self.undecided, lost, named=named),
        )


class _Open:
    """Selectors that have matched nothing yet."""

    def __init__(self, selectors: Sequence[Selector]) -> None:
        self._open = dict(enumerate(selectors))
        self._near: dict[int, str] = {}  # the name of an API that a selector nearly matches

    def look(self, api: RestApi, account: Account | None) -> None:
        """Remove the selectors that match the API."""
        if not self._open:
            return
        for number, selector in tuple(self._open.items()):
            if _matches(selector, api, account):
                del self._open[number]
            elif selector.name == api.name:
                self._near[number] = api.name
            elif selector.name and fnmatchcase(api.name.casefold(), selector.name.casefold()):
                self._near.setdefault(number, api.name)

    def unmatched(self, undecided: int, lost: Mapping[str, str], *, named: bool) -> tuple[Unmatched, ...]:
        """Give those that are left. They may match `undecided` APIs; only the `named` ones were looked at.

        `lost` says of what they ask of accounts that it matches none.
        """
        perhaps = _perhaps(undecided)
        return tuple(
            Unmatched(
                selector=str(selector),
                where=selector.where,
                hint=_hint(selector, self._near.get(number)) + _of_accounts(selector, lost) + perhaps,
                of="REST API that is named by id" if named else "REST API",
            )
            for number, selector in self._open.items()
        )


def _matches(selector: Selector, api: RestApi, account: Account | None) -> bool:
    """Tell whether a selector is known to match. Others may have decided about an API on which it fails."""
    try:
        return selector.matches(api, account)
    except ExpressionFailed:
        return False


def _hint(selector: Selector, near: str | None) -> str:
    """Say how to spell a name that is nearly one of an API that is there."""
    name = selector.name or ""
    if near is None or selector.tags:
        return ""
    if near != name:
        return f"; the case of letters counts, and there is {near}"
    return f"; one has exactly this name, but [ * ? are read as a pattern: write {glob.escape(name)}"


def _of_accounts(selector: Selector, lost: Mapping[str, str]) -> str:
    return "".join(f"; {lost[str(word)]}" for word in selector.account_words if str(word) in lost)


def _perhaps(undecided: int) -> str:
    """Say that an API may be meant of which too little could be read."""
    if not undecided:
        return ""
    which = "the REST API" if undecided == 1 else f"one of the {undecided:,} REST APIs"
    return f"; it may match {which} that could not be read"
