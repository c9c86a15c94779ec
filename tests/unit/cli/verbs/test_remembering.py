"""What is learned of quotas is saved again and again, and at the end, however a command ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from itertools import pairwise
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from batchgw.cli.memory.quotas import INTERVAL, keeping, open_memory
from batchgw.control_plane.operations import GetRestApis
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.journal import open_journal
from batchgw.journal.sql.memory.quotas import SqlQuotaMemory
from batchgw.model import AccountId, Region, Scope
from batchgw.simulator.plane import simulate
from batchgw.simulator.world.world import World
from batchgw.throttle.memory import Learned
from batchgw.throttle.quota import Quotas
from tests.at_once import at_once
from tests.unit.journal_plans import place
from tests.unit.remembered import remembered
from tests.virtual import Steps, virtually

ACCOUNT, REGION = "111111111111", "eu-west-1"
HERE = Scope(account=AccountId(ACCOUNT), region=Region(REGION))

Body = Callable[[PacedControlPlane], Awaitable[None]]


async def call(plane: PacedControlPlane, times: int = 1) -> None:
    for _ in range(times):
        await plane.send(GetRestApis(scope=HERE))


def kept(folder: Path, body: Body) -> None:
    """Run a body whose plane's learning is kept in a journal."""

    async def main() -> None:
        world = World(accounts=[ACCOUNT], regions=[REGION])
        async with open_journal(place(folder)) as journal:
            memory = await journal.quota_memory()
            plane = PacedControlPlane(simulate(world), memory=memory)
            async with keeping(memory, plane):
                await body(plane)

    virtually(main)


def calls(folder: Path) -> list[int]:
    return [limit.total.calls for limit in remembered(place(folder))]


def test_it_is_saved_at_the_end(tmp_path: Path) -> None:
    kept(tmp_path, lambda plane: call(plane, 3))
    assert calls(tmp_path) == [3]


def test_a_command_that_made_no_call_saves_nothing(tmp_path: Path) -> None:
    async def idle(_plane: PacedControlPlane) -> None:
        await anyio.sleep(10 * INTERVAL)

    kept(tmp_path, idle)
    assert calls(tmp_path) == []


def test_it_is_saved_when_a_command_fails(tmp_path: Path) -> None:
    async def failing(plane: PacedControlPlane) -> None:
        await call(plane, 2)
        raise LookupError

    with pytest.raises(ExceptionGroup):
        kept(tmp_path, failing)
    assert calls(tmp_path) == [2]


def test_it_is_saved_when_a_command_is_cancelled(tmp_path: Path) -> None:
    """The second Ctrl-C."""

    async def main() -> None:
        async with open_journal(place(tmp_path)) as journal:
            memory = await journal.quota_memory()
            plane = PacedControlPlane(simulate(World(accounts=[ACCOUNT], regions=[REGION])), memory=memory)
            with anyio.CancelScope() as scope:
                async with keeping(memory, plane):
                    await call(plane, 4)
                    scope.cancel()
                    await anyio.sleep_forever()

    virtually(main)
    assert calls(tmp_path) == [4]


def test_it_is_saved_now_and_then(tmp_path: Path) -> None:
    """So that a command that is killed has saved something."""
    seen: list[list[int]] = []

    async def long(plane: PacedControlPlane) -> None:
        for _ in range(3):
            await call(plane, 5)
            seen.append(calls(tmp_path))
            await anyio.sleep(INTERVAL)
            await anyio.lowlevel.checkpoint()

    kept(tmp_path, long)
    assert seen[1:] == [[5], [10]]


def test_a_thousand_buckets_are_saved_in_turns(tmp_path: Path) -> None:
    """Nobody waits while all of them are written, and each of them is."""
    accounts = [f"{number:012d}" for number in range(1, 121)]

    async def main() -> None:
        async with open_journal(place(tmp_path)) as journal:
            memory = await journal.quota_memory()
            plane = PacedControlPlane(simulate(World(accounts=accounts, regions=[REGION])), memory=memory)
            async with keeping(memory, plane):
                for account in accounts:
                    await plane.send(
                        GetRestApis(scope=Scope(account=AccountId(account), region=Region(REGION)))
                    )
                await anyio.sleep(2 * INTERVAL)
                assert calls(tmp_path) == [1] * 120

    virtually(main)


def test_a_thousand_buckets_are_saved_in_turns_at_the_end_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [f"{number:012d}" for number in range(1, 121)]
    told: list[str] = []
    save = SqlQuotaMemory.save

    async def noted(memory: SqlQuotaMemory, learned: Iterable[Learned]) -> bool:
        batch = list(learned)
        told.append(f"{len(batch)} saved")
        return await save(memory, batch)

    async def main() -> None:
        async with open_journal(place(tmp_path)) as journal:
            memory = await journal.quota_memory()
            plane = PacedControlPlane(simulate(World(accounts=accounts, regions=[REGION])), memory=memory)
            async with keeping(memory, plane):
                for account in accounts:
                    scope = Scope(account=AccountId(account), region=Region(REGION))
                    await plane.send(GetRestApis(scope=scope))
                Steps(told).begin()

    monkeypatch.setattr(SqlQuotaMemory, "save", noted)
    virtually(main)
    saved = [number for number, each in enumerate(told) if each != "step"]
    assert [told[number] for number in saved] == ["50 saved", "50 saved", "20 saved"]
    assert all(later - sooner > 1 for sooner, later in pairwise(saved)), "the loop turned in between"
    assert calls(tmp_path) == [1] * 120


def test_what_cannot_be_opened_is_told_and_done_without(tmp_path: Path) -> None:
    told: list[str] = []

    async def opened() -> None:
        async with open_memory(str(tmp_path), endpoint="", quotas=Quotas(), trouble=told.append) as memory:
            assert memory is None

    at_once(opened())
    assert len(told) == 1
    assert "Is a directory" in told[0]
