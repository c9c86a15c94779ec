"""What planning says of gateway responses: what it expects, what they cost, what is customised. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from batchgw.model import Action, Change, Desired, ResponseType, Target
from batchgw.model.response_change import TARGETS, response_type, responses
from batchgw.planning.coverage import header_names
from batchgw.planning.diff import diff
from batchgw.planning.gap import Gap
from batchgw.wording import amount


def derive(changes: Sequence[Change], desired: Desired) -> tuple[Change, ...]:
    """Make the changes again, from their before-images."""
    return diff({change.type: change.before for change in responses(changes)}, desired)


def expected(desired: Desired) -> tuple[Target, ...]:
    """Give the targets expected of an API that could not be read, so that nobody knows what it customises.

    Those are of the types that a plan speaks of in every API. Where there is none, they are of all types that
    it might speak of: an API that was not read must not count for nothing.
    """
    types = desired.types or [t for t in ResponseType if t in desired.wherever_customised]
    return tuple(TARGETS[t] for t in types)


def says(target: Target, desired: Desired) -> object:
    """The type's rule, or what becomes of it without one; and what is merged into it."""
    named = response_type(target)
    return desired.rules.get(named, desired.unlisted), desired.wherever_customised.get(named)


def reads(desired: Desired) -> int:
    """One GetGatewayResponses an API."""
    return int(desired.of_responses)


def operations(changes: Sequence[Change]) -> Iterator[str]:
    """A reset is a DELETE, all else a PUT: one for each change."""
    for change in responses(changes):
        if change.action is not Action.NO_OP:
            yield "DeleteGatewayResponse" if change.action is Action.RESET else "PutGatewayResponse"


def unnamed(changes: Iterable[Change], desired: Desired) -> int:
    """Count the changes of types that an API customised itself and the policy names nowhere."""
    if not desired.wherever_customised:
        return 0
    return sum(
        change.action is Action.UPDATE and change.type in desired.wherever_customised
        for change in responses(changes)
    )


def unnamed_remark(changes: int, apis: int) -> tuple[str, ...]:
    """Say where such changes come from."""
    are = "is to a type" if changes == 1 else "are to types"
    return (
        f"{amount(changes, 'change')} in {amount(apis, 'API')} {are} that an API customised itself.",
        "`wherever_customised` and most presets change those, too;",
        "with `types: [DEFAULT_4XX, DEFAULT_5XX]` a preset leaves them alone.",
    )


def gap(target: Target, desired: Desired) -> Gap:
    """Say which headers a customised type lacks."""
    return Gap(
        lacks=header_names(response_type(target), desired),
        field="headers",
        meaning="some APIs customise types themselves, and those lack headers that this policy sets.",
        remedy=(
            "Presets with `types: [DEFAULT_4XX, DEFAULT_5XX, customised]` cover them, written out where the",
            "mode is `fill`; and so does `wherever_customised`.",
        ),
    )
