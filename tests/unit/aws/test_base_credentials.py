"""The keys everything starts from: refreshed by their source, kept while that fails, at last replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from aiobotocore.credentials import AioRefreshableCredentials
from botocore.exceptions import PartialCredentialsError, SSOTokenLoadError

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.aws.credentials.base_keys import BaseCredentials
from batchgw.control_plane.aws.keys import Keys
from batchgw.errors import (
    AccessDenied,
    CallError,
    CredentialsUnavailable,
    ServiceFailure,
    Stopped,
    WrongAccount,
)
from batchgw.model import AccountId, Region
from tests.virtual import virtually


@dataclass
class Frozen:
    access_key: str
    secret_key: str = "s"
    token: str | None = "t"


class Static:
    """As botocore's credentials from a file or the environment."""

    def __init__(self, access_key: str) -> None:
        self.access_key = access_key

    async def get_frozen_credentials(self) -> Frozen:
        return Frozen(self.access_key)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Refreshing(Static):
    """As botocore's refreshable ones: they end, and their source may fail."""

    def __init__(self, access_key: str, *, life: float = 3600.0) -> None:
        super().__init__(access_key)
        self._expiry_time = datetime.fromtimestamp(life, UTC)
        self.error: Exception | None = None
        self.asked = 0

    def becomes(self, access_key: str, *, end: float) -> None:
        """Has it renewed: the next to ask gets other keys."""
        self.access_key = access_key
        self._expiry_time = datetime.fromtimestamp(end, UTC)

    async def get_frozen_credentials(self) -> Frozen:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return await super().get_frozen_credentials()


@dataclass
class FakeSts:
    """Tells whose keys are: of the first account, unless said otherwise. It can be down."""

    others: dict[str, str] = field(default_factory=dict)
    error: CallError | None = None
    asked: list[str] = field(default_factory=list)

    async def owner(self, keys: Keys, _region: Region) -> AccountId:
        self.asked.append(keys.access_key)
        if self.error is not None:
            raise self.error.again()
        return AccountId(self.others.get(keys.access_key, FIRST))


FIRST, OTHER = "111111111111", "222222222222"
EU = Region("eu-west-1")


def base_of(
    *sources: Static | None,
    sts: FakeSts | None = None,
    clock: Clock | None = None,
    profile: str | None = None,
) -> BaseCredentials:
    owner = (sts or FakeSts()).owner
    return BaseCredentials(load(*sources), owner=owner, clock=clock or Clock(), profile=profile)


def load(*sources: Any) -> Callable[[], Awaitable[Any]]:
    left = list(sources)

    async def walk() -> Any:
        return left.pop(0) if len(left) > 1 else left[0]

    return walk


def test_keys_without_an_end_are_the_same_record_at_every_call() -> None:
    async def main() -> None:
        base = base_of(Static("AKIA1"))
        keys = await base.keys(EU)
        assert keys.access_key == "AKIA1"
        assert await base.keys(EU) is keys
        assert base.ready() is keys

    virtually(main)


def test_no_credentials_at_all_says_the_three_ways_to_have_some() -> None:
    async def main() -> None:
        with pytest.raises(CredentialsUnavailable, match=r"--profile or AWS_PROFILE.*sso login.*AWS_ACCESS"):
            await base_of(None).keys(EU)

    virtually(main)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (SSOTokenLoadError(error_msg="expired"), "aws sso login --profile audit"),
        (PartialCredentialsError(provider="env", cred_var="X"), "Set the key that is missing"),
        (RuntimeError("boom"), "aws sts get-caller-identity --profile audit"),
    ],
)  # fmt: skip
def test_a_source_that_fails_is_named_with_what_to_do(error: Exception, advice: str) -> None:
    source = Refreshing("A")
    source.error = error

    async def main() -> None:
        with pytest.raises(CredentialsUnavailable, match="of profile audit cannot be used") as caught:
            await base_of(source, profile="audit").keys(EU)
        assert advice in str(caught.value)
        assert caught.value.code == type(error).__name__

    virtually(main)


