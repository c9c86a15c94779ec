"""Keys that are always fresh, in virtual time: hours pass, and the numbers are worked by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

import anyio
import pytest

from batchgw.control_plane.aws.credentials.renewal import Refresher
from batchgw.control_plane.aws.keys import Keys
from batchgw.errors import AccessDenied, CallError, CredentialsUnavailable, Stopped
from batchgw.model import AccountId, Region, Scope
from tests.virtual import virtually

HOUR = 3600.0


def scope(account: str = "1", region: str = "eu-west-1") -> Scope:
    return Scope(account=AccountId(account), region=Region(region))


class NoJitter(Random):
    """The end of every range: renewal at exactly two thirds, pauses at their longest."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002 - the signature is Random's
        return b


@dataclass
class FakeSts:
    """Gives numbered keys after a while, and fails when told to."""

    life: float = HOUR
    takes: float = 0.2
    down: bool = False
    stopped: bool = False
    asked: list[tuple[str, float]] = field(default_factory=list)  # account, when

    async def fetch(self, where: Scope) -> Keys:
        self.asked.append((where.account, anyio.current_time()))
        number = len(self.asked)
        await anyio.sleep(self.takes)
        if self.stopped:
            raise Stopped("stopped by the test")
        if self.down:
            raise CredentialsUnavailable("STS is down")
        return Keys(
            access_key=f"{where.account}-{number}",
            secret_key="s",
            expires=anyio.current_time() - self.takes + self.life,
        )


def run(body: Callable[[FakeSts, Refresher], Awaitable[None]], *, life: float = HOUR) -> FakeSts:
    fake = FakeSts(life=life)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            refresher = Refresher(
                fake.fetch,
                background=tasks.start_soon,
                clock=anyio.current_time,
                random=NoJitter(),
            )
            await body(fake, refresher)
            tasks.cancel_scope.cancel()

    virtually(main)
    return fake


def test_many_askers_share_one_fetch_per_account() -> None:
    got: list[str] = []

    async def body(_sts: FakeSts, refresher: Refresher) -> None:
        async def ask(account: str, region: str) -> None:
            got.append((await refresher.keys(scope(account, region))).access_key)

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(ask, "1", "eu-west-1")
                tasks.start_soon(ask, "1", "us-east-1")
                tasks.start_soon(ask, "2", "eu-west-1")

    sts = run(body)
    assert sorted(account for account, _ in sts.asked) == ["1", "2"]
    assert len(got) == 60
    assert len(set(got)) == 2


def test_a_failed_fetch_is_the_end_for_all_who_waited_for_it_and_the_next_asker_fetches_anew() -> None:
    failures: list[CallError] = []

    async def body(sts: FakeSts, refresher: Refresher) -> None:
        sts.down = True

        async def ask() -> None:
            try:
                await refresher.keys(scope())
            except CallError as error:
                failures.append(error)

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(ask)
        assert len(sts.asked) == 1
        sts.down = False
        assert (await refresher.keys(scope())).access_key == "1-2"

    run(body)
    assert len({id(f) for f in failures}) == 10, "each has an error of its own to write its effort into"
    assert {str(f) for f in failures} == {"STS is down"}


def test_an_asker_who_gives_up_does_not_end_the_wait_of_the_others() -> None:
    got: list[str] = []

    async def body(_sts: FakeSts, refresher: Refresher) -> None:
        async def ask() -> None:
            got.append((await refresher.keys(scope())).access_key)

        async with anyio.create_task_group() as tasks:
            with anyio.move_on_after(0.1):  # the fetch takes 0.2 s
                tasks.start_soon(ask)
                await refresher.keys(scope())
                raise AssertionError("it had to give up")

    run(body)
    assert len(got) == 1


def test_renewal_begins_at_two_thirds_of_life_beside_the_calls() -> None:
    async def body(sts: FakeSts, refresher: Refresher) -> None:
        first = await refresher.keys(scope())  # at 0.2, lives until 3600: renewal from 0.2 + 2/3 * 3599.8
        await anyio.sleep_until(2400.0)
        assert await refresher.keys(scope()) is first
        assert len(sts.asked) == 1
        await anyio.sleep_until(2400.2)
        began = anyio.current_time()
        assert await refresher.keys(scope()) is first, "the call does not wait for the renewal"
        assert await refresher.keys(scope()) is first
        assert anyio.current_time() == began
        await anyio.sleep(1)
        assert (await refresher.keys(scope())).access_key == "1-2"
        assert len(sts.asked) == 2

    run(body)


