"""What one run learned of quotas is there for the next, and is never worth a failure or a wait."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from batchgw.cli.memory.quotas import PATIENCE
from batchgw.errors import JournalUnusable
from batchgw.journal import Journal, Limit, QuotaMemory, Spent, open_journal
from batchgw.journal.quota_memory import LONGEST
from batchgw.journal.sql.database.sqlite import BUSY_TIMEOUT
from batchgw.journal.sql.memory.quotas import PAGE, SqlQuotaMemory
from batchgw.throttle.memory import BucketKey, Learned
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota, Quotas
from tests.unit.journal.sql.sqlite import opened
from tests.unit.journal_plans import place

pytestmark = pytest.mark.anyio

HERE = BucketKey("111111111111", "eu-west-1")
THERE = BucketKey("111111111111", "us-east-1")
SHARED = BucketKey("111111111111", None)
DEPLOY = BucketKey("111111111111", "eu-west-1", "CreateDeployment")
START = 1_700_000_000.0


class Wall:
    """A clock on the wall that moves when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
async def journal(tmp_path: Path, wall: Wall) -> AsyncIterator[Journal]:
    async with open_journal(place(tmp_path), clock=wall) as journal:
        yield journal


def learned(
    key: BucketKey = HERE,
    *,
    rate: float = 7.0,
    level: float = 12.0,
    stated: Quota | None = TOTAL,
    sent: int = 100,
    refused: int = 2,
    waited: float = 8.5,
) -> Learned:
    belief = Belief(rate=rate, burst=40.0, level=level)
    return Learned(key=key, stated=stated, belief=belief, sent=sent, refused=refused, waited=waited)


