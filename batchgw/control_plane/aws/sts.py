"""The two calls to STS, on one client: who are we, and let us be that role. Each is retried, bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import anyio
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from batchgw.control_plane.aws.base import BaseCredentials
from batchgw.control_plane.aws.client import Target, TargetedClient
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.transport import unreadable_answer
from batchgw.errors import CallError, CredentialsExpired, CredentialsRejected
from batchgw.model import AccountId, Region
from batchgw.throttle import backoff

ATTEMPTS = 7
"""Attempts of one call to STS, throttles included: about half a minute of backoff, renewals have longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom STS takes some keys for."""

    account: AccountId
    arn: str


class Sts:
    """Security Token Service, asked with the base credentials."""

    def __init__(
        self, client: TargetedClient, base: BaseCredentials, *, random: Random | None = None
    ) -> None:
        self._client = client
        self._base = base
        self._random = random or Random()  # noqa: S311 - jitter needs no secrecy

    async def caller(self, region: Region) -> Identity:
        """Tell who the base credentials are. Raises a CallError."""
        answer = await self._call("get_caller_identity", region, {})
        with _readable():
            return Identity(account=AccountId(answer["Account"]), arn=answer.get("Arn", ""))

    async def assume_role(
        self, arn: str, region: Region, *, session_name: str, external_id: str | None
    ) -> tuple[Identity, Keys]:
        """Become a role, for an hour unless the role says less. Raises a CallError."""
        params = {"RoleArn": arn, "RoleSessionName": session_name}
        if external_id is not None:
            params["ExternalId"] = external_id
        answer = await self._call("assume_role", region, params)
        with _readable():
            given = answer["Credentials"]
            assumed: str = answer.get("AssumedRoleUser", {}).get("Arn") or arn
            return (
                Identity(account=AccountId(assumed.split(":")[4]), arn=assumed),
                Keys(
                    access_key=given["AccessKeyId"],
                    secret_key=given["SecretAccessKey"],
                    token=given["SessionToken"],
                    expires=given["Expiration"].timestamp(),
                ),
            )

    async def _call(self, method: str, region: Region, params: Mapping[str, Any]) -> Mapping[str, Any]:
        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, CallError) and error.retry_safe),
            stop=stop_after_attempt(ATTEMPTS),
            wait=self._wait,
            sleep=anyio.sleep,
            reraise=True,
        )
        return await retrying(self._attempt, method, region, params)

    async def _attempt(self, method: str, region: Region, params: Mapping[str, Any]) -> Mapping[str, Any]:
        keys = await self._base.keys()
        try:
            return await self._client.call(method, Target(keys=keys, region=region), params)
        except CredentialsExpired as error:
            if await self._base.renew(keys):
                raise
            raise CredentialsRejected(
                error.message, code=error.code, status=error.status, request_id=error.request_id
            ) from error

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        retry_after = error.retry_after if isinstance(error, CallError) else None
        return backoff.delay(state.attempt_number, retry_after=retry_after, random=self._random)


@contextmanager
def _readable() -> Iterator[None]:
    """Take members out of an answer that may lack them. No message shows the answer: it holds secrets."""
    try:
        yield
    except (KeyError, IndexError, AttributeError) as error:
        raise unreadable_answer("STS left out what it must tell") from error