def test_while_the_source_fails_good_keys_serve_on_and_it_is_asked_twice_a_minute() -> None:
    """Nine minutes before their end botocore raises at every call: 60 calls a minute would be 60 failures."""
    source, clock = Refreshing("A"), Clock()

    async def main() -> None:
        base = base_of(source, clock=clock)
        keys = await base.keys(EU)
        source.error, source.asked = RuntimeError("STS is down"), 0
        for second in range(60):
            clock.now = 3060.0 + second
            assert await base.keys(EU) is keys
        assert source.asked == 2
        clock.now = 3541.0
        with pytest.raises(CredentialsUnavailable, match="STS is down"):
            await base.keys(EU)
        source.error = None
        source.becomes("B", end=7200.0)
        assert (await base.keys(EU)).access_key == "B"

    virtually(main)


def test_before_the_window_opens_the_source_is_not_asked() -> None:
    """Botocore renews in the last fifteen minutes: 900 s before 3,600 s."""
    source, clock = Refreshing("A"), Clock()

    async def main() -> None:
        base = base_of(source, clock=clock)
        await base.keys(EU)
        clock.now = 2699.0
        await base.keys(EU)
        assert source.asked == 1
        clock.now = 2701.0
        await base.keys(EU)
        assert source.asked == 2

    virtually(main)


def test_renewed_keys_sign_only_once_sts_has_said_whose_they_are() -> None:
    source, clock, sts = Refreshing("A"), Clock(), FakeSts()

    async def main() -> None:
        base = base_of(source, clock=clock, sts=sts)
        old = await base.keys(EU)
        assert (old.account, base.account) == (FIRST, FIRST)
        source.becomes("B", end=7200.0)
        clock.now = 3000.0
        assert (await base.keys(EU)).access_key == "B"
        assert sts.asked == ["A", "B"]

    virtually(main)


def test_keys_that_cannot_be_proved_do_not_sign_and_the_old_ones_serve_to_their_end() -> None:
    source, clock, sts = Refreshing("A"), Clock(), FakeSts()

    async def main() -> None:
        base = base_of(source, clock=clock, sts=sts)
        old = await base.keys(EU)
        source.becomes("B", end=7200.0)
        sts.error = ServiceFailure("STS is down", status=503)
        for now in (3000.0, 3030.0, 3539.0):
            clock.now = now
            assert await base.keys(EU) is old
        clock.now = 3541.0
        with pytest.raises(CredentialsUnavailable, match="whose account the credentials are: STS is down"):
            await base.keys(EU)
        sts.error = None
        assert (await base.keys(EU)).access_key == "B"

    virtually(main)


def test_a_denial_by_sts_is_not_one_of_an_api() -> None:
    """It would be counted as that of the API whose call needed the keys."""
    sts = FakeSts(error=AccessDenied("Forbidden", code="HTTP403", status=403))

    async def main() -> None:
        with pytest.raises(CredentialsUnavailable, match="whose account the credentials are: Forbidden"):
            await base_of(Static("AKIA1"), sts=sts).keys(EU)

    virtually(main)


def test_keys_of_another_account_never_sign_however_long_the_old_ones_would_last() -> None:
    """The message says both accounts and what to do. The right login ends it."""
    source, clock, sts = Refreshing("A"), Clock(), FakeSts(others={"B": OTHER})

    async def main() -> None:
        base = base_of(source, clock=clock, sts=sts, profile="audit")
        await base.keys(EU)
        source.becomes("B", end=7200.0)
        clock.now = 3000.0
        for _ in range(2):
            with pytest.raises(WrongAccount, match=rf"now of account {OTHER}.*Log in to account {FIRST}"):
                await base.keys(EU)
        source.becomes("C", end=7200.0)
        assert (await base.keys(EU)).access_key == "C"

    virtually(main)


