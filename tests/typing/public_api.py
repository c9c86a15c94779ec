"""What a user's type checker sees. Never run: mypy reads it, and fails when a public type changes."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import assert_type

import batchgw
from batchgw.api import Application


async def verbs(plane: batchgw.ControlPlane, journal: batchgw.Journal, path: Path) -> None:
    policy = batchgw.load_policy(path).policy
    assert_type(policy, batchgw.Policy)
    plan = await batchgw.plan(policy, plane=plane, out=path)
    assert_type(plan, batchgw.Plan)
    assert_type(await batchgw.check(policy, plane=plane), batchgw.Plan)
    assert_type(await batchgw.apply(plan, plane=plane, journal=journal), batchgw.Summary)
    assert_type(await batchgw.resume("last", plane=plane, journal=journal), batchgw.Summary)
    running = batchgw.applying(plan, plane=plane, journal=journal)
    assert_type(running, AbstractAsyncContextManager[Application])
    async with running as run:
        async for outcome in run:
            assert_type(
                outcome,
                batchgw.Applied | batchgw.Unchanged | batchgw.Failed | batchgw.Skipped | batchgw.NotAttempted,
            )
        assert_type(run.summary, batchgw.Summary)


async def connecting() -> None:
    async with batchgw.connect(profile="audit", region="eu-west-1") as plane:
        accepted: batchgw.ControlPlane = plane
        paced: batchgw.ControlPlane = batchgw.PacedControlPlane(accepted, pace=batchgw.Pace(rate=5))
        assert_type(batchgw.__version__, str)
        del paced


class Shows:
    """An observer is whatever has `notify`."""

    def notify(self, event: batchgw.Event) -> None:
        del event


observer: batchgw.Observer = Shows()


def unknown_names() -> None:
    """A name that does not exist is an error: mypy complains of this ignore when it is not."""
    batchgw.no_such_verb  # type: ignore[attr-defined]  # noqa: B018
