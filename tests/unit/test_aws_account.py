"""Where STS is asked whose the base credentials are, and how often; in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
import pytest

from batchgw.control_plane.aws.account import BaseAccount
from batchgw.control_plane.aws.places import FORMAL_REGION, Places
from batchgw.errors import CallError, ConnectionFailed
from batchgw.model import AccountId, Region
from tests.virtual import virtually

OWN = AccountId("111111111111")


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
    places = Places(Region(home) if home else None, partition)
    assert places.sts_region(Region(near) if near else None) == asked


@dataclass
class FakeSts:
    """Answers after a second, or fails while `down`."""

    down: bool = False
    asked: list[Region] = field(default_factory=list)

    async def account(self, region: Region) -> AccountId:
        self.asked.append(region)
        await anyio.sleep(1.0)
        if self.down:
            raise ConnectionFailed("STS is down")
        return OWN


def run(body: Callable[[FakeSts, BaseAccount], Awaitable[None]], *, down: bool = False) -> FakeSts:
    fake = FakeSts(down=down)
    virtually(lambda: body(fake, BaseAccount(fake.account, Places(None, partition))))
    return fake


async def gather(account: BaseAccount, *near: str) -> list[AccountId | CallError]:
    """Ask for each region at once; errors are results."""
    results: list[AccountId | CallError] = []

    async def one(region: Region) -> None:
        try:
            results.append(await account.id(region))
        except CallError as error:
            results.append(error)

    async with anyio.create_task_group() as tasks:
        for each in near:
            tasks.start_soon(one, Region(each))
    return results


def test_any_number_of_calls_ask_once() -> None:
    async def body(_sts: FakeSts, account: BaseAccount) -> None:
        assert await gather(account, *["eu-west-1", "us-east-1"] * 50) == [OWN] * 100
        assert await account.id() == OWN

    assert run(body).asked == [FORMAL_REGION]


def test_who_waited_shares_a_failure_and_the_next_asks_again() -> None:
    async def body(sts: FakeSts, account: BaseAccount) -> None:
        failures = await gather(account, *["eu-west-1"] * 50)
        assert {type(f) for f in failures} == {ConnectionFailed}
        assert len({id(f) for f in failures}) == 50, "each has its own to write its effort into"
        assert len(sts.asked) == 1
        sts.down = False
        assert await account.id(Region("eu-west-1")) == OWN

    assert len(run(body, down=True).asked) == 2


@pytest.mark.parametrize("down", [False, True])
def test_only_a_good_answer_is_known_and_in_its_own_partition(down: bool) -> None:  # noqa: FBT001 - a case
    async def body(_: FakeSts, account: BaseAccount) -> None:
        near = Region("eu-west-1")
        assert account.known(near) is None
        await gather(account, near)
        assert account.known(near) == (None if down else OWN)
        assert account.known(Region("cn-north-1")) is None

    run(body, down=down)


def test_an_asker_who_gives_up_does_not_end_the_wait_of_the_others() -> None:
    async def body(sts: FakeSts, account: BaseAccount) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(impatient, account)
            await anyio.sleep(0.1)
            assert await account.id() == OWN
        assert len(sts.asked) == 2

    async def impatient(account: BaseAccount) -> None:
        with anyio.move_on_after(0.5):
            await account.id()

    run(body)


def test_another_partition_has_its_own_sts() -> None:
    async def body(_sts: FakeSts, account: BaseAccount) -> None:
        await gather(account, "cn-north-1", "eu-west-1")

    assert sorted(run(body).asked) == ["cn-north-1", "us-east-1"]