def test_other_keys_than_the_refused_ones_are_proved_too() -> None:
    sts = FakeSts(others={"NEW": OTHER})

    async def main() -> None:
        base = base_of(Static("OLD"), Static("NEW"), sts=sts)
        with pytest.raises(WrongAccount):
            await base.renew(await base.keys(EU), EU)
        with pytest.raises(WrongAccount):
            await base.keys(EU)

    virtually(main)


def test_calls_at_once_share_one_renewal() -> None:
    source, clock = Refreshing("A"), Clock()

    async def main() -> None:
        base = base_of(source, clock=clock)
        await base.keys(EU)
        source.becomes("B", end=7200.0)
        clock.now, source.asked = 3000.0, 0
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(base.keys, EU)
        assert source.asked == 1

    virtually(main)


def test_keys_that_live_for_a_minute_are_renewed_twice_in_it_and_not_at_every_call() -> None:
    source, clock = Refreshing("A", life=60.0), Clock()

    async def main() -> None:
        base = base_of(source, clock=clock)
        for second in range(50):  # a sixth of their life is kept
            clock.now = float(second)
            await base.keys(EU)
        assert source.asked == 2

    virtually(main)


@pytest.mark.parametrize(
    ("access_key", "why"),
    [
        ("AKIA\nX", "the access key has a line break"),
        ("", "the access key is empty"),
        ("AKIA X", "blank"),
        ("AKIÄ", "not ASCII"),
        (123, "the access key is not a text but of type int"),
    ],
)
def test_keys_that_cannot_sign_are_refused_at_once_without_being_shown(access_key: str, why: str) -> None:
    async def main() -> None:
        with pytest.raises(CredentialsUnavailable, match=why) as caught:
            await base_of(Static(access_key)).found()
        assert "AKI" not in str(caught.value)
        assert "123" not in str(caught.value)

    virtually(main)


def test_an_error_without_words_is_called_by_its_name() -> None:
    source = Refreshing("A")
    source.error = EOFError()

    async def main() -> None:
        with pytest.raises(CredentialsUnavailable, match="cannot be used: EOFError"):
            await base_of(source).keys(EU)

    virtually(main)


def test_a_stop_ends_the_wait_for_a_source_that_hangs() -> None:
    stop = StopSignal()

    async def hang() -> None:
        await anyio.sleep_forever()

    async def main() -> None:
        base = BaseCredentials(hang, owner=FakeSts().owner, stop=stop)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep, 1.0)
            tasks.start_soon(stop_after, 1.0)
            with pytest.raises(Stopped):
                await base.found()

    async def stop_after(seconds: float) -> None:
        await anyio.sleep(seconds)
        stop.request()

    virtually(main)


def test_the_end_of_keys_is_read_from_botocores_own_object() -> None:
    """It has no public name there: should it go, keys count as endless, and are renewed when refused."""
    end = datetime(2030, 1, 1, tzinfo=UTC)
    source = AioRefreshableCredentials("AKIA1", "s", "t", end, refresh_using=None, method="test")

    async def main() -> None:
        base = BaseCredentials(load(source), owner=FakeSts().owner)
        assert (await base.found()).expires == end.timestamp()

    asyncio.run(main())


def test_refused_keys_are_looked_up_again_from_the_start_of_the_chain() -> None:
    async def main() -> None:
        base = base_of(Static("OLD"), Static("NEW"))
        old = await base.keys(EU)
        assert await base.renew(old, EU)
        assert (await base.keys(EU)).access_key == "NEW"
        assert await base.renew(old, EU), "a late refusal of the old ones: there are newer ones already"
        assert (await base.keys(EU)).access_key == "NEW"

    virtually(main)


def test_refused_keys_that_are_all_there_is_stay_refused() -> None:
    async def main() -> None:
        base = base_of(Static("OLD"))
        assert not await base.renew(await base.keys(EU), EU)

    virtually(main)
