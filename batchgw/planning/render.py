"""How changes of gateway responses are shown: status, headers and templates. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from enum import StrEnum
from functools import lru_cache
from typing import assert_never

from batchgw.model import HEADER_PREFIX, Action, Change, ResponseChange, Settings
from batchgw.model.inheritance import customisation, effective
from batchgw.model.response_change import responses
from batchgw.planning.change_view import ChangeView, FieldChange, Line, Mark
from batchgw.planning.diff import leaves
from batchgw.planning.pretty import laid_out


class Field(StrEnum):
    """The three things that can be set about a gateway response."""

    STATUS = "status"
    HEADER = "header"
    TEMPLATE = "template"


_Pair = tuple[Field, str, str | None, str | None]  # field, name, before, after


def views(changes: Sequence[Change]) -> tuple[ChangeView, ...]:
    """Give a view of each gateway response among the changes of an API, NO_OP included.

    What a type inherits after a RESET is only known when the plan speaks of its family. Else the service's
    defaults are shown, and the note says so.
    """
    own = responses(changes)
    by_type = {change.type: change for change in own}
    return tuple(
        _view(change, by_type.get(change.type.family) if change.type.family else None) for change in own
    )


def compare(before: Settings, after: Settings) -> tuple[FieldChange, ...]:
    """Give the fields in which two settings, both in effective form, differ: status, headers, templates."""
    fields = [
        (Field.STATUS, "", before.status_code, after.status_code),
        *_pairs(Field.HEADER, before.parameters, after.parameters),
        *_pairs(Field.TEMPLATE, before.templates, after.templates),
    ]
    return tuple(_field_change(*field) for field in fields if field[2] != field[3])


def _view(change: ResponseChange, family: ResponseChange | None) -> ChangeView:
    if change.action is Action.NO_OP:
        return ChangeView(change=change, fields=())
    before = customisation(change.before) or change.before.settings
    after = effective(change.type, change.after, leaves(family) if family else None)
    return ChangeView(change=change, fields=compare(before, after), note=_note(change, family))


def _note(change: ResponseChange, family: ResponseChange | None) -> str:
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


def _inherits(change: ResponseChange) -> bool:
    return change.before.settings != effective(change.type, None)


def _pairs(field: Field, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[_Pair]:
    for key in dict.fromkeys((*before, *after)):
        yield field, key.removeprefix(HEADER_PREFIX), before.get(key), after.get(key)


def _field_change(field: Field, name: str, before: str | None, after: str | None) -> FieldChange:
    diff = _template_diff(before, after) if field is Field.TEMPLATE else ()
    return FieldChange(field=field, name=name, before=before, after=after, lines=diff)


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
