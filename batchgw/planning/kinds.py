"""What planning knows of each kind of change: how its changes are derived again, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batchgw.model import Change, Desired, PlannedApi, Target
from batchgw.model.response_change import NAME as RESPONSE
from batchgw.model.response_change import responses
from batchgw.planning import render
from batchgw.planning.change_view import ChangeView
from batchgw.planning.diff import diff


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What an API is to become, as far as one kind of change goes.

    Attributes:
        changes: one for each target that the policy speaks of, NO_OP included.
        uncovered: targets that the policy leaves without something; see `PlannedApi`.
    """

    changes: tuple[Change, ...]
    uncovered: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedKind:
    """How changes of a kind are handled before they are made.

    Each function is given all changes of an API, and gives what concerns those of its own kind.

    Attributes:
        derive: makes the changes again, from their before-images and what is desired. A saved plan whose
            changes are others was edited.
        views: gives a view of each change, NO_OP included.
    """

    derive: Callable[[Sequence[Change], Desired], tuple[Change, ...]]
    views: Callable[[Sequence[Change]], tuple[ChangeView, ...]]


def _derive_responses(changes: Sequence[Change], desired: Desired) -> tuple[Change, ...]:
    return diff({change.type: change.before for change in responses(changes)}, desired)


KINDS: dict[str, PlannedKind] = {RESPONSE: PlannedKind(derive=_derive_responses, views=render.views)}
"""By the name of the kind, in the order in which an API's changes are made."""


def derived(changes: Sequence[Change], desired: Desired) -> tuple[Change, ...]:
    """Make an API's changes of every kind again, from their before-images."""
    return tuple([change for kind in KINDS.values() for change in kind.derive(changes, desired)])


def views(planned: PlannedApi) -> tuple[ChangeView, ...]:
    """Give a view of each change of an API, NO_OP included."""
    return tuple([view for kind in KINDS.values() for view in kind.views(planned.changes)])
