"""What every contestant does: the same puts, two response types of each API, in one account and region."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from batchgw.model import DEFAULT_TEMPLATES, AccountId, Region, ResponseType, RestApiId, Scope, Settings

SCOPE = Scope(account=AccountId("123456789012"), region=Region("eu-west-1"))
"""Where everything is put; the account is that of every credentials."""

CONNECTIONS = 10
"""At once, for everyone: aioboto3's default, and the workers of batchgw."""

TYPES = (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX)

SETTINGS = Settings(
    parameters={
        "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
        "gatewayresponse.header.Access-Control-Allow-Headers": "'*'",
    },
    templates=DEFAULT_TEMPLATES,
)

Body = Callable[[], Awaitable[None]]

Prepare = Callable[[int], Awaitable[Body]]
"""Makes ready for so many puts, and gives what makes them: only that is measured."""


class Opened(Protocol):
    """What each of this package's contestants has under this name. A body raises when a put is not made."""

    def __call__(self, url: str, **options: Any) -> AbstractAsyncContextManager[Prepare]:
        """Connect to the server."""
        ...


def target(number: int) -> tuple[RestApiId, ResponseType]:
    """The API and the type of a put."""
    return RestApiId(f"{number // len(TYPES):010x}"), TYPES[number % len(TYPES)]


def put(number: int) -> dict[str, Any]:
    """A put in boto3's words."""
    api, kind = target(number)
    return {"restApiId": api, "responseType": kind.value, **SETTINGS.to_json()}


def gathered(call: Callable[[int], Awaitable[object]]) -> Prepare:
    """Start all puts of a round at once; connections are what holds them up."""

    async def prepare(count: int) -> Body:
        async def body() -> None:
            await asyncio.gather(*(call(number) for number in range(count)))

        return body

    return prepare


def worked(call: Callable[[int], Awaitable[object]]) -> Prepare:
    """Have as many workers as connections share the puts of a round."""

    async def prepare(count: int) -> Body:
        numbers = iter(range(count))

        async def work() -> None:
            for number in numbers:
                await call(number)

        async def body() -> None:
            await asyncio.gather(*(work() for _ in range(CONNECTIONS)))

        return body

    return prepare
