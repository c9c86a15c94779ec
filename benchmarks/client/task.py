"""The task of every contestant: the same puts, two response types of each API, in one account-region."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from batchgw.model import DEFAULT_TEMPLATES, AccountId, Region, ResponseType, RestApiId, Scope, Settings

SCOPE = Scope(account=AccountId("123456789012"), region=Region("eu-west-1"))
"""The account-region of all puts. All credentials are of its account."""

CONNECTIONS = 10
"""Connections of every contestant: aioboto3's default, and the number of batchgw's workers."""

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
"""Prepares this number of puts, and gives the body that makes them. Only the body is measured."""


class Opened(Protocol):
    """The function `opened` that each way has. A body raises when a put is not made."""

    def __call__(self, url: str, **options: Any) -> AbstractAsyncContextManager[Prepare]:
        """Connect to the server."""
        ...


def target(number: int) -> tuple[RestApiId, ResponseType]:
    """The API and the type of a put."""
    return RestApiId(f"{number // len(TYPES):010x}"), TYPES[number % len(TYPES)]


def put(number: int) -> dict[str, Any]:
    """The arguments of a put for boto3."""
    api, kind = target(number)
    return {"restApiId": api, "responseType": kind.value, **SETTINGS.to_json()}


def gathered(call: Callable[[int], Awaitable[object]]) -> Prepare:
    """Start all puts of a round at once. They wait only for connections."""

    async def prepare(count: int) -> Body:
        async def body() -> None:
            await asyncio.gather(*(call(number) for number in range(count)))

        return body

    return prepare


def worked(call: Callable[[int], Awaitable[object]]) -> Prepare:
    """Let as many workers as connections share the puts of a round."""

    async def prepare(count: int) -> Body:
        numbers = iter(range(count))

        async def work() -> None:
            for number in numbers:
                await call(number)

        async def body() -> None:
            await asyncio.gather(*(work() for _ in range(CONNECTIONS)))

        return body

    return prepare
