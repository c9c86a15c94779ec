"""What a user's type checker sees. Never run: mypy reads it, and fails when a public type changes."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import assert_type

import batchgw


async def verbs(plane: batchgw.ControlPlane, journal: batchgw.Journal, path: Path) -> None:
    policy = batchgw.load_policy(path).policy
    assert_type(policy, batchgw.Policy)
    plan = await batchgw.plan(policy, plane=plane, out=path)
    assert_type(plan, batchgw.Plan)
    assert_type(await batchgw.check(policy, plane=plane), batchgw.Plan)
    assert_type(await batchgw.apply(plan, plane=plane, journal=journal), batchgw.Summary)
    assert_type(await batchgw.resume("last", plane=plane, journal=journal), batchgw.Summary)
    running = batchgw.applying(plan, plane=plane, journal=journal)
    assert_type(running, AbstractAsyncContextManager[batchgw.Application])
    async with running as run:
        async for outcome in run:
            assert_type(
                outcome,
                batchgw.Applied
                | batchgw.Unchanged
                | batchgw.Failed
                | batchgw.Skipped
                | batchgw.Held
                | batchgw.NotAttempted,
            )
        assert_type(run.summary, batchgw.Summary)


async def discovering(plane: batchgw.ControlPlane) -> None:
    targets = batchgw.Targets(regions=(batchgw.Region("eu-west-1"),))
    count = batchgw.SelectionCount(targets.apis)
    estate = batchgw.Estate()
    async with batchgw.discover(targets, plane=plane, count=count, estate=estate) as found:
        async for item in found:
            assert_type(
                item, batchgw.RestApi | batchgw.UnreadApi | batchgw.UnreadScope | batchgw.SkippedScope
            )
    assert_type(estate.accounts, dict[batchgw.AccountId, batchgw.Account])
    assert_type(count.total(listed=True), batchgw.Selected)


async def resuming(plane: batchgw.ControlPlane, journal: batchgw.Journal) -> None:
    async with batchgw.resuming("last", plane=plane, journal=journal) as run:
        assert_type(run, batchgw.Application)
        async for outcome in run:
            match outcome:
                case batchgw.Failed() | batchgw.NotAttempted():
                    assert_type(outcome.effort, batchgw.Effort)
                case _:
                    assert_type(outcome.api, batchgw.RestApi)


def simulating() -> None:
    with batchgw.simulated_api(batchgw.ServeOptions(apis=5)) as server:
        assert_type(server, batchgw.ReadyInfo)


def caught(error: BaseException) -> int:
    """Errors are told apart by their classes, and each knows its exit code."""
    match error:
        case batchgw.ScopeHeld():
            assert_type(error.holder, batchgw.Holder)
        case batchgw.CallError():
            assert_type(error.retry_after, float | None)
        case batchgw.PolicyInvalid():
            assert_type(error.problems, tuple[batchgw.Problem, ...])
        case _:
            pass
    return error.exit_code if isinstance(error, batchgw.BatchgwError) else 1


async def connecting() -> None:
    async with batchgw.connect(profile="audit", region="eu-west-1") as plane:
        accepted: batchgw.ControlPlane = plane
        paced: batchgw.ControlPlane = batchgw.PacedControlPlane(accepted, pace=batchgw.Pace(rate=5))
        assert_type(batchgw.__version__, str)
        del paced
    hub = batchgw.RoleLink(role="arn:aws:iam::111122223333:role/Hub", session_tags={"team": "edge"})
    access = batchgw.Access.READ
    async with batchgw.connect(role="Batchgw", roles=(hub,), access=access, sts_rate=5) as plane:
        assert_type(plane, batchgw.AwsControlPlane)


class Shows:
    """An observer is whatever has `notify`."""

    def notify(self, event: batchgw.Event) -> None:
        match event:
            case batchgw.Decided():
                assert_type(event.outcome, batchgw.Outcome)
            case batchgw.ItemPlanned():
                assert_type(event.item, batchgw.PlanItem)
            case _:
                pass


observer: batchgw.Observer = Shows()


class Spent(batchgw.HeldBack):
    """A budget of failures is spent."""


class Budget(batchgw.AllAtOnce):
    """A schedule is whatever has the methods of `AllAtOnce`."""

    failed = 0

    def held_back(self, scope: batchgw.Scope) -> batchgw.HeldBack | None:
        return Spent(f"{self.failed} targets failed before {scope} was done") if self.failed > 9 else None

    def decided(self, outcome: batchgw.Outcome) -> None:
        self.failed += isinstance(outcome, batchgw.Failed)


schedule: batchgw.Schedule = Budget()


async def scheduled(plan: batchgw.Plan, plane: batchgw.ControlPlane, journal: batchgw.Journal) -> None:
    summary = await batchgw.apply(plan, plane=plane, journal=journal, schedule=schedule)
    assert_type(summary.held_back, bool)
    await batchgw.resume(summary.run, plane=plane, journal=journal, schedule=Budget())
    batchgw.applying(plan, plane=plane, journal=journal, schedule=Budget())
    batchgw.resuming("last", plane=plane, journal=journal, schedule=Budget())


def unknown_names() -> None:
    """A name that does not exist is an error: mypy complains of this ignore when it is not."""
    batchgw.no_such_verb  # type: ignore[attr-defined]  # noqa: B018