def test_while_renewal_fails_the_present_keys_serve_to_their_last_minute() -> None:
    """STS is down from the first third of an hour on: calls go on until 3540 s, then fail, and say why."""

    async def body(sts: FakeSts, refresher: Refresher) -> None:
        first = await refresher.keys(scope())
        sts.down = True
        for second in range(10, 3540, 10):
            await anyio.sleep_until(second)
            assert await refresher.keys(scope()) is first
        await anyio.sleep_until(3541)
        with pytest.raises(CredentialsUnavailable, match="STS is down"):
            await refresher.keys(scope())
        sts.down = False
        await anyio.sleep(30)
        assert (await refresher.keys(scope())).access_key != first.access_key

    sts = run(body)
    renewals = [when for _, when in sts.asked if 0 < when < 3540]
    assert 18 <= len(renewals) <= 28, "1 + 2 + 4 + 8 + 16 + 32 s, then once a minute: no storm"
    assert renewals[0] == pytest.approx(2410, abs=0.5)
    assert renewals[-1] > 3450, "it goes on trying"


def test_sts_that_comes_back_is_noticed_before_the_keys_end() -> None:
    async def body(sts: FakeSts, refresher: Refresher) -> None:
        await refresher.keys(scope())
        for second in range(10, 7200, 10):
            await anyio.sleep_until(second)
            sts.down = 2000 < second < 3300
            await refresher.keys(scope())

    run(body)


def test_keys_of_twenty_seconds_serve_a_long_run_without_a_failure() -> None:
    """A minute of reserve would make them useless: it is a sixth of such a short life."""

    async def body(_sts: FakeSts, refresher: Refresher) -> None:
        for step in range(2000):
            await anyio.sleep_until(step * 0.5)
            keys = await refresher.keys(scope())
            assert keys.expires is not None
            assert keys.expires > anyio.current_time()

    sts = run(body, life=20.0)
    # renewed at the first call after two thirds of 19.8 s, so every 13.5 to 14 s of 1000 s
    assert 70 <= len(sts.asked) <= 75


def test_a_renewal_that_is_stopped_ends_quietly_and_the_present_keys_serve_on() -> None:
    """The calls in flight must finish, and nobody is there to take the error of a task in the background."""

    async def body(sts: FakeSts, refresher: Refresher) -> None:
        first = await refresher.keys(scope())
        sts.stopped = True
        await anyio.sleep_until(3000.0)
        assert await refresher.keys(scope()) is first
        await anyio.sleep(1)
        assert len(sts.asked) == 2
        assert await refresher.keys(scope()) is first
        await anyio.sleep_until(3541)
        with pytest.raises(Stopped):
            await refresher.keys(scope())

    run(body)


def test_discarded_keys_are_replaced_at_once_but_newer_ones_are_kept() -> None:
    async def body(sts: FakeSts, refresher: Refresher) -> None:
        first = await refresher.keys(scope())
        refresher.discard(scope(), first)
        second = await refresher.keys(scope())
        assert second is not first
        refresher.discard(scope(), first)  # a late answer to a call signed with the old ones
        assert await refresher.keys(scope()) is second
        assert len(sts.asked) == 2

    run(body)


def test_an_account_nobody_asks_for_any_more_is_not_renewed() -> None:
    async def body(_sts: FakeSts, refresher: Refresher) -> None:
        await refresher.keys(scope())
        await anyio.sleep(10 * HOUR)

    assert len(run(body).asked) == 1


def test_renewals_of_accounts_fetched_together_are_spread() -> None:
    """With jitter on: 0.9 to 1.0 of two thirds of an hour, 240 s wide."""
    when: list[float] = []

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            fake = FakeSts(takes=0.0)
            refresher = Refresher(
                fake.fetch, background=tasks.start_soon, clock=anyio.current_time, random=Random(7)
            )
            accounts = [str(n) for n in range(50)]
            for second in range(0, 2402, 2):
                await anyio.sleep_until(second)
                for account in accounts:
                    await refresher.keys(scope(account))
            await anyio.sleep(1)
            when.extend(at for _, at in fake.asked if at > 0)
            tasks.cancel_scope.cancel()

    virtually(main)
    assert len(when) == 50
    assert min(when) >= 2160
    assert max(when) <= 2402
    assert max(when) - min(when) > 120


def test_the_kind_of_the_failure_is_kept() -> None:
    async def denied(_where: Scope) -> Keys:
        raise AccessDenied("no", code="AccessDenied", status=403, request_id="r")

    async def main() -> None:
        refresher = Refresher(denied, background=print, clock=anyio.current_time)
        with pytest.raises(AccessDenied) as caught:
            await refresher.keys(scope())
        assert (caught.value.code, caught.value.status, caught.value.request_id) == ("AccessDenied", 403, "r")

    virtually(main)
