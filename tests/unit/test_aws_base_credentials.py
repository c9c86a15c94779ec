"""The keys everything starts from: refreshed by their source, kept while that fails, at last replaced."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from botocore.exceptions import PartialCredentialsError, SSOTokenLoadError

from batchgw.control_plane.aws.base import BaseCredentials
from batchgw.errors import CredentialsUnavailable
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


class Refreshing(Static):
    """As botocore's refreshable ones: they end, and their source may fail."""

    def __init__(self, access_key: str, *, seconds_left: float = 3600.0) -> None:
        super().__init__(access_key)
        self.seconds_left = seconds_left
        self.error: Exception | None = None
        self.asked = 0

    def refresh_needed(self, refresh_in: float) -> bool:
        return self.seconds_left < refresh_in

    async def get_frozen_credentials(self) -> Frozen:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return Frozen(self.access_key)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def load(*sources: Static | None) -> Callable[[], Awaitable[Static | None]]:
    left = list(sources)

    async def walk() -> Static | None:
        return left.pop(0) if len(left) > 1 else left[0]

    return walk


def test_keys_without_an_end_are_the_same_record_at_every_call() -> None:
    async def main() -> None:
        base = BaseCredentials(load(Static("AKIA1")))
        keys = await base.keys()
        assert keys.access_key == "AKIA1"
        assert await base.keys() is keys

    virtually(main)


def test_no_credentials_at_all_says_the_three_ways_to_have_some() -> None:
    async def main() -> None:
        with pytest.raises(CredentialsUnavailable, match=r"--profile or AWS_PROFILE.*sso login.*AWS_ACCESS"):
            await BaseCredentials(load(None)).keys()

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
            await BaseCredentials(load(source), profile="audit").keys()
        assert advice in str(caught.value)
        assert caught.value.code == type(error).__name__

    virtually(main)


def test_while_the_source_fails_good_keys_serve_on_and_it_is_asked_twice_a_minute() -> None:
    """Nine minutes before their end botocore raises at every call: 60 calls a minute would be 60 failures."""
    source = Refreshing("A")
    clock = Clock()

    async def main() -> None:
        base = BaseCredentials(load(source), clock=clock)
        keys = await base.keys()
        source.error, source.seconds_left, source.asked = RuntimeError("STS is down"), 540, 0
        for second in range(60):
            clock.now = float(second)
            assert await base.keys() is keys
        assert source.asked == 2
        source.seconds_left, clock.now = 59, 100.0
        with pytest.raises(CredentialsUnavailable, match="STS is down"):
            await base.keys()
        source.error = None
        assert (await base.keys()).access_key == "A"

    virtually(main)


def test_refused_keys_are_looked_up_again_from_the_start_of_the_chain() -> None:
    async def main() -> None:
        base = BaseCredentials(load(Static("OLD"), Static("NEW")))
        old = await base.keys()
        assert await base.renew(old)
        assert (await base.keys()).access_key == "NEW"
        assert await base.renew(old), "a late refusal of the old ones: there are newer ones already"
        assert (await base.keys()).access_key == "NEW"

    virtually(main)


def test_refused_keys_that_are_all_there_is_stay_refused() -> None:
    async def main() -> None:
        base = BaseCredentials(load(Static("OLD")))
        assert not await base.renew(await base.keys())

    virtually(main)
