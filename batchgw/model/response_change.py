"""The kind of change "response": one gateway response of one API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from batchgw.model.change import Action, Change
from batchgw.model.response import GatewayResponse, ResponseType, Settings
from batchgw.model.shape import JSON, record, truth
from batchgw.model.target import Target

NAME = "response"
"""The kind's name, in plan files, the journal and all JSON."""

TARGETS: Mapping[ResponseType, Target] = {t: Target(kind=NAME, name=t.value) for t in ResponseType}
"""The target of each response type, in the order people know them."""

_ORDER = {t.value: number for number, t in enumerate(ResponseType)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseChange:
    """One gateway response of one API: as it was read, and as it is to be.

    `after` is exactly what PUT will carry; None stands for RESET (a DELETE), and for a NO_OP that leaves a
    type at its default. A NO_OP on a customised type carries what it was compared with.
    """

    type: ResponseType
    action: Action
    before: GatewayResponse
    after: Settings | None

    @property
    def target(self) -> Target:
        """The response type, as a target."""
        return TARGETS[self.type]

    def images(self) -> tuple[JSON, JSON]:
        """Render under the service's names, without the type, which is the target's name."""
        before = {**self.before.settings.to_json(), "defaultResponse": self.before.default_response}
        return before, None if self.after is None else self.after.to_json()


def responses(changes: Iterable[Change]) -> tuple[ResponseChange, ...]:
    """Give those of some changes that are about gateway responses."""
    return tuple([change for change in changes if isinstance(change, ResponseChange)])


def response_type(target: Target) -> ResponseType:
    """Give the response type of a target of this kind. Raises ValueError when there is none of its name."""
    return ResponseType(target.name)


def read(target: Target, action: Action, before: JSON, after: JSON) -> ResponseChange:
    """Read what `ResponseChange.images` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    type_ = response_type(target)
    found = record(before)
    return ResponseChange(
        type=type_,
        action=action,
        before=GatewayResponse(
            type=type_, settings=Settings.from_json(found), default_response=truth(found["defaultResponse"])
        ),
        after=None if after is None else Settings.from_json(record(after)),
    )


def sort_key(name: str) -> int:
    """Give what response types are sorted by: the order of the enum. Raises KeyError for another name."""
    return _ORDER[name]
