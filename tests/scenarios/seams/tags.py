"""A second kind of change, which the package does not have: one tag of one API.

A new kind needs what is here: a record of the change, and an entry in each of the model's, the planning's and
the execution's registries. The operations and the service behind them are here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import anyio
import pytest

from batchgw.control_plane.interface import (
    ApiRequest,
    ControlPlane,
    Execution,
    Operation,
    Reading,
    Request,
    T,
    Wire,
    Wrapper,
)
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import CallError
from batchgw.execution import kinds as execution_kinds
from batchgw.model import Action, Change, Desired, RestApi, RestApiId, Target
from batchgw.model import kinds as model_kinds
from batchgw.model.kinds import ChangeKind
from batchgw.model.shape import JSON, text, text_or_none
from batchgw.planning import kinds as planning_kinds
from batchgw.planning.change_view import ChangeView, FieldChange
from batchgw.planning.kinds import Compared, PlannedKind
from tests.scenarios.estate import Estate

NAME = "tag"

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChange:
    """One tag of one API. None is no tag."""

    key: str
    action: Action
    before: str | None
    after: str | None

    @property
    def target(self) -> Target:
        return Target(kind=NAME, name=self.key)

    def images(self) -> tuple[JSON, JSON]:
        return {"value": self.before}, self.after


def tags(changes: Sequence[Change]) -> list[TagChange]:
    return [change for change in changes if isinstance(change, TagChange)]


# --- the operations


@dataclass(frozen=True, slots=True, kw_only=True)
class _TagRequest(ApiRequest[Tags]):
    def params(self) -> Wire:
        raise AssertionError("no call of this kind leaves for AWS")

    def read(self, answer: Wire, reading: Reading) -> Tags:  # noqa: ARG002 - the same for all
        raise AssertionError("no call of this kind leaves for AWS")


@dataclass(frozen=True, slots=True, kw_only=True)
class GetTags(_TagRequest):
    operation = Operation(name="GetTags", method="get_tags", http="GET", path="/tags/{api}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTag(_TagRequest):
    operation = Operation(
        name="SetTag", method="set_tag", http="PUT", path="/tags/{api}", writes=True, overwrites=True
    )
    key: str
    value: str | None

    @property
    def target(self) -> str:
        return self.key


class TaggingPlane(Wrapper):
    """Answers calls about tags itself, and passes the others on."""

    def __init__(self, plane: ControlPlane, tagged: dict[RestApiId, dict[str, str]]) -> None:
        super().__init__(plane)
        self._tagged = tagged
        self.calls: list[ApiRequest[object]] = []
        self.written = anyio.Event()

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if not isinstance(request, GetTags | SetTag):
            return await self._inner.send(request, execution)
        self.calls.append(request)
        own = self._tagged[request.api]
        if isinstance(request, SetTag):
            self.written.set()
            if request.value is None:
                own.pop(request.key, None)
            else:
                own[request.key] = request.value
        return cast("T", dict(own))


class TaggedEstate(Estate):
    """An estate whose APIs have tags, too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        ids = (apis.id(number) for apis in self.world.scopes() for number in apis.numbers())
        self.tagged: dict[RestApiId, dict[str, str]] = {
            RestApiId(id_): {"team": f"t{n}", "stale": "yes"} for n, id_ in enumerate(ids)
        }

    def paced(self) -> PacedControlPlane:
        inner = super().paced()
        self.tagging = TaggingPlane(self.raw, self.tagged)
        return PacedControlPlane(self.tagging, pace=self.pace, observer=self.observer, stop=inner.stop)


# --- its record in the model, in planning and in execution


def _read(target: Target, action: Action, before: JSON, after: JSON) -> TagChange:
    if not isinstance(before, Mapping):
        raise TypeError("the image of a tag is an object")
    return TagChange(
        key=text(target.name),
        action=action,
        before=text_or_none(before["value"]),
        after=text_or_none(after),
    )


def _view(change: TagChange) -> ChangeView:
    field = FieldChange(field="value", name="", before=change.before, after=change.after)
    return ChangeView(change=change, fields=() if change.before == change.after else (field,))


class TagMaker:
    """`wanted` is what each API's tags must be; None removes a tag. Policies say nothing about tags."""

    def __init__(self, wanted: Mapping[str, str | None]) -> None:
        self._wanted = wanted

    def comparer(self, desired: Desired) -> Callable[[object], Compared] | None:  # noqa: ARG002 - see above
        if not self._wanted:
            return None

        def compared(answer: object) -> Compared:
            assert isinstance(answer, Mapping)
            return Compared(
                changes=tuple(
                    TagChange(key=key, action=_action(now, after), before=now, after=after)
                    for key, after in self._wanted.items()
                    for now in (text_or_none(answer.get(key)),)
                )
            )

        return compared

    def write(self, api: RestApi, change: Change) -> Request[object]:
        (one,) = tags([change])
        return SetTag(scope=api.scope, api=api.id, key=one.key, value=one.after)

    def answered(self, answer: object) -> object | None:
        return answer

    def already_made(self, change: Change, error: CallError) -> bool:  # noqa: ARG002 - the same for all
        return False

    def read(self, api: RestApi, change: Change) -> Request[object]:  # noqa: ARG002 - the same for all
        return GetTags(scope=api.scope, api=api.id)

    def read_all(self, api: RestApi) -> Request[object]:
        return GetTags(scope=api.scope, api=api.id)

    def now(self, answer: object, change: Change) -> object:  # noqa: ARG002 - the same for all
        return answer

    def as_planned(self, now: object, change: Change) -> bool:
        return _value(now, change) == change.after

    def as_before(self, now: object, change: Change) -> bool:
        return _value(now, change) == change.before

    def differences(self, now: object, change: Change) -> Sequence[str]:
        return [f"{change.target} is {_value(now, change)}, and {change.after} was asked for"]

    def moved(
        self,
        answer: object,
        changes: Sequence[Change],
        desired: Desired,  # noqa: ARG002 - policies say nothing about tags
    ) -> Sequence[str]:
        return [
            f"tag {change.key} was {change.before} when the plan was made"
            for change in tags(changes)
            if _value(answer, change) != change.before
        ]


def _action(now: str | None, after: str | None) -> Action:
    if now == after:
        return Action.NO_OP
    if after is None:
        return Action.RESET
    return Action.CREATE if now is None else Action.UPDATE


def _value(now: object, change: Change) -> str | None:
    assert isinstance(now, Mapping)
    return text_or_none(now.get(change.target.name))


def make_known(monkeypatch: pytest.MonkeyPatch, wanted: Mapping[str, str | None]) -> None:
    """Enter the kind in the three registries. `wanted` is as in `TagMaker`."""
    kind = ChangeKind(name=NAME, noun="tag", counted="API-tag", sort_key=lambda name: name, read=_read)
    planned = PlannedKind(
        derive=lambda changes, _desired: tuple(tags(changes)),
        views=lambda changes: tuple(map(_view, tags(changes))),
    )
    monkeypatch.setitem(model_kinds.KINDS, NAME, kind)
    monkeypatch.setitem(planning_kinds.KINDS, NAME, planned)
    monkeypatch.setitem(execution_kinds.MAKERS, NAME, TagMaker(wanted))
