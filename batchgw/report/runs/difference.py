"""How one run differs from another: its targets of both kinds, waves, policy and options.

Both runs are read side by side, page by page, in the order of scopes, API ids and targets. So nothing but a
page of each is in memory, whatever their size. They are read twice: once to count, once to show.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from batchgw.concurrency.time_slices import TimeSlices
from batchgw.journal import ApiTargets, Journal, JournalRun, RunRecord, RunTarget
from batchgw.model import RestApi, Scope
from batchgw.model.kinds import KINDS, sort_key
from batchgw.model.shape import JSON
from batchgw.model.target import Target
from batchgw.report.records import state_of

PAGE = 100
"""APIs fetched of a run at a time."""

UNCOMPARED = frozenset({"identity", "planned_as"})
"""Options that are no choice of anybody's: who ran it, and the id of the plan, which is new each time."""


class Difference(StrEnum):
    """In what a target differs: the first of these that is true."""

    ONLY_RUN = "only_run"  # the other run does not have it
    ONLY_OTHER = "only_other"  # only the other run has it
    PLANNED = "planned"  # another change was planned: another action, or another image after it
    OUTCOME = "outcome"  # the same was planned, and it ended otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDifference:
    """A target in which two runs differ, and what it is in each; None where a run does not have it."""

    target: Target
    run: RunTarget | None
    other: RunTarget | None

    @property
    def difference(self) -> Difference | None:
        """In what it differs; None for a target that is alike."""
        if self.other is None:
            return Difference.ONLY_RUN
        if self.run is None:
            return Difference.ONLY_OTHER
        if (self.run.action, self.run.after) != (self.other.action, self.other.after):
            return Difference.PLANNED
        return None if self.run.kind == self.other.kind else Difference.OUTCOME

    def to_json(self) -> dict[str, JSON]:
        """Render for machines. Equal `after`s mean equal images."""
        assert self.difference is not None  # noqa: S101 - only differences are shown
        return {
            **self.target.to_json(),
            "differs": self.difference.value,
            "run": None if self.run is None else _side(self.run),
            "other": None if self.other is None else _side(self.other),
        }


