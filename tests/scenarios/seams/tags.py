"""A second kind of change, which the package does not have: one tag of one API.

A new kind needs what is here: a record of the change, one of what is desired, and an entry in each of three
registries. The operations and the service behind them are here as well. What is wanted travels as
a policy's does: in `Desired`, through the plan file and the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from batchgw.execution.looking import Comparer, Looking, WayBack
from batchgw.model import Action, Change, Desired, RestApi, RestApiId, Target
from batchgw.model import kinds as model_kinds
from batchgw.model.kinds import ChangeKind
from batchgw.model.shape import JSON, record, text, text_or_none
from batchgw.planning import kinds as planning_kinds
from batchgw.planning.change_view import ChangeView, FieldChange
from batchgw.planning.gap import Gap
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTags:
    """What each API's tags are to be; None takes one away.

    A tag that is not named, and that an API has set itself, is uncovered unless its key begins with `prefix`.
    """

    tags: Mapping[str, str | None]
    prefix: str = ""

    def to_json(self) -> JSON:
        return {"tags": dict(self.tags), "prefix": self.prefix}


def with_tags(desired: Desired, wanted: Mapping[str, str | None], *, prefix: str = "") -> Desired:
    return replace(desired, parts={NAME: WantedTags(tags=wanted, prefix=prefix)})


def _read_wanted(data: JSON) -> WantedTags:
    found = record(data)
    wanted = {key: text_or_none(value) for key, value in record(found["tags"]).items()}
    return WantedTags(tags=wanted, prefix=text(found["prefix"]))


def _wanted(desired: Desired) -> WantedTags:
    part = desired.parts.get(NAME, WantedTags(tags={}))
    assert isinstance(part, WantedTags)
    return part


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
        self.refuses: dict[RestApiId, CallError] = {}
        self.calls: list[ApiRequest[object]] = []
        self.written = anyio.Event()

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if not isinstance(request, GetTags | SetTag):
            return await self._inner.send(request, execution)
        self.calls.append(request)
        if request.api in self.refuses:
            raise self.refuses[request.api]
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


def _changes(now: Mapping[str, str | None], desired: Desired) -> tuple[Change, ...]:
    return tuple(
        TagChange(key=key, action=_action(now.get(key), after), before=now.get(key), after=after)
        for key, after in _wanted(desired).tags.items()
    )


def _derive(changes: Sequence[Change], desired: Desired) -> tuple[Change, ...]:
    return _changes({change.key: change.before for change in tags(changes)}, desired)


def _expected(desired: Desired) -> tuple[Target, ...]:
    return tuple(Target(kind=NAME, name=key) for key in _wanted(desired).tags)


def _gap(_: Target, desired: Desired) -> Gap:
    return Gap(
        lacks=(_wanted(desired).prefix,),
        field="prefixes",
        meaning="some APIs have tags of their own, and those lack the prefix that this policy asks for.",
        remedy=("Name them in the policy.",),
    )


class TagMaker:
    """Makes tags. `needs_all_before` is as in `Maker`."""

    second_lane = False

    def __init__(self, *, needs_all_before: bool) -> None:
        self.needs_all_before = needs_all_before

    def comparer(self, desired: Desired) -> Comparer | None:
        wanted = _wanted(desired)
        if not wanted.tags:
            return None

        async def compared(api: RestApi, _: Sequence[Change], looking: Looking) -> Compared:
            answer = await looking.plane.send(self.read_all(api))
            now = {key: text(value) for key, value in record(answer).items()}
            own = sorted(now.keys() - wanted.tags.keys())
            return Compared(
                changes=_changes(now, desired),
                uncovered=tuple(
                    Target(kind=NAME, name=key) for key in own if not key.startswith(wanted.prefix)
                ),
            )

        return compared

    async def taken_back(self, way: WayBack, looking: Looking) -> Compared:
        answer = await looking.plane.send(self.read_all(way.api))
        found = [(change, _value(answer, change)) for change in tags(way.changes)]
        return Compared(
            changes=tuple(
                TagChange(key=was.key, action=_action(now, was.before), before=now, after=was.before)
                for was, now in found
            )
        )

    def at_once(self, change: Change) -> bool:
        del change
        return False

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
        desired: Desired,  # noqa: ARG002 - the before-images say enough
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


def make_known(
    monkeypatch: pytest.MonkeyPatch,
    *,
    needs_all_before: bool = False,
    operation: str = SetTag.operation.name,
) -> None:
    """Enter the kind in the three registries. `operation` is what its writes are said to be."""
    kind = ChangeKind(
        name=NAME,
        noun="tag",
        counted="API-tag",
        sort_key=lambda name: name,
        read=_read,
        read_part=_read_wanted,
    )
    planned = PlannedKind(
        expected=_expected,
        reads=lambda desired: int(bool(_wanted(desired).tags)),
        operations=lambda changes: [
            operation for change in tags(changes) if change.action is not Action.NO_OP
        ],
        derive=_derive,
        views=lambda changes: tuple(map(_view, tags(changes))),
        gap=_gap,
    )
    monkeypatch.setitem(model_kinds.KINDS, NAME, kind)
    monkeypatch.setitem(planning_kinds.KINDS, NAME, planned)
    monkeypatch.setitem(execution_kinds.MAKERS, NAME, TagMaker(needs_all_before=needs_all_before))
