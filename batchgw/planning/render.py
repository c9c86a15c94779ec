"""A change as people read it: field by field, before and after. Pure; views decide how it looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum
from functools import lru_cache
from typing import Any, assert_never

from batchgw.model import HEADER_PREFIX, Action, Change, PlannedApi, Settings
from batchgw.model.inheritance import customisation, effective
from batchgw.planning.diff import leaves
from batchgw.planning.pretty import laid_out


class Mark(StrEnum):
    """What happens to a field, or to a line of a template."""

    ADDED = "+"
    CHANGED = "~"
    REMOVED = "-"
    KEPT = " "


class Field(StrEnum):
    """The three things that can be set about a gateway response."""

    STATUS = "status"
    HEADER = "header"
    TEMPLATE = "template"


_Pair = tuple[Field, str, str | None, str | None]  # field, name, before, after


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
    """One field that differs. `name` is a header's name or a template's content type, empty for the status.

    `before` and `after` are the whole values, None where there is none. `lines` are a template's line diff,
    three lines of context around what differs.
    """

    field: Field
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
        return f"{self.field.value} {self.name}".rstrip()

    def to_json(self) -> dict[str, Any]:
        """Render for machines."""
        out: dict[str, Any] = {"field": self.field.value, "mark": self.mark.value}
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

    def to_json(self) -> dict[str, Any]:
        """Render for machines."""
        out: dict[str, Any] = {
            "responseType": self.change.type.value,
            "action": self.change.action.value,
            "fields": [f.to_json() for f in self.fields],
        }
        if self.note:
            out["note"] = self.note
        return out


def views(planned: PlannedApi) -> tuple[ChangeView, ...]:
    """Give a view of each change of an API, NO_OP included.

    What a type inherits after a RESET is known when the plan speaks of its family; else the service's
    defaults are shown, and the note says so.
    """
    by_type = {change.type: change for change in planned.changes}
    return tuple(
        _view(change, by_type.get(change.type.family) if change.type.family else None)
        for change in planned.changes
    )


def compare(before: Settings, after: Settings) -> tuple[FieldChange, ...]:
    """Give the fields in which two settings, both in effective form, differ: status, headers, templates."""
    fields = [
        (Field.STATUS, "", before.status_code, after.status_code),
        *_pairs(Field.HEADER, before.parameters, after.parameters),
        *_pairs(Field.TEMPLATE, before.templates, after.templates),
    ]
    return tuple(_field_change(*field) for field in fields if field[2] != field[3])


def lines(view: ChangeView) -> Iterator[Line]:
    """Render a view as text, without its title: a line per field, and a template's diff below it."""
    for change in view.fields:
        yield Line(mark=change.mark, text=_sentence(change))
        for line in change.lines:
            yield Line(mark=line.mark, text=line.text, depth=line.depth + 1)
    if view.note:
        yield Line(mark=Mark.KEPT, text=f"({view.note})")


def _view(change: Change, family: Change | None) -> ChangeView:
    if change.action is Action.NO_OP:
        return ChangeView(change=change, fields=())
    before = customisation(change.before) or change.before.settings
    after = effective(change.type, change.after, leaves(family) if family else None)
    return ChangeView(change=change, fields=compare(before, after), note=_note(change, family))


def _note(change: Change, family: Change | None) -> str:
    name = change.type.family
    passed_on = family is not None and leaves(family) is not None
    match change.action:
        case Action.CREATE if name and (passed_on or _inherits(change)):
            return f"no longer inherits from {name.value}"
        case Action.RESET if name and passed_on:
            return f"inherits from {name.value} again"
        case Action.RESET if name and family is None:
            return f"back to what {name.value} says, or to the service's default"
        case Action.RESET:
            return "back to the service's default"
        case Action.CREATE | Action.UPDATE | Action.NO_OP:
            return ""
        case _:
            assert_never(change.action)


def _inherits(change: Change) -> bool:
    return change.before.settings != effective(change.type, None)


def _pairs(field: Field, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[_Pair]:
    for key in dict.fromkeys((*before, *after)):
        yield field, key.removeprefix(HEADER_PREFIX), before.get(key), after.get(key)


def _field_change(field: Field, name: str, before: str | None, after: str | None) -> FieldChange:
    diff = _template_diff(before, after) if field is Field.TEMPLATE else ()
    return FieldChange(field=field, name=name, before=before, after=after, lines=diff)


def _sentence(change: FieldChange) -> str:
    if change.field is Field.TEMPLATE:
        return change.label
    values = " \N{RIGHTWARDS ARROW} ".join(v for v in (change.before, change.after) if v is not None)
    return f"{change.label}: {values}"


@lru_cache(maxsize=32)  # APIs of a fleet differ in the same ways, and a template may have 300 KB
def _template_diff(before: str | None, after: str | None) -> tuple[Line, ...]:
    old, new = laid_out(before or ""), laid_out(after or "")
    if old == new:  # they differ in white space only
        old, new = (before or "").splitlines(), (after or "").splitlines()
    found = list(unified_diff(old, new, lineterm=""))[3:]  # without file names and first position
    if not found:
        return (Line(mark=Mark.KEPT, text="(only line ends differ)"),)
    return tuple(_diff_line(line) for line in found)


def _diff_line(line: str) -> Line:
    if line.startswith("@@"):
        return Line(mark=Mark.KEPT, text="...")
    return Line(mark=Mark(line[0]), text=line[1:])
