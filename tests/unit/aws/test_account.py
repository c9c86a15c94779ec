"""Where STS is asked whose keys are, and how often; in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import anyio
import pytest

from batchgw.control_plane.aws.credentials.owners import KEPT, Owners
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.sts.regions import StsRegions
from batchgw.errors import CallError, ConnectionFailed
from batchgw.model import AccountId, Region
from tests.virtual import virtually

OWN = AccountId("111111111111")
EU = Region("eu-west-1")


def partition(region: Region) -> str:
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")


@pytest.mark.parametrize(
    ("home", "near", "asked"),
    [
        (None, None, "us-east-1"),
        ("eu-west-1", None, "eu-west-1"),
        ("cn-north-1", None, "cn-north-1"),
        # at home, when it is in the partition
        ("eu-west-1", "ap-east-1", "eu-west-1"),
        ("cn-north-1", "cn-northwest-1", "cn-north-1"),
        # in another partition, or with no home: there; where regions may be off, in the one that never is
        (None, "cn-north-1", "cn-north-1"),
        (None, "us-gov-east-1", "us-gov-east-1"),
        ("eu-west-1", "cn-northwest-1", "cn-northwest-1"),
        (None, "ap-east-1", "us-east-1"),
        ("cn-north-1", "ap-east-1", "us-east-1"),
    ],
)
def test_where_sts_is_asked(home: str | None, near: str | None, asked: str) -> None:
    regions = StsRegions(Region(home) if home else None, partition)
    assert regions.sts_region(Region(near) if near else None) == asked


def keys(number: int = 1) -> Keys:
    """Give a new record each time: it is what they say that counts."""
    return Keys(access_key=f"AKIA{number}", secret_key="s")


@dataclass
class FakeSts:
    """Answers after a second, or fails while `down`."""

    down: bool = False
    asked: list[tuple[str, Region]] = field(default_factory=list)

    async def account(self, of: Keys, region: Region) -> AccountId:
        self.asked.append((of.access_key, region))
        await anyio.sleep(1.0)
        if self.down:
            raise ConnectionFailed("STS is down")
        return OWN


def run(body: Callable[[FakeSts, Owners], Awaitable[None]], *, down: bool = False) -> FakeSts:
    fake = FakeSts(down=down)
    virtually(lambda: body(fake, Owners(fake.account)))
    return fake


async def gather(owners: Owners, *near: str) -> list[AccountId | CallError]:
    """Ask for each region at once; errors are results."""
    results: list[AccountId | CallError] = []

    async def one(region: Region) -> None:
        try:
            results.append(await owners.of(keys(), region))
        except CallError as error:
            results.append(error)

    async with anyio.create_task_group() as tasks:
        for each in near:
            tasks.start_soon(one, Region(each))
    return results


def test_any_number_of_calls_ask_once() -> None:
    async def body(_sts: FakeSts, owners: Owners) -> None:
        assert await gather(owners, *["eu-west-1"] * 100) == [OWN] * 100
        assert await owners.of(keys(), EU) == OWN

    assert run(body).asked == [("AKIA1", EU)]


def test_who_waited_shares_a_failure_and_the_next_asks_again() -> None:
    async def body(sts: FakeSts, owners: Owners) -> None:
        failures = await gather(owners, *["eu-west-1"] * 50)
        assert {type(f) for f in failures} == {ConnectionFailed}
        assert len({id(f) for f in failures}) == 50, "each has its own to write its effort into"
        assert len(sts.asked) == 1
        sts.down = False
        assert await owners.of(keys(), EU) == OWN

    assert len(run(body, down=True).asked) == 2


def test_an_answer_about_other_keys_proves_nothing() -> None:
    async def body(_sts: FakeSts, owners: Owners) -> None:
        for number in (1, 2, 1):
            await owners.of(keys(number), EU)
        await owners.of(replace(keys(1), token="another"), EU)

    assert [key for key, _ in run(body).asked] == ["AKIA1", "AKIA2", "AKIA1"]


def test_what_is_kept_of_a_run_that_renews_for_days_is_bounded() -> None:
    async def body(_sts: FakeSts, owners: Owners) -> None:
        for number in range(KEPT):
            await owners.of(keys(number), EU)
        await owners.of(keys(KEPT), EU)
        await owners.of(keys(0), EU)

    assert len(run(body).asked) == KEPT + 2


def test_an_asker_who_gives_up_does_not_end_the_wait_of_the_others() -> None:
    async def body(sts: FakeSts, owners: Owners) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(impatient, owners)
            await anyio.sleep(0.1)
            assert await owners.of(keys(), EU) == OWN
        assert len(sts.asked) == 2

    async def impatient(owners: Owners) -> None:
        with anyio.move_on_after(0.5):
            await owners.of(keys(), EU)

    run(body)


def test_another_partition_has_its_own_sts() -> None:
    async def body(_sts: FakeSts, owners: Owners) -> None:
        await gather(owners, "cn-north-1", "eu-west-1")

    assert sorted(region for _, region in run(body).asked) == ["cn-north-1", "eu-west-1"]
