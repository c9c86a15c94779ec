"""A change as people read it: field by field, before and after, of whatever kind it is. Pure.

Views decide how it looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from batchgw.model import Change
from batchgw.model.shape import JSON


class Mark(StrEnum):
    """What happens to a field, or to a line of a template."""

    ADDED = "+"
    CHANGED = "~"
    REMOVED = "-"
    KEPT = " "


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text: `mark` says how to colour it, `depth` how far it is indented."""

    mark: Mark
    text: str
    depth: int = 0

    def __str__(self) -> str:
        """Render as plain text, two spaces a level."""
        return f"{'  ' * self.depth}{self.mark.value} {self.text}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs. `field` is one that the kind has, `name` which one of several; else empty.

    Of a gateway response that is a header's name or a template's content type, and empty for the status.
    `before` and `after` are the whole values, None where there is none. `lines` are the line diff of a long
    text, with three lines of context around what differs.
    """

    field: str
    name: str
    before: str | None
    after: str | None
    lines: tuple[Line, ...] = ()

    @property
    def mark(self) -> Mark:
        """Whether the field was added, removed or changed."""
        if self.before is None:
            return Mark.ADDED
        return Mark.REMOVED if self.after is None else Mark.CHANGED

    @property
    def label(self) -> str:
        """The field in words: "status", "header X-Origin", "template application/json"."""
        return f"{self.field} {self.name}".rstrip()

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        out: dict[str, JSON] = {"field": str(self.field), "mark": self.mark.value}
        if self.name:
            out["name"] = self.name
        out |= {"before": self.before, "after": self.after}
        if self.lines:
            out["diff"] = [str(line) for line in self.lines]
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A change with the fields that differ, and what else there is to know about it."""

    change: Change
    fields: tuple[FieldChange, ...]
    note: str = ""

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        out: dict[str, JSON] = {
            **self.change.target.to_json(),
            "action": self.change.action.value,
            "fields": [f.to_json() for f in self.fields],
        }
        if self.note:
            out["note"] = self.note
        return out


def lines(view: ChangeView) -> Iterator[Line]:
    """Render a view as text, without its title: a line per field, and a long text's diff below it."""
    for change in view.fields:
        yield Line(mark=change.mark, text=_sentence(change))
        for line in change.lines:
            yield Line(mark=line.mark, text=line.text, depth=line.depth + 1)
    if view.note:
        yield Line(mark=Mark.KEPT, text=f"({view.note})")


def _sentence(change: FieldChange) -> str:
    if change.lines:
        return change.label
    values = " \N{RIGHTWARDS ARROW} ".join(v for v in (change.before, change.after) if v is not None)
    return f"{change.label}: {values}"