class TestFromRunToRun:
    async def test_nothing_is_known_at_first(self, journal: Journal) -> None:
        assert (await journal.quota_memory()).recall(HERE) is None
        assert await journal.limits() == []

    async def test_what_was_learned_comes_back_with_its_age(self, journal: Journal, wall: Wall) -> None:
        await (await journal.quota_memory()).save([learned(HERE), learned(DEPLOY, rate=0.2, level=0.5)])
        wall.now += 90
        memory = await journal.quota_memory()
        assert memory.recall(HERE) == Belief(rate=7.0, burst=40.0, level=12.0, age=90.0)
        assert memory.recall(DEPLOY) == Belief(rate=0.2, burst=40.0, level=0.5, age=90.0)
        assert memory.recall(THERE) is None

    async def test_another_process_finds_it(self, journal: Journal, tmp_path: Path) -> None:
        await (await journal.quota_memory()).save([learned()])
        code = (
            "import anyio, sys; from batchgw.journal import open_journal; "
            "from batchgw.throttle.memory import BucketKey\n"
            "async def main():\n"
            "  async with open_journal(sys.argv[1], clock=lambda: 1_700_000_005.0) as j:\n"
            "    print((await j.quota_memory()).recall(BucketKey('111111111111', 'eu-west-1')))\n"
            "anyio.run(main)"
        )
        command = [sys.executable, "-c", code, place(tmp_path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert said == "Belief(rate=7.0, burst=40.0, level=12.0, age=5.0)\n"

    async def test_an_address_of_one_s_own_has_quotas_of_its_own(self, journal: Journal) -> None:
        await (await journal.quota_memory(endpoint="http://127.0.0.1:4566")).save([learned(rate=3.0)])
        assert (await journal.quota_memory()).recall(HERE) is None
        found = (await journal.quota_memory(endpoint="http://127.0.0.1:4566")).recall(HERE)
        assert found is not None
        assert found.rate == 3.0

    async def test_after_30_days_it_says_nothing_any_more(self, journal: Journal, wall: Wall) -> None:
        await (await journal.quota_memory()).save([learned()])
        wall.now += LONGEST
        assert (await journal.quota_memory()).recall(HERE) is not None
        wall.now += 1
        assert (await journal.quota_memory()).recall(HERE) is None

    async def test_what_is_too_old_is_dropped_by_the_next_run(self, journal: Journal, wall: Wall) -> None:
        await (await journal.quota_memory()).save([learned(HERE)])
        wall.now += LONGEST + 1
        await (await journal.quota_memory()).save([learned(THERE)])
        assert [limit.key for limit in await journal.limits()] == [THERE]

    async def test_a_clock_that_was_set_back_makes_nothing_younger_than_now(
        self, journal: Journal, wall: Wall
    ) -> None:
        await (await journal.quota_memory()).save([learned()])
        wall.now -= 3600
        found = (await journal.quota_memory()).recall(HERE)
        assert found is not None
        assert found.age == 0.0

    async def test_the_next_session_sees_what_others_learned_during_this_one(
        self, journal: Journal, wall: Wall
    ) -> None:
        memory = await journal.quota_memory()
        assert memory.recall(HERE) is None
        await (await journal.quota_memory()).save([learned()])
        wall.now += 2
        assert memory.recall(HERE) is None
        memory = await journal.quota_memory()
        assert memory.recall(HERE) == Belief(rate=7.0, burst=40.0, level=12.0, age=2.0)

    async def test_a_memory_sees_what_it_has_saved_itself(self, journal: Journal, wall: Wall) -> None:
        memory = await journal.quota_memory()
        await memory.save([learned(rate=3.0)])
        await memory.save([learned(sent=200)])
        wall.now += 2
        assert memory.recall(HERE) == Belief(rate=7.0, burst=40.0, level=12.0, age=2.0)

    async def test_all_is_read_at_first_and_nothing_later(self, tmp_path: Path) -> None:
        """A call that waits for its quota must not wait for a database as well."""
        keys = [BucketKey(f"{n:012}", "eu-west-1") for n in range(2 * PAGE + 1)]
        async with open_journal(place(tmp_path)) as journal:
            memory = await journal.quota_memory()
            await memory.save([learned(key, rate=2.0 + n) for n, key in enumerate(keys)])
            memory = await journal.quota_memory()
        rates = [belief and belief.rate for belief in map(memory.recall, keys)]
        assert rates == [2.0 + n for n in range(len(keys))]


class TestSharedQuota:
    async def test_the_account_says_nothing_of_a_region(self, journal: Journal) -> None:
        """Each of several regions would otherwise start with the whole of what they share."""
        await (await journal.quota_memory()).save([learned(SHARED, level=1.0)])
        assert (await journal.quota_memory()).recall(HERE) is None

    async def test_a_region_says_nothing_of_the_account(self, journal: Journal) -> None:
        await (await journal.quota_memory()).save([learned(HERE)])
        assert (await journal.quota_memory()).recall(SHARED) is None


class TestCeilings:
    """A rate that was held down by a ceiling was not learned."""

    @pytest.mark.parametrize(
        ("rate", "share", "now", "expected"),
        [
            (2.0, 0.2, Quotas(), 10.0),  # all of our fifth of 10/s: nothing is known of the rest
            (1.5, 0.2, Quotas(), 1.5),  # not even that: it was learned
            (10.0, 1.0, Quotas(total=Quota(20, 40)), 20.0),
            (10.0, 1.0, Quotas(total=Quota(5, 40)), 10.0),  # the bucket knows its new ceiling itself
            (10.0, 1.0, Quotas(share=0.5), 10.0),
            (10.0, 1.0, Quotas(total=None), 10.0),
            (14.0, 1.0, Quotas(), 14.0),  # an audit found more
        ],
    )
    async def test_it_gives_way_to_what_is_stated_now(
        self, journal: Journal, rate: float, share: float, now: Quotas, expected: float
    ) -> None:
        await (await journal.quota_memory(quotas=Quotas(share=share))).save([learned(rate=rate)])
        found = (await journal.quota_memory(quotas=now)).recall(HERE)
        assert found is not None
        assert found.rate == expected

    async def test_an_operation_s_own_ceiling_counts_for_it(self, journal: Journal) -> None:
        told = learned(DEPLOY, rate=0.2, stated=Quota(0.2, 1))
        await (await journal.quota_memory()).save([told])
        raised = Quotas(operations={"CreateDeployment": Quota(1, 1)})
        found = (await journal.quota_memory(quotas=raised)).recall(DEPLOY)
        assert found is not None
        assert found.rate == 1.0


class TestAccounts:
    async def test_the_last_run_and_all_runs(self, journal: Journal, wall: Wall) -> None:
        first = await journal.quota_memory()
        await first.save([learned(sent=10, refused=1, waited=2.0)])
        await first.save([learned(sent=30, refused=1, waited=6.0)])
        wall.now += 100
        await (await journal.quota_memory(quotas=Quotas(share=0.5))).save(
            [learned(sent=5, refused=0, waited=1.5, rate=4.0)]
        )
        (limit,) = await journal.limits()
        assert limit == Limit(
            endpoint="",
            key=HERE,
            stated=TOTAL,
            share=0.5,
            belief=Belief(rate=4.0, burst=40.0, level=12.0),
            at=START + 100,
            last=Spent(calls=5, refused=0, waited=1.5),
            total=Spent(calls=35, refused=1, waited=7.5),
        )

    async def test_what_has_not_changed_is_not_written_again(self, journal: Journal, wall: Wall) -> None:
        memory = await journal.quota_memory()
        await memory.save([learned()])
        wall.now += 15
        await memory.save(
            [replace(learned(), belief=Belief(rate=7.0, burst=40.0, level=40.0))]
        )  # only filled up
        assert (await journal.limits())[0].at == START
        await memory.save([learned(rate=6.0)])
        assert (await journal.limits())[0].at == START + 15

    @pytest.mark.parametrize(("seconds", "level"), [(0, 12.0), (2, 26.0), (4, 40.0), (400, 40.0), (-9, 12.0)])
    async def test_a_level_fills_up_to_the_burst(self, journal: Journal, seconds: int, level: float) -> None:
        await (await journal.quota_memory()).save([learned(rate=7.0, level=12.0)])
        assert (await journal.limits())[0].level(START + seconds) == level

    async def test_an_unknown_quota_stays_unknown(self, journal: Journal) -> None:
        await (await journal.quota_memory(quotas=Quotas(total=None))).save([learned(stated=None)])
        assert (await journal.limits())[0].stated is None

    async def test_some_or_all_are_forgotten(self, journal: Journal) -> None:
        other = BucketKey("222222222222", "eu-west-1")
        await (await journal.quota_memory()).save([learned(k) for k in (HERE, THERE, SHARED, DEPLOY, other)])
        of_region = await journal.limits(regions=["eu-west-1"])
        assert [limit.key for limit in of_region] == [HERE, DEPLOY, other]
        assert await journal.forget_limits(accounts=["111111111111"], regions=["eu-west-1", "*"]) == 3
        assert [limit.key for limit in await journal.limits()] == [THERE, other]
        assert await journal.forget_limits() == 2
        assert await journal.limits() == []


class TestCrowd:
    async def test_many_processes_write_the_same_buckets_at_once(self, tmp_path: Path) -> None:
        """Nobody is refused or blocked, and no call is lost from the sums."""
        code = (
            "import anyio, sys; from batchgw.journal import open_journal; "
            "from tests.unit.journal.test_limits import HERE, THERE, learned\n"
            "async def main():\n"
            "  async with open_journal(sys.argv[1], patience=0.3) as j:\n"
            "    m = await j.quota_memory(trouble=print)\n"
            "    for n in range(1, 31):\n"
            "      await m.save([learned(HERE, sent=n), learned(THERE, sent=n, waited=n / 2)])\n"
            "anyio.run(main)"
        )
        await opened(place(tmp_path)).close()
        command = [sys.executable, "-c", code, place(tmp_path)]
        crowd = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        assert [process.communicate(timeout=60)[0] for process in crowd] == [""] * 4
        async with open_journal(place(tmp_path)) as journal:
            here, there = await journal.limits()
        assert (here.last.calls, here.total.calls) == (30, 120)
        assert (there.total.calls, there.total.waited) == (120, 60.0)


class TestTrouble:
    @pytest.fixture
    def told(self) -> list[str]:
        return []

    @pytest.fixture
    async def memory(self, tmp_path: Path, told: list[str]) -> AsyncIterator[QuotaMemory]:
        async with open_journal(place(tmp_path), patience=PATIENCE) as journal:
            yield await journal.quota_memory(trouble=told.append)

    async def test_a_journal_that_is_locked_is_waited_for_shortly_and_told_once(
        self, memory: QuotaMemory, told: list[str], tmp_path: Path
    ) -> None:
        other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        await memory.save([learned()])
        assert PATIENCE / 2 < time.monotonic() - began < BUSY_TIMEOUT / 2
        await memory.save([learned()])
        assert len(told) == 1
        assert "another process keeps it locked" in told[0]
        assert "resume" not in told[0]
        other.execute("ROLLBACK")
        other.close()
        await memory.save([learned()])
        assert memory.recall(HERE) is not None

    async def test_one_that_somebody_has_damaged_is_told_once(
        self, memory: QuotaMemory, told: list[str], tmp_path: Path
    ) -> None:
        with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
            other.execute("DROP TABLE limits")
        assert not await memory.save([learned()])
        assert not await memory.save([learned()])
        assert told == ["it is not as batchgw made it (no such table: limits)"]

    async def test_one_that_refuses_a_row_is_told_too(
        self, memory: QuotaMemory, told: list[str], tmp_path: Path
    ) -> None:
        """What the driver says of a constraint is no state of the database, and comes through as it is."""
        with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
            other.execute(
                "CREATE TRIGGER no BEFORE UPDATE ON limits BEGIN SELECT RAISE(ABORT, 'not so'); END"
            )
        assert not await memory.save([learned()])
        assert told == ["not so"]

    async def test_one_that_is_locked_when_it_is_opened_is_given_up_soon(self, tmp_path: Path) -> None:
        file = tmp_path / "journal.db"
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.raises(JournalUnusable):
            async with open_journal(place(tmp_path), patience=PATIENCE):
                pass
        assert time.monotonic() - began < BUSY_TIMEOUT / 2
        other.close()

    async def test_a_full_disk_is_no_error(self, memory: QuotaMemory, told: list[str]) -> None:
        assert isinstance(memory, SqlQuotaMemory)
        driver = cast("sqlite3.Connection", memory._database._connection.connection.dbapi_connection)
        (pages,) = driver.execute("PRAGMA page_count").fetchone()
        driver.execute(f"PRAGMA max_page_count = {pages}")
        await memory.save([learned(BucketKey(str(n), "eu-west-1")) for n in range(500)])
        assert told == ["the disk is full (database or disk is full)"]

    async def test_what_makes_no_sense_is_passed_over(
        self, memory: QuotaMemory, told: list[str], tmp_path: Path
    ) -> None:
        await memory.save([learned()])
        other = sqlite3.connect(tmp_path / "journal.db")
        other.execute("UPDATE limits SET stated_rate = -1")
        other.commit()
        other.close()
        async with open_journal(place(tmp_path)) as journal:
            assert (await journal.quota_memory(trouble=told.append)).recall(HERE) is None
        assert len(told) == 1

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE limits SET account = CAST(id AS BLOB) WHERE id = ?",
            "UPDATE limits SET stated_rate = -1 WHERE id = ?",
            "UPDATE limits SET stated_burst = NULL WHERE id = ?",
        ],
    )
    @pytest.mark.parametrize("bad", ["1", "2, 3", "200, 201", "401"])
    async def test_damaged_rows_do_not_hide_the_others(
        self, memory: QuotaMemory, told: list[str], tmp_path: Path, damage: str, bad: str
    ) -> None:
        keys = [BucketKey(f"{n:012}", "eu-west-1") for n in range(2 * PAGE + 1)]
        await memory.save([learned(key) for key in keys])
        with closing(sqlite3.connect(tmp_path / "journal.db")) as other, other:
            first = other.execute("SELECT min(id) FROM limits").fetchone()[0]
            wrong = [first - 1 + int(n) for n in bad.split(",")]
            other.executemany(damage, [(n,) for n in wrong])
        async with open_journal(place(tmp_path)) as journal:
            found = await journal.quota_memory(trouble=told.append)
        known = [key for key in keys if found.recall(key) is not None]
        assert len(known) == len(keys) - len(wrong)
        assert len(told) == 1
        assert "table limits, row" in told[0]
