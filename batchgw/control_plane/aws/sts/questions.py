"""The two questions to STS: who are we, and let us be that role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from batchgw.control_plane.aws.keys import Keys, misfit
from batchgw.control_plane.aws.sts.client import Question, StsClient
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.model import AccountId, Region, Scope

ANYONE = AccountId("*")
"""Stands, in what is told, for the account that is being asked for."""

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


class Sts:
    """Security Token Service."""

    def __init__(self, client: StsClient) -> None:
        self._client = client
        self.identity: str | None = None  # the ARN that STS gave last for base credentials

    async def account(self, region: Region, keys: Keys | None = None) -> AccountId:
        """Tell whose keys are, by default the base credentials'. Raises a CallError."""
        answer = await self._client.answer(
            Question(
                method="get_caller_identity",
                operation="GetCallerIdentity",
                region=region,
                scope=Scope(account=ANYONE, region=region),
                keys=keys,
            )
        )
        with _readable():
            account: str = answer["Account"]
            if not _ACCOUNT.fullmatch(account):
                raise KeyError(account)
            self.identity = answer.get("Arn")
            return AccountId(account)

    async def assume_role(
        self, arn: str, region: Region, scope: Scope, *, session_name: str, external_id: str | None
    ) -> Keys:
        """Become a role for work in a scope, for an hour unless the role says less. Raises a CallError.

        The keys say which account they are of: the one in the ARN that STS answers with, not the one asked
        for.
        """
        params = {"RoleArn": arn, "RoleSessionName": session_name}
        if external_id is not None:
            params["ExternalId"] = external_id
        answer = await self._client.answer(
            Question(method="assume_role", operation="AssumeRole", region=region, scope=scope, params=params)
        )
        with _readable():
            given = answer["Credentials"]
            keys = Keys(
                access_key=given["AccessKeyId"],
                secret_key=given["SecretAccessKey"],
                token=given["SessionToken"],
                expires=given["Expiration"].timestamp(),
                account=_account_in(answer["AssumedRoleUser"]["Arn"]),
            )
        if why := misfit(keys.access_key, keys.secret_key, keys.token):
            raise unreadable_answer(f"in the credentials from STS, {why}")
        return keys


def _account_in(arn: str) -> AccountId:
    """Give the account of arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION."""
    account = arn.split(":")[4]
    if not _ACCOUNT.fullmatch(account):
        raise KeyError(account)
    return AccountId(account)


@contextmanager
def _readable() -> Iterator[None]:
    """Take members out of an answer that may lack them. No message shows the answer: it holds secrets."""
    try:
        yield
    except (KeyError, IndexError, AttributeError, TypeError) as error:
        raise unreadable_answer("STS left out what it must tell") from error
