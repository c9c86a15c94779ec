"""Whose status code a plan changes, and between which families of codes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from batchgw.model import Change, ResponseChange, ResponseType, Settings
from batchgw.model.inheritance import effective
from batchgw.model.response_change import responses
from batchgw.planning.diff import leaves


@dataclass(slots=True)
class StatusFamilies:
    """The families of status codes ("4XX") into which and out of which changes move responses."""

    into: set[str] = field(default_factory=set)
    out_of: set[str] = field(default_factory=set)

    def add(self, changes: Iterable[Change]) -> None:
        """Add what the changes of one API move."""
        for change, before, after in _moves(changes):
            old, new = _family(change.type, before), _family(change.type, after)
            if old != new:
                self.out_of.add(old)
                self.into.add(new)


def status_changes(changes: Iterable[Change]) -> int:
    """Count the response types that answer with another status code once their changes are made.

    What a type inherits after a reset is taken to be the service's default.
    """
    return sum(1 for _ in _moves(changes))


def _moves(changes: Iterable[Change]) -> Iterator[tuple[ResponseChange, str | None, str | None]]:
    """Give the changes that change a status code, with the codes before and after it."""
    for change in responses(changes):
        before = _code(change.type, change.before.settings)
        after = _code(change.type, leaves(change))
        if before != after:
            yield change, before, after


def _code(kind: ResponseType, settings: Settings | None) -> str | None:
    return effective(kind, settings).status_code


def _family(kind: ResponseType, code: str | None) -> str:
    """Give the family of a code. DEFAULT_4XX and DEFAULT_5XX have no code unless they are given one."""
    return f"{code[0]}XX" if code else kind.value[-3:]
