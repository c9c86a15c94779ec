"""The kind of change "stage": one stage of one API, which is to answer as the API is configured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batchgw.model.change import Action, Change
from batchgw.model.deploy import NAME, VERIFY_WITHIN, Verify
from batchgw.model.shape import JSON, items, number, record, text, text_or_none
from batchgw.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCanary:
    """A stage's canary: a deployment, and its share of the traffic in per cent.

    At 0 % it carries none: after a promotion the service leaves it so.
    """

    deployment: str
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageImage:
    """A stage as it was read.

    Attributes:
        deployment: what it shows; None where it shows none.
        canary: its canary, if there is one.
        live: digest of what it answers with, over the response types that the plan speaks of in this API;
            None where that could not be read. See `planning.deployment.live`.
    """

    deployment: str | None
    canary: StageCanary | None = None
    live: str | None = None

    @property
    def carries_canary(self) -> bool:
        """Whether a canary gets some of the traffic."""
        return self.canary is not None and self.canary.percent > 0

    def to_json(self) -> dict[str, JSON]:
        """Render as `from_json` reads it, without what there is not."""
        out: dict[str, JSON] = {"deployment": self.deployment}
        if self.canary is not None:
            out["canary"] = {"deployment": self.canary.deployment, "percent": self.canary.percent}
        return out if self.live is None else {**out, "live": self.live}

    @classmethod
    def from_json(cls, data: JSON) -> StageImage:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        found = record(data)
        canary = found.get("canary")
        return cls(
            deployment=text_or_none(found["deployment"]),
            canary=None if canary is None else _canary(record(canary)),
            live=text_or_none(found.get("live")),
        )


def _canary(data: Mapping[str, JSON]) -> StageCanary:
    return StageCanary(deployment=text(data["deployment"]), percent=number(data["percent"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMove:
    """What a stage is to show, and how it comes there.

    Attributes:
        back: a stage as it was before another run, and is to be again; None for a stage that goes to the
            snapshot which the run takes of its API.
        types: the response types over which the `live` of the images is, of a move that takes another one
            back; empty for those that the plan speaks of.
        canary: shares of the traffic through which it goes, in per cent; empty: at once.
        bake: seconds between these.
        verify: how it is seen that the stage is live.
        verify_within: seconds in which that must be seen.
    """

    back: StageImage | None = None
    types: tuple[str, ...] = ()
    canary: tuple[float, ...] = ()
    bake: float = 0.0
    verify: Verify = Verify.EXPORT
    verify_within: float = VERIFY_WITHIN

    @property
    def deployment(self) -> str | None:
        """What the stage is to show, where that is there already; None for the run's snapshot."""
        return None if self.back is None else self.back.deployment

    def to_json(self) -> dict[str, JSON]:
        """Render as `from_json` reads it, without what there is not."""
        return {
            **({} if self.back is None else {"back": self.back.to_json()}),
            **({"types": list(self.types)} if self.types else {}),
            "canary": list(self.canary),
            "bake": self.bake,
            "verify": self.verify.value,
            "verify_within": self.verify_within,
        }

    @classmethod
    def from_json(cls, data: JSON) -> StageMove:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        found = record(data)
        return cls(
            back=StageImage.from_json(found["back"]) if "back" in found else None,
            types=tuple(map(text, items(found.get("types", [])))),
            canary=tuple(map(number, items(found["canary"]))),
            bake=number(found["bake"]),
            verify=Verify(text(found["verify"])),
            verify_within=number(found["verify_within"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """One stage of one API: as it was read, and where it is to go. No stage is ever made or deleted.

    `action` is UPDATE, or NO_OP for a stage that is live already; then `after` is None.
    """

    stage: str
    action: Action
    before: StageImage
    after: StageMove | None

    @property
    def target(self) -> Target:
        """The stage, as a target."""
        return Target(kind=NAME, name=self.stage)

    def images(self) -> tuple[JSON, JSON]:
        """Render both images."""
        return self.before.to_json(), None if self.after is None else self.after.to_json()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStep:
    """One call on the way of a stage: exactly as it is before it, and after it. It is planned by nobody.

    The way of a change is worked out when it is made, because its snapshot is not there before; see
    `planning.deployment.steps`.
    """

    stage: str
    before: StageImage
    after: StageImage
    action: Action = field(default=Action.UPDATE, init=False)

    @property
    def target(self) -> Target:
        """The stage, as a target."""
        return Target(kind=NAME, name=self.stage)

    def images(self) -> tuple[JSON, JSON]:
        """Render both images."""
        return self.before.to_json(), self.after.to_json()


def stage_changes(changes: Iterable[Change]) -> tuple[StageChange, ...]:
    """Give those of some changes that are about stages."""
    return tuple([change for change in changes if isinstance(change, StageChange)])


def read(target: Target, action: Action, before: JSON, after: JSON) -> StageChange:
    """Read what `StageChange.images` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    if action not in (Action.UPDATE, Action.NO_OP) or (action is Action.UPDATE) is (after is None):
        raise ValueError(f"no stage has the change {action.value}")
    return StageChange(
        stage=target.name,
        action=action,
        before=StageImage.from_json(before),
        after=None if after is None else StageMove.from_json(after),
    )


def sort_key(name: str) -> str:
    """Give what stages are sorted by: their names. Raises ValueError for an empty one."""
    if not name:
        raise ValueError("a stage has a name")
    return name
