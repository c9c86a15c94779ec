"""What planning knows of each kind of change: what it expects, derives and shows, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from batchgw.model import Change, Desired, PlannedApi, SetAside, Target
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.response_change import NAME as RESPONSE
from batchgw.planning import render, responses
from batchgw.planning.change_view import ChangeView
from batchgw.planning.deployment import stages
from batchgw.planning.gap import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What an API is to become, as far as one kind of change goes.

    Attributes:
        changes: one for each target that the policy speaks of, NO_OP included.
        uncovered: targets that the policy leaves without something; see `PlannedApi`.
        set_aside: targets that are decided without a change.
    """

    changes: tuple[Change, ...]
    uncovered: tuple[Target, ...] = ()
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unnamed:
    """How a kind speaks of changes that a policy makes to targets which it does not name.

    A gateway response is such a target where the API has customised it itself.

    Attributes:
        count: counts them among the pending changes of an API.
        remark: says where they come from, given how many there are and in how many APIs: a line of text each.
    """

    count: Callable[[Sequence[Change], Desired], int]
    remark: Callable[[int, int], tuple[str, ...]]


def _no_gap(_target: Target, _desired: Desired) -> Gap:
    return Gap(lacks=(), field="lacks", meaning="the policy leaves some targets without something.")


def _of_part(target: Target, desired: Desired) -> object:
    return desired.parts.get(target.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedKind:
    """How changes of a kind are handled before they are made.

    `derive`, `views` and `unnamed` are given changes of every kind, and look at those of their own alone.

    Attributes:
        expected: gives the targets that are expected of an API which could not be read. None where the policy
            says nothing of this kind.
        reads: tells how many calls it takes to read an API; 0 where the policy says nothing of this kind.
        operations: names the operation of each call that making an API's pending changes takes: those that
            make them, and what is read and made for them besides. One may have a quota of its own.
        derive: makes the changes again, from their before-images and what is desired. A saved plan whose
            changes are others was edited.
        views: gives a view of each change, NO_OP included.
        says: gives what is said of one target, to tell whether two policies say the same of it. Left out,
            that is the kind's whole part of what is desired.
        gap: says what an uncovered target lacks. Left out for a kind that leaves no target uncovered.
        unnamed: left out for a kind that changes only what a policy names.
    """

    expected: Callable[[Desired], tuple[Target, ...]]
    reads: Callable[[Desired], int]
    operations: Callable[[Sequence[Change]], Iterable[str]]
    derive: Callable[[Sequence[Change], Desired], tuple[Change, ...]]
    views: Callable[[Sequence[Change]], tuple[ChangeView, ...]]
    says: Callable[[Target, Desired], object] = _of_part
    gap: Callable[[Target, Desired], Gap] = _no_gap
    unnamed: Unnamed | None = None


KINDS: dict[str, PlannedKind] = {
    RESPONSE: PlannedKind(
        expected=responses.expected,
        reads=responses.reads,
        operations=responses.operations,
        derive=responses.derive,
        views=render.views,
        says=responses.says,
        gap=responses.gap,
        unnamed=Unnamed(count=responses.unnamed, remark=responses.unnamed_remark),
    ),
    STAGE: PlannedKind(
        expected=stages.expected,
        reads=stages.reads,
        operations=stages.operations,
        derive=stages.derive,
        views=stages.views,
    ),
}
"""By the name of the kind, in the order in which an API's changes are made."""


def expected(desired: Desired) -> tuple[Target, ...]:
    """Give the targets of every kind that are expected of an API which could not be read."""
    return tuple([target for kind in KINDS.values() for target in kind.expected(desired)])


def reads(desired: Desired) -> int:
    """Tell how many calls it takes to read an API, as far as the policy says something of it."""
    return sum(kind.reads(desired) for kind in KINDS.values())


def derived(changes: Sequence[Change], desired: Desired) -> tuple[Change, ...]:
    """Make an API's changes of every kind again, from their before-images."""
    return tuple([change for kind in KINDS.values() for change in kind.derive(changes, desired)])


def views(planned: PlannedApi) -> tuple[ChangeView, ...]:
    """Give a view of each change of an API, NO_OP included."""
    return tuple([view for kind in KINDS.values() for view in kind.views(planned.changes)])
