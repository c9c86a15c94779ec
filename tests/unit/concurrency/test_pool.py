"""A pool: how many work at once, who takes what, and how it ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import anyio.lowlevel
import pytest

from batchgw.concurrency.pool import pooled

pytestmark = pytest.mark.anyio


class Gauge:
    """Counts who is at work, and what was worked on."""

    def __init__(self, seconds: float = 1.0) -> None:
        self.now = self.most = 0
        self.done: list[int] = []
        self._seconds = seconds

    async def work(self, item: int) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await anyio.sleep(self._seconds)
        self.now -= 1
        self.done.append(item)


async def numbers(count: int) -> AsyncGenerator[int, None]:
    for number in range(count):
        yield number


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("items", [0, 1, 2, 30])
async def test_every_item_is_worked_on_once_by_so_many_at_once(workers: int, items: int) -> None:
    gauge = Gauge(0.001)
    await pooled(numbers(items), gauge.work, workers=workers)
    assert sorted(gauge.done) == list(range(items))
    assert gauge.most == min(workers, items)


async def test_the_number_of_workers_follows_what_is_wanted() -> None:
    gauge, wanted = Gauge(0.001), [1]
    seen: list[int] = []

    async def work(item: int) -> None:
        wanted[0] = 6 if item < 30 else 2
        await gauge.work(item)
        seen.append(gauge.now)

    await pooled(numbers(60), work, workers=lambda: wanted[0])
    assert len(gauge.done) == 60
    assert gauge.most == 6
    assert max(seen[-10:]) <= 2


async def test_at_least_one_works_whatever_is_wanted() -> None:
    gauge = Gauge(0)
    await pooled(numbers(5), gauge.work, workers=lambda: 0)
    assert gauge.done == [0, 1, 2, 3, 4]


async def test_no_item_is_asked_for_before_somebody_is_free() -> None:
    asked: list[int] = []
    gauge = Gauge(0.001)

    async def source() -> AsyncGenerator[int, None]:
        for number in range(20):
            asked.append(number)
            assert len(asked) - len(gauge.done) <= 3
            yield number

    await pooled(source(), gauge.work, workers=3)
    assert len(gauge.done) == 20


async def test_once_a_page_has_come_all_who_waited_take_theirs_in_the_same_turn() -> None:
    """Handed on one by one, as a lock would, ten workers would be three at work most of the time."""
    at_work: set[int] = set()
    most = 0

    async def source() -> AsyncGenerator[int, None]:
        for page in range(5):
            await anyio.sleep(0.01)  # meanwhile all have become free
            for number in range(10):
                yield page * 10 + number

    async def work(item: int) -> None:
        nonlocal most
        at_work.add(item)
        most = max(most, len(at_work))
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        at_work.remove(item)

    await pooled(source(), work, workers=10)
    assert most == 10


async def test_the_first_error_ends_it_and_is_raised() -> None:
    gauge = Gauge(0.001)

    async def work(item: int) -> None:
        if item == 4:
            raise ValueError("the fifth")
        await gauge.work(item)

    with pytest.raises(ExceptionGroup) as caught:
        await pooled(numbers(1_000), work, workers=3)
    assert caught.group_contains(ValueError, match="the fifth")
    assert len(gauge.done) < 10


async def test_an_error_of_the_source_ends_it_once_what_is_in_work_is_cancelled() -> None:
    gauge = Gauge(60)

    async def source() -> AsyncGenerator[int, None]:
        yield 0
        raise ValueError("no more")

    with pytest.raises(ExceptionGroup) as caught, anyio.fail_after(5):
        await pooled(source(), gauge.work, workers=3)
    assert caught.group_contains(ValueError, match="no more")
    assert gauge.done == []