def _side(target: RunTarget) -> dict[str, JSON]:
    return {"action": target.action.value, "after": target.after, "outcome": target.kind or "undecided"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDifference:
    """An API in which two runs differ. `waves` are those that have it in each, where these differ."""

    api: RestApi
    targets: tuple[TargetDifference, ...]
    waves: tuple[int | None, int | None] | None = None

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        waves: dict[str, JSON] = {}
        if self.waves is not None:
            waves = {"wave": {"run": self.waves[0], "other": self.waves[1]}}
        return {
            "kind": "api",
            "account": self.api.scope.account,
            "region": self.api.scope.region,
            "api": self.api.id,
            "name": self.api.name,
            **waves,
            "targets": [each.to_json() for each in self.targets],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeDifference:
    """An account-region that was not read whole in one of two runs, or for another reason."""

    scope: Scope
    run: str | None
    other: str | None

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "kind": "scope",
            "account": self.scope.account,
            "region": self.scope.region,
            "unread": {"run": self.run, "other": self.other},
        }


@dataclass(slots=True, kw_only=True)
class Counts:
    """Targets of one kind, each counted once."""

    alike: int = 0
    only_run: int = 0
    only_other: int = 0
    planned: int = 0
    outcome: int = 0

    def add(self, each: TargetDifference) -> None:
        """Count a target."""
        name = each.difference or "alike"
        setattr(self, name, getattr(self, name) + 1)

    @property
    def differing(self) -> int:
        """Those that differ."""
        return self.only_run + self.only_other + self.planned + self.outcome

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {"alike": self.alike, **{each.value: getattr(self, each.value) for each in Difference}}


@dataclass(slots=True, kw_only=True)
class RunDifference:
    """How `run` differs from `other`.

    Attributes:
        options: those that differ, with the value in each run; None where a run has none.
        kinds: the targets of each kind of change.
        waves: APIs that both runs have, in another wave.
        unread: account-regions that were not read alike.
    """

    journal: Journal
    run: RunRecord
    other: RunRecord
    options: Mapping[str, tuple[JSON, JSON]]
    kinds: dict[str, Counts] = field(default_factory=dict)
    waves: int = 0
    unread: int = 0

    @classmethod
    async def between(cls, journal: Journal, run: RunRecord, other: RunRecord) -> Self:
        """Count how they differ. Other tasks run meanwhile."""
        found = cls(journal=journal, run=run, other=other, options=_options(run, other))
        async with aclosing(found._sides()) as sides:
            async for each in sides:
                if isinstance(each, ScopeDifference):
                    found.unread += 1
                    continue
                found.waves += each.waves is not None
                for target in each.targets:
                    found.kinds.setdefault(target.target.kind, Counts()).add(target)
        order = [*KINDS, *found.kinds]
        found.kinds = {kind: found.kinds[kind] for kind in dict.fromkeys(order) if kind in found.kinds}
        return found

    @property
    def same_policy(self) -> bool:
        """Whether both were for the same policy, or rather for policies that mean the same."""
        return self.run.policy_digest == self.other.policy_digest

    @property
    def alike(self) -> bool:
        """Whether they differ in nothing."""
        counted = self.waves or self.unread or any(each.differing for each in self.kinds.values())
        return self.same_policy and not self.options and not counted

    async def rows(self) -> AsyncGenerator[ApiDifference | ScopeDifference, None]:
        """Give what differs, by scope and API."""
        async with aclosing(self._sides()) as sides:
            async for each in sides:
                if isinstance(each, ScopeDifference):
                    yield each
                    continue
                targets = tuple([target for target in each.targets if target.difference is not None])
                if targets or each.waves is not None:
                    yield ApiDifference(api=each.api, targets=targets, waves=each.waves)

    def to_json(self) -> dict[str, JSON]:
        """Render all but the rows."""
        return {
            "run": _head(self.run),
            "other": _head(self.other),
            "alike": self.alike,
            "same_policy": self.same_policy,
            "options": {name: {"run": a, "other": b} for name, (a, b) in self.options.items()},
            "kinds": {
                kind: {"counted_as": KINDS[kind].counted, **counts.to_json()}
                for kind, counts in self.kinds.items()
            },
            "waves": self.waves,
            "unread": self.unread,
        }

    async def _sides(self) -> AsyncGenerator[ApiDifference | ScopeDifference, None]:
        """Give every API of either run, and the account-regions that were not read alike."""
        run, other = self.journal.run(self.run.id), self.journal.run(self.other.id)
        ours, theirs = await _scopes(run), await _scopes(other)
        slices = TimeSlices()
        for scope in sorted({*ours, *theirs}):
            unread, others = ours.get(scope), theirs.get(scope)
            if unread != others:
                yield ScopeDifference(scope=scope, run=unread, other=others)
            async with aclosing(_apis(run, scope)) as left, aclosing(_apis(other, scope)) as right:
                async for pair in _paired(left, right):
                    yield _compared(*pair)
                    await slices.yield_if_due()


def _head(run: RunRecord) -> dict[str, JSON]:
    return {
        "run": run.id,
        "verb": run.verb,
        "state": state_of(run),
        "policy": run.policy_source,
        "policy_digest": run.policy_digest,
    }


def _options(run: RunRecord, other: RunRecord) -> dict[str, tuple[JSON, JSON]]:
    """Give the options that differ. Values that nobody may see are compared, and not shown."""
    names = dict.fromkeys([*run.options, *other.options])
    return {
        name: (run.visible_options.get(name), other.visible_options.get(name))
        for name in names
        if name not in UNCOMPARED and run.options.get(name) != other.options.get(name)
    }


async def _scopes(run: JournalRun) -> dict[Scope, str | None]:
    """Give the scopes of a run, and why each could not be read whole."""
    found, slices = dict[Scope, str | None](), TimeSlices()
    async for counts in run.scope_counts():
        found[counts.scope] = counts.unread
        await slices.yield_if_due()
    return found


async def _apis(run: JournalRun, scope: Scope) -> AsyncGenerator[ApiTargets, None]:
    after = ""
    while page := await run.targets(scope, after=after, limit=PAGE):
        after = page[-1].api.id
        for each in page:
            yield each


async def _paired(
    left: AsyncGenerator[ApiTargets, None], right: AsyncGenerator[ApiTargets, None]
) -> AsyncGenerator[tuple[ApiTargets | None, ApiTargets | None], None]:
    """Pair what has the same id; both come in the order of their ids."""
    ours, theirs = await anext(left, None), await anext(right, None)
    while ours is not None or theirs is not None:
        first = min(each.api.id for each in (ours, theirs) if each is not None)
        mine = ours if ours is not None and ours.api.id == first else None
        other = theirs if theirs is not None and theirs.api.id == first else None
        yield mine, other
        ours = ours if mine is None else await anext(left, None)
        theirs = theirs if other is None else await anext(right, None)


def _compared(run: ApiTargets | None, other: ApiTargets | None) -> ApiDifference:
    some = run or other
    assert some is not None  # noqa: S101 - one of a pair is there
    both = run is not None and other is not None and run.wave != other.wave
    return ApiDifference(
        api=some.api,
        targets=tuple(_targets(run, other)),
        waves=(run.wave, other.wave) if run is not None and other is not None and both else None,
    )


def _targets(run: ApiTargets | None, other: ApiTargets | None) -> Iterator[TargetDifference]:
    ours = {} if run is None else {each.target: each for each in run.targets}
    theirs = {} if other is None else {each.target: each for each in other.targets}
    for target in sorted({*ours, *theirs}, key=sort_key):
        yield TargetDifference(target=target, run=ours.get(target), other=theirs.get(target))
