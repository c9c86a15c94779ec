"""The kinds of change there are: how the targets and images of each are read, and what people call them.

A new kind is one more record here, one in `planning/kinds.py` (how it is compared and shown) and one in
`execution/kinds.py` (how it is made and judged). Nothing else knows the kinds one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from batchgw.model import deploy, response_change
from batchgw.model.change import Action, Change
from batchgw.model.deployment import stage_change
from batchgw.model.shape import JSON, record, text
from batchgw.model.target import Target
from batchgw.wording import amount


class DesiredPart(Protocol):
    """What a policy asks for of one kind: a frozen record that the kind alone knows."""

    def to_json(self) -> JSON:
        """Render for the plan, the journal and the policy's digest, as the kind's `read_part` reads it."""
        ...


PLANNED: Mapping[Action, str] = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.RESET: "to reset",
    Action.NO_OP: "as desired",
}
"""What people call what is to become of a target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeKind:
    """What everybody must know of a kind of change.

    Attributes:
        name: in plan files, in the journal and in all JSON, such as "response".
        noun: what people call one of its targets, such as "response type".
        counted: what people count over many APIs, such as "API-type".
        sort_key: gives what the names of this kind's targets are sorted by. Raises KeyError or ValueError for
            a name that no target of this kind can have.
        read: makes a change from its target, its action, and its images before and after as JSON. Raises
            KeyError, TypeError or ValueError when they are not what `Change.images` gives.
        words: what people call an outcome of this kind, where that is not the outcome's own name: a stage is
            not applied, it is "live".
        planned: what people call what is to become of its targets.
        verbs: what an action on one is called in a plan, where that is not the action's own name.
        read_part: reads the kind's part of `Desired`. Raises as `read` does. None where what is desired of
            this kind has fields of its own in `Desired`, as gateway responses have.
    """

    name: str
    noun: str
    counted: str
    sort_key: Callable[[str], int | str]
    read: Callable[[Target, Action, JSON, JSON], Change]
    words: Mapping[str, str] = field(default_factory=dict)
    planned: Mapping[Action, str] = field(default_factory=lambda: PLANNED)
    verbs: Mapping[Action, str] = field(default_factory=dict)
    read_part: Callable[[JSON], DesiredPart] | None = None


KINDS: dict[str, ChangeKind] = {
    response_change.NAME: ChangeKind(
        name=response_change.NAME,
        noun="response type",
        counted="API-type",
        sort_key=response_change.sort_key,
        read=response_change.read,
    ),
    deploy.NAME: ChangeKind(
        name=deploy.NAME,
        noun="stage",
        counted="API-stage",
        sort_key=stage_change.sort_key,
        read=stage_change.read,
        words={"applied": "live", "unchanged": "live already"},
        planned={Action.UPDATE: "to make live", Action.NO_OP: "live already"},
        verbs={Action.UPDATE: "MOVE stage"},
        read_part=deploy.Deploy.from_json,
    ),
}
"""By name, in the order in which an API's changes are made."""


def counted_as(kinds: Collection[str]) -> str:
    """Give what targets of these kinds are counted as, such as "API-type"; "target" where they differ.

    Of no kind means of responses: a run that found no target most likely was about them.
    """
    return _one_word(kinds, lambda kind: kind.counted)


def amounts(counts: Mapping[str, int]) -> str:
    """Say how many targets of each kind there are: "6 API-types and 4 API-stages"; "" where there is none."""
    return " and ".join(
        amount(counts[kind], known.counted) for kind, known in KINDS.items() if counts.get(kind)
    )


def title(action: Action, target: Target) -> str:
    """Say what is to be done to a target: "CREATE DEFAULT_4XX", "MOVE stage prod"."""
    return f"{KINDS[target.kind].verbs.get(action, action.value)} {target}"


def called(kinds: Collection[str]) -> str:
    """Give the short word for what is changed, such as "response"; else as `counted_as` does."""
    return _one_word(kinds, lambda kind: kind.name)


def _one_word(kinds: Collection[str], word: Callable[[ChangeKind], str]) -> str:
    words = {word(KINDS[kind]) if kind in KINDS else "target" for kind in kinds or [response_change.NAME]}
    return words.pop() if len(words) == 1 else "target"


@lru_cache(maxsize=1024)  # so that many changes share the few targets there are
def target_of(kind: str, name: str) -> Target:
    """Give a target. Raises KeyError or ValueError for a kind, or a name of that kind, that cannot be."""
    KINDS[kind].sort_key(name)  # raises where there is none
    return Target(kind=kind, name=name)


def read_part(kind: str, data: JSON) -> DesiredPart:
    """Read what `DesiredPart.to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    read = KINDS[kind].read_part
    if read is None:
        raise ValueError(f"what is desired of the kind {kind} stands in no part of its own")
    return read(data)


def in_order(targets: Iterable[Target]) -> list[Target]:
    """Sort targets as people know them: by kind, and within a kind by its own order."""
    return sorted(targets, key=sort_key)


def sort_key(target: Target) -> tuple[int, int | str]:
    """Give what targets of all kinds are sorted by."""
    return tuple(KINDS).index(target.kind), KINDS[target.kind].sort_key(target.name)


def change_to_json(change: Change) -> dict[str, JSON]:
    """Render a change whole: its kind and target, its action, its images."""
    before, after = change.images()
    return {**change.target.to_json(), "action": change.action.value, "before": before, "after": after}


def read_target(data: object) -> Target:
    """Read what `Target.to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    found = record(data)
    return target_of(text(found["change"]), text(found["target"]))


def read_change(data: object) -> Change:
    """Read what `change_to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    found = record(data)
    target = read_target(found)
    return KINDS[target.kind].read(target, Action(text(found["action"])), found["before"], found["after"])
