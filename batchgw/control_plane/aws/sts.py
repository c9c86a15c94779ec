"""The two questions to STS: who are we, and let us be that role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from batchgw.control_plane.aws.asking import Asking, Question
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.transport import unreadable_answer
from batchgw.model import AccountId, Region, Scope

ANYONE = AccountId("*")
"""Stands, in what is told, for the account that is being asked for."""


class Sts:
    """Security Token Service."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def account(self, region: Region) -> AccountId:
        """Tell whose the base credentials are. Raises a CallError."""
        answer = await self._asking.answer(
            Question(
                method="get_caller_identity",
                operation="GetCallerIdentity",
                region=region,
                scope=Scope(account=ANYONE, region=region),
            )
        )
        with _readable():
            return AccountId(answer["Account"])

    async def assume_role(
        self, arn: str, region: Region, scope: Scope, *, session_name: str, external_id: str | None
    ) -> tuple[AccountId, Keys]:
        """Become a role for work in a scope, for an hour unless the role says less. Raises a CallError.

        Gives the keys, and the account they are of.
        """
        params = {"RoleArn": arn, "RoleSessionName": session_name}
        if external_id is not None:
            params["ExternalId"] = external_id
        answer = await self._asking.answer(
            Question(method="assume_role", operation="AssumeRole", region=region, scope=scope, params=params)
        )
        with _readable():
            given = answer["Credentials"]
            assumed: str = answer.get("AssumedRoleUser", {}).get("Arn") or arn
            return (
                AccountId(assumed.split(":")[4]),
                Keys(
                    access_key=given["AccessKeyId"],
                    secret_key=given["SecretAccessKey"],
                    token=given["SessionToken"],
                    expires=given["Expiration"].timestamp(),
                ),
            )


@contextmanager
def _readable() -> Iterator[None]:
    """Take members out of an answer that may lack them. No message shows the answer: it holds secrets."""
    try:
        yield
    except (KeyError, IndexError, AttributeError) as error:
        raise unreadable_answer("STS left out what it must tell") from error
